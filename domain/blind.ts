/** When nobody looked: a cycle that was missed is told, because what happened in it is not known. */

/** Between two looks that begin by themselves. */
export const lookEveryMs = 5 * 60_000;

/** A look may come late, or take long: twice the distance is no look missed. */
const lateTimes = 2;

/** Times are ms since the epoch. */
export type Span = { from: number; to: number };

/**
 * @param looks when somebody looked, in any order. @param period what is asked about; before its first look and after its last one
 * nobody looked either.
 * @returns what is between two looks that are further apart than looks are, oldest first.
 */
export const blindSpans = (
  looks: readonly number[],
  { from, to }: Span,
  everyMs: number = lookEveryMs,
): Span[] => {
  const times = [from, ...looks.filter((at) => at > from && at < to).sort((a, b) => a - b), to];
  return times
    .slice(1)
    .map((end, index) => ({ from: times[index] ?? end, to: end }))
    .filter((span) => span.to - span.from > lateTimes * everyMs);
};

/** How long in all, in ms. */
export const blindMs = (spans: readonly Span[]): number =>
  spans.reduce((sum, { from, to }) => sum + to - from, 0);

/** `blind from 02:10 to 02:55`. @param clock writes a time as whoever reads it has it. */
export const blindText = ({ from, to }: Span, clock: (at: number) => string): string =>
  `blind from ${clock(from)} to ${clock(to)}`;
