/** Times, medians, ranges, and ratios with bootstrap confidence intervals. */
import { random } from '../test/random.ts';

export type Sample = readonly number[];

/** @returns ms. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now();
  await work();
  return performance.now() - began;
};

export const median = (values: Sample): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
};

export const quantile = (values: Sample, q: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
};

const rounds = 2_000;

/**
 * The ratio of two medians, with its 95 % interval: the percentile bootstrap (Efron and Tibshirani, An Introduction to the
 * Bootstrap, 1993, chapter 13), each side drawn anew with replacement.
 */
export const ratio = (slower: Sample, quicker: Sample): { ratio: number; low: number; high: number } => {
  // The same draws each time: a report changes where something was measured, and nowhere else.
  const next = random(1);
  const redraw = (values: Sample): number[] =>
    values.map(() => values[Math.floor(next() * values.length)] ?? Number.NaN);
  const drawn = Array.from({ length: rounds }, () => median(redraw(slower)) / median(redraw(quicker)));
  return {
    ratio: median(slower) / median(quicker),
    low: quantile(drawn, 0.025),
    high: quantile(drawn, 0.975),
  };
};

/** `1.23 s (1.10–1.40)`. */
export const seconds = (ms: Sample): string =>
  `${(median(ms) / 1000).toFixed(2)} s (${(Math.min(...ms) / 1000).toFixed(2)}–${(Math.max(...ms) / 1000).toFixed(2)})`;

/** `3.4 (3.1–3.8)`. */
export const times = (slower: Sample, quicker: Sample): string => {
  const { ratio: middle, low, high } = ratio(slower, quicker);
  return `${middle.toFixed(1)} (${low.toFixed(1)}–${high.toFixed(1)})`;
};
