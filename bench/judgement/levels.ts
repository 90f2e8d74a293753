/** Level series: how far off the next day is, as a share of what "the last value stays" is off by. */
import { forecastLevel } from '../../domain/forecast/level.ts';
import { mean, median } from '../../domain/forecast/order-statistics.ts';
import { scoreForecast } from '../../domain/forecast/score.ts';
import { readSeries, type Sample } from '../../domain/series.ts';
import { mstlPath } from './augurs.ts';
import { predictLinear, type Path } from './contenders.ts';
import { hourMs, measure } from './judge.ts';
import { randomFrom, type Random } from './random.ts';

const dayMs = 24 * hourMs;
const stepMs = hourMs / 4;
const historyMs = 28 * dayMs;

type Shape = (afterMs: number) => number;

const day = (depth: number, after: number): number => depth * Math.sin((after / dayMs) * 2 * Math.PI);

/** A level of 1, and what is added to it. */
export const levelFamilies: Record<string, (random: Random) => Shape> = {
  'daily shape': (random) => {
    const [depth, noise] = [random.between(0.1, 0.5), random.between(0.02, 0.1)];
    return (after) => day(depth, after) + noise * random.normal();
  },
  'weekly shape': (random) => {
    const [depth, weekend] = [random.between(0.1, 0.5), random.between(0.2, 0.4)];
    return (after) => day(depth, after) - ((after / dayMs) % 7 > 5 ? weekend : 0) + 0.05 * random.normal();
  },
  wandering: (random) => {
    const pull = stepMs / hourMs / random.scale(4, 96);
    let off = 0;
    return () => (off += -pull * off + 0.2 * Math.sqrt(2 * pull) * random.normal());
  },
  'still, with spikes': (random) => {
    const [often, height] = [random.between(0.005, 0.03), random.between(1, 10)];
    return () => 0.05 * random.normal() + (random.chance(often) ? height * random.next() : 0);
  },
  'steps between levels': (random) => {
    let level = 0;
    return () => {
      if (random.chance(0.002)) level = random.between(-0.4, 0.8);
      return level + 0.03 * random.normal();
    };
  },
};

export type LevelRow = {
  family: string;
  own: number;
  mstl: number;
  linear: number;
  covered: number;
  told: number;
  of: number;
};

export const judgeLevels = (seed: number, count: number): LevelRow[] =>
  Object.entries(levelFamilies).map(([family, draw]) => {
    const all = Array.from({ length: count }, (_, index) => ask(draw, randomFrom(seed + index)));
    const middle = (pick: (one: Answer) => number): number => median(all.map(pick)) ?? 0;
    return {
      family,
      own: middle(({ own }) => own),
      mstl: middle(({ mstl }) => mstl),
      linear: middle(({ linear }) => linear),
      covered: mean(all.map(({ covered }) => covered)),
      told: all.filter(({ told }) => told).length,
      of: count,
    };
  });

type Answer = { own: number; mstl: number; linear: number; covered: number; told: boolean };

const ask = (draw: (random: Random) => Shape, random: Random): Answer => {
  const shape = draw(random);
  const start = Date.UTC(2026, 0, 5) + Math.floor(random.between(0, 7 * dayMs) / hourMs) * hourMs;
  const all: Sample[] = Array.from({ length: (historyMs + dayMs) / stepMs }, (_, step) => ({
    at: start + step * stepMs,
    value: Math.max(0.01, 1 + shape(step * stepMs)),
  }));
  const [samples, future] = [all.slice(0, historyMs / stepMs), all.slice(historyMs / stepMs - 1)];
  const now = samples.at(-1)?.at ?? 0;
  const forecast = forecastLevel(readSeries(samples, measure, now), { now, horizonMs: dayMs });
  const score = scoreForecast(forecast, future, hourMs);
  const times = 'expected' in forecast ? forecast.expected.map(({ at }) => at) : [];
  const real = times.map((time) => median(near(future, time)) ?? 0);
  const last = future[0]?.value ?? 0;
  const still = mean(real.map((value) => Math.abs(value - last)));
  const skill = (path: Path): number =>
    mean(times.map((at, index) => Math.abs((real[index] ?? 0) - path(at)))) / still;
  return {
    own: score?.skill ?? 1,
    mstl: skill(mstlPath(samples, hourMs, [24, 168], 25)),
    linear: skill(predictLinear(24).path(samples, now)),
    covered: score?.covered ?? 0,
    told: forecast.state === 'told',
  };
};

const near = (samples: readonly Sample[], time: number): number[] =>
  samples.filter(({ at }) => Math.abs(at - time) <= hourMs / 2).map(({ value }) => value);
