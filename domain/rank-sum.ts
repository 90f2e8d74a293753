/** Mann and Whitney, Annals of Mathematical Statistics 18 (1947): whether one lot of values is greater than another. */

/**
 * By the normal approximation, with the correction for ties; good from about five values of each on.
 * @returns `chance`: that a value of `some` is greater than one of `others`, ties as half. `p`: one-sided, that it is so by chance.
 */
export const rankSum = (
  some: readonly number[],
  others: readonly number[],
): { chance: number; p: number } => {
  const [n, m] = [some.length, others.length];
  const sorted = [...others].sort((a, b) => a - b);
  const u = some.reduce((sum, value) => {
    const below = countBelow(sorted, value);
    return sum + below + (countUpTo(sorted, value) - below) / 2;
  }, 0);
  const ties = [...Map.groupBy([...some, ...others], (value) => value).values()].reduce(
    (sum, { length: t }) => sum + (t ** 3 - t),
    0,
  );
  const all = n + m;
  const variance = ((n * m) / 12) * (all + 1 - ties / (all * (all - 1)));
  if (n === 0 || m === 0 || !(variance > 0)) return { chance: 0.5, p: 1 };
  // Half a step, because ranks are whole.
  const z = (u - (n * m) / 2 - 0.5) / Math.sqrt(variance);
  return { chance: u / (n * m), p: upperTail(z) };
};

const countBelow = (sorted: readonly number[], value: number): number =>
  firstWhere(sorted, (one) => one >= value);
const countUpTo = (sorted: readonly number[], value: number): number =>
  firstWhere(sorted, (one) => one > value);

/** By halves: `is` holds from some place on. */
const firstWhere = (sorted: readonly number[], is: (value: number) => boolean): number => {
  let [from, to] = [0, sorted.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (is(sorted[middle] ?? 0)) to = middle;
    else from = middle + 1;
  }
  return from;
};

/** Of the normal distribution: Abramowitz and Stegun 26.2.17, wrong by less than 7.5e-8; beyond 5 its order is right. */
const upperTail = (z: number): number => {
  if (z < 0) return 1 - upperTail(-z);
  const t = 1 / (1 + 0.2316419 * z);
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  const polynomial =
    t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return density * polynomial;
};
