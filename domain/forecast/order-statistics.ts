/** Medians and quantiles: what a few wild values do not move. */

/** @returns `undefined` of nothing. */
export const median = (values: readonly number[]): number | undefined => {
  if (values.length === 0) return undefined;
  const some = Float64Array.from(values);
  const middle = Math.floor(some.length / 2);
  const high = select(some, middle);
  if (some.length % 2 === 1) return high;
  const low = some.subarray(0, middle).reduce((a, b) => Math.max(a, b), -Infinity);
  return low + (high - low) / 2;
};

/**
 * The value that would be at `place` if they were sorted; those before it are no larger afterwards. Hoare's Find, Communications of
 * the ACM 4 (1961): the slopes of a Theil-Sen line are thousands, of which one is wanted.
 */
const select = (values: Float64Array, place: number): number => {
  const at = (index: number): number => values[index] ?? 0;
  let [from, to] = [0, values.length - 1];
  while (from < to) {
    const pivot = at((from + to) >> 1);
    let [left, right] = [from, to];
    while (left <= right) {
      while (at(left) < pivot) left += 1;
      while (at(right) > pivot) right -= 1;
      if (left > right) break;
      [values[left], values[right]] = [at(right), at(left)];
      left += 1;
      right -= 1;
    }
    if (place <= right) to = right;
    else if (place >= left) from = left;
    else break;
  }
  return at(place);
};

/**
 * Median absolute deviation, times 1.4826 so that it is the standard deviation of normal values (Rousseeuw and Croux, JASA 88,
 * 1993).
 */
export const spread = (values: readonly number[]): number => {
  const middle = median(values) ?? 0;
  return 1.4826 * (median(values.map((value) => Math.abs(value - middle))) ?? 0);
};

/** 0 of nothing. */
export const mean = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
