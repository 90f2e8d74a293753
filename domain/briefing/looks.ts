/** Looks of a period, as few as a picture needs. */
import type { Span } from '../window.ts';
import { mean } from '../forecast/order-statistics.ts';
import type { LookSeen } from './facts.ts';

/**
 * No more than so many, at the same distance: of those beside one another the one with the lowest score stands, so that a dip of five
 * minutes is not lost in a month.
 */
export const thinned = (looks: readonly LookSeen[], { from, to }: Span, most: number): LookSeen[] => {
  const stepMs = Math.max(1, (to - from) / most);
  const groups = Map.groupBy(looks, ({ at }) => Math.floor((at - from) / stepMs));
  return [...groups.values()].map((some) =>
    some.reduce((worst, one) => (one.score < worst.score ? one : worst)),
  );
};

/** @returns `undefined` where nobody looked. */
export const meanScore = (looks: readonly LookSeen[], { from, to }: Span): number | undefined => {
  const scores = looks.flatMap(({ at, score }) => (at >= from && at < to ? [score] : []));
  return scores.length === 0 ? undefined : mean(scores);
};
