/** What lies beyond a threshold, and for how long it has. */
import type { Sample } from './series.ts';

/** Both: between the two. */
export type Threshold = { above?: number; below?: number };

/** Looks come every five minutes: what was not seen by three of them is not known any more. */
export const freshForMs = 15 * 60_000;

export const exceeds = ({ above = -Infinity, below = Infinity }: Threshold, value: number): boolean =>
  value > above && value < below;

/**
 * All that time, as far as it was looked at, and it was looked at without a break.
 * @param samples in order of time, from {@link freshForMs} before `from` on. Times are ms since the epoch.
 */
export const lasted = (
  threshold: Threshold,
  samples: readonly Sample[],
  from: number,
  now: number,
): boolean => {
  const own = samples.filter(({ at }) => at >= from - freshForMs && at <= now);
  const times = [...own.map(({ at }) => at), now];
  const unbroken = times.every((at, index) => at - (times[index - 1] ?? at) <= freshForMs);
  return (
    (own[0]?.at ?? Infinity) <= from &&
    unbroken &&
    own.filter(({ at }) => at >= from).every(({ value }) => exceeds(threshold, value))
  );
};
