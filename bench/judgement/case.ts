/**
 * Series whose future is known by construction: sampled every 15 minutes for three to six weeks, they go on for five weeks more; the
 * limit is a level that is first reached then, or never.
 */
import type { Sample } from '../../domain/series.ts';
import { families, stepDays, stepMs, type Shape } from './families.ts';
import { randomFrom, type Random } from './random.ts';

const futureSteps = 35 / stepDays;

export type Case = {
  family: string;
  seed: number;
  /** As measured until now. */
  samples: Sample[];
  now: number;
  limit: number;
  /** From now on, as it would be measured. */
  future: Sample[];
  /** From now until the level, without the noise of measuring it, first reaches the limit; `undefined`: it does not. */
  fullAfterMs: number | undefined;
  /** The same, as one would say who knows the level and the rule of its growth, but not the draws to come. */
  floorMs: number | undefined;
};

/** Monday, at midnight UTC. */
const epoch = Date.UTC(2026, 0, 5);

/** @throws RangeError where the family draws none that reaches a limit, which would be a mistake in it. */
export const drawCase = (family: string, seed: number): Case => {
  const draw = families[family];
  if (!draw) throw new RangeError(`There is no family "${family}".`);
  const random = randomFrom(seed);
  for (let tries = 0; tries < 100; tries += 1) {
    const history = Math.floor(random.between(21, 42) / stepDays);
    const shape = draw(random, history, history + futureSteps);
    const found = limitOf(shape, history, random);
    if (found) return { family, seed, ...measured(shape, history, random), ...found };
  }
  throw new RangeError(`Seed ${seed} draws no series of "${family}" that fills.`);
};

/** Drawn evenly on a scale of logarithms: as many within the first day as in the second week. */
const limitOf = (
  { levels, fills, expected }: Shape,
  history: number,
  random: Random,
): Pick<Case, 'limit' | 'fullAfterMs' | 'floorMs'> | undefined => {
  const highest = (until: number): number =>
    levels.slice(0, until).reduce((most, level) => Math.max(most, level), 0);
  if (!fills) {
    const most = highest(levels.length);
    return { limit: most * (1 + random.scale(0.003, 0.1)), fullAfterMs: undefined, floorMs: undefined };
  }
  const wanted = history + Math.floor(random.scale(0.5, 14) / stepDays);
  const most = highest(wanted);
  const full = levels.findIndex((level, step) => step >= wanted && level > most);
  if (full < 0 || full - history > 21 / stepDays) return undefined;
  const limit = levels[full] ?? 0;
  let level = levels[history - 1] ?? 0;
  const known = levels
    .slice(history)
    .map((one, step) => (level = expected ? level + expected(history + step) * stepDays : one));
  const floor = known.findIndex((one) => one >= limit);
  return {
    limit,
    fullAfterMs: (full - history + 1) * stepMs,
    floorMs: floor < 0 ? undefined : (floor + 1) * stepMs,
  };
};

const measured = (
  { levels, noise, keeps }: Shape,
  history: number,
  random: Random,
): Pick<Case, 'samples' | 'future' | 'now'> => {
  const wild = (): number => (noise > 0.002 && random.chance(0.01) ? 10 * noise * random.normal() : 0);
  const all = levels.map((level, step) => ({
    at: epoch + step * stepMs,
    value: Math.max(0.001, level + noise * random.normal() + wild()),
  }));
  return {
    samples: all.slice(0, history).filter((_, step) => keeps?.(step) ?? true),
    future: all.slice(history).filter((_, step) => keeps?.(history + step) ?? true),
    now: epoch + (history - 1) * stepMs,
  };
};
