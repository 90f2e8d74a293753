import { random } from '../../test/random.ts';

/** Draws that a seed repeats. */
export type Random = {
  /** From 0 up to 1. */
  next: () => number;
  between: (low: number, high: number) => number;
  /** As many between 1 and 2 as between 10 and 20. */
  scale: (low: number, high: number) => number;
  /** Standard normal. */
  normal: () => number;
  chance: (probability: number) => boolean;
  exponential: (mean: number) => number;
  pick: <T>(values: readonly [T, ...T[]]) => T;
};

export const randomFrom = (seed: number): Random => {
  const next = random(seed);
  const between = (low: number, high: number): number => low + (high - low) * next();
  return {
    next,
    between,
    scale: (low, high) => Math.exp(between(Math.log(low), Math.log(high))),
    // Box and Muller, Annals of Mathematical Statistics 29 (1958).
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    chance: (probability) => next() < probability,
    exponential: (mean) => -mean * Math.log(1 - next()),
    pick: (values) => values[Math.floor(next() * values.length)] ?? values[0],
  };
};
