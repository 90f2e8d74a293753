/** Memory that leaks, and memory that only looks so. */
import { findLeak, type Leak } from '../../domain/forecast/leak.ts';
import { readSeries, type Sample } from '../../domain/series.ts';
import { hourMs, measure } from './judge.ts';
import { predictLinear } from './contenders.ts';
import { randomFrom, type Random } from './random.ts';

const dayMs = 24 * hourMs;
const stepMs = hourMs / 4;
const usualBytes = 500e6;
const limit = 4 * usualBytes;

/** What is above the usual, as a share of it, so long after the beginning. */
type Shape = (afterMs: number) => number;

const rhythm =
  (depth: number, periodMs: number): Shape =>
  (after) =>
    depth * Math.sin((after / periodMs) * 2 * Math.PI);

const wander = (random: Random): Shape => {
  const [pull, size] = [stepMs / hourMs / random.scale(2, 48), random.scale(0.01, 0.1)];
  let off = 0;
  return () => (off += -pull * off + size * Math.sqrt(2 * pull) * random.normal());
};

export const leakFamilies: Record<string, { leaks: boolean; draw: (random: Random) => Shape }> = {
  'a leak with a daily shape': {
    leaks: true,
    draw: (random) => {
      const [aDay, day] = [random.scale(0.02, 0.5), rhythm(random.between(0, 0.2), dayMs)];
      return (after) => (aDay * after) / dayMs + day(after);
    },
  },
  'a leak, restarted every week': {
    leaks: true,
    draw: (random) => {
      const [aDay, day] = [random.scale(0.02, 0.5), rhythm(random.between(0, 0.1), dayMs)];
      return (after) => (aDay * (after % (7 * dayMs))) / dayMs + day(after);
    },
  },
  'a daily shape': { leaks: false, draw: (random) => rhythm(random.between(0.05, 0.5), dayMs) },
  'a weekly shape': { leaks: false, draw: (random) => rhythm(random.between(0.05, 0.5), 7 * dayMs) },
  'warming up': {
    leaks: false,
    draw: (random) => {
      const [height, life] = [random.between(0.2, 2), random.scale(2, 36) * hourMs];
      return (after) => height * (1 - Math.exp(-after / life));
    },
  },
  'restarts every few hours to days': {
    leaks: false,
    draw: (random) => {
      const [aDay, period] = [random.scale(0.1, 1), random.between(0.3, 2.5) * dayMs];
      return (after) => (aDay * (after % period)) / dayMs;
    },
  },
  wandering: { leaks: false, draw: wander },
};

export type LeakRow = {
  family: string;
  leaks: boolean;
  found: number;
  notEnough: number;
  linear: number;
  of: number;
};

export const judgeLeaks = (seed: number, count: number): LeakRow[] =>
  Object.entries(leakFamilies).map(([family, { leaks, draw }]) => {
    const answers = Array.from({ length: count }, (_, index) => ask(draw, randomFrom(seed + index)));
    const states = answers.map(({ leak }) => leak.state);
    return {
      family,
      leaks,
      found: states.filter((state) => state === 'leak').length,
      notEnough: states.filter((state) => state === 'not enough').length,
      linear: answers.filter(({ linear }) => linear).length,
      of: count,
    };
  });

/** @returns what Baton says, and whether `predict_linear` over 24 h says that the limit is reached within a week. */
const ask = (draw: (random: Random) => Shape, random: Random): { leak: Leak; linear: boolean } => {
  const [shape, days] = [draw(random), random.between(3.3, 20)];
  const samples: Sample[] = Array.from({ length: Math.floor((days * dayMs) / stepMs) }, (_, step) => ({
    at: Date.UTC(2026, 0, 5) + step * stepMs,
    value: usualBytes * (1 + shape(step * stepMs) + 0.01 * random.normal()),
  }));
  const now = samples.at(-1)?.at ?? 0;
  const path = predictLinear(24).path(samples, now);
  return {
    leak: findLeak(readSeries(samples, measure, now), { now, limit }),
    linear: path(now + 7 * dayMs) >= limit,
  };
};
