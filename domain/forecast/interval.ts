/**
 * Intervals by split conformal prediction: as wide as the backtest's errors were in so many cases. Vovk, Gammerman and Shafer,
 * Algorithmic Learning in a Random World (2005); Lei et al., JASA 113 (2018). Errors of one series depend on each other, so its
 * guarantee does not hold to the letter: docs/judgement.md tells what was covered.
 */
import type { Miss, Trial } from './backtest.ts';

export const coverage = 0.8;

/** @returns half the width of the interval so long after the last sample. */
export const widthOf = ({ misses, method }: Trial): ((leadMs: number) => number) => {
  const sizeOf = ({ error, ungrown }: Miss): number => Math.abs(method.untilReset ? error + ungrown : error);
  const knots = [...Map.groupBy(misses, ({ leadMs }) => leadMs)]
    .sort(([a], [b]) => a - b)
    .map(([leadMs, some]) => ({ leadMs, width: conformalQuantile(some.map(sizeOf)) }));
  const widths = rising(knots.map(({ width }) => width));
  const fitted = knots.map(({ leadMs }, index) => ({ leadMs, width: widths[index] ?? 0 }));
  return (leadMs) => between(fitted, leadMs);
};

/** The nearest values that never fall: isotonic regression by pooling (Barlow et al., Statistical Inference under Order Restrictions, 1972). */
const rising = (values: readonly number[]): number[] => {
  const pools: { sum: number; count: number }[] = [];
  for (const value of values) {
    let pool = { sum: value, count: 1 };
    for (
      let before = pools.at(-1);
      before && before.sum / before.count > pool.sum / pool.count;
      before = pools.at(-1)
    ) {
      pool = { sum: before.sum + pool.sum, count: before.count + pool.count };
      pools.pop();
    }
    pools.push(pool);
  }
  return pools.flatMap(({ sum, count }) => new Array<number>(count).fill(sum / count));
};

/** The ceil((n + 1) coverage)-th smallest; the largest where that is beyond them. */
const conformalQuantile = (errors: readonly number[]): number => {
  const sorted = [...errors].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length, Math.ceil((sorted.length + 1) * coverage)) - 1] ?? 0;
};

type Knot = { leadMs: number; width: number };

/** Beyond the last knot it grows with time, as the error of a rate does. */
const between = (knots: readonly Knot[], leadMs: number): number => {
  const after = knots.findIndex((knot) => knot.leadMs >= leadMs);
  const [low, high] = [knots[after - 1], knots[after]];
  const last = knots.at(-1);
  if (!high) return last ? (last.width * leadMs) / last.leadMs : 0;
  if (!low) return high.width;
  return low.width + ((high.width - low.width) * (leadMs - low.leadMs)) / (high.leadMs - low.leadMs);
};
