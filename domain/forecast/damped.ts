/**
 * Damped growth: what is gained a day falls by the same share each day, towards nothing. A damped trend (Gardner and McKenzie,
 * Management Science 31, 1985), its rate fitted by a Theil-Sen line through the logarithms of the daily gains.
 */
import type { Sample } from '../series.ts';
import { gainsOf, type Gain } from './gain.ts';
import { median } from './order-statistics.ts';

/** Gains of so many steps are looked at: of a day, on a grid of hours. */
export const longSteps = 24;
const leastGains = 5;

/** `perMs` at `at`, and after `lifeMs` a 1/e of it. */
type Decay = { at: number; perMs: number; lifeMs: number };

/** @returns `undefined` where gains do not fall, or are not all gains. */
export const decayOf = (gains: readonly Gain[]): Decay | undefined => {
  const end = gains.at(-1);
  const logs = gains.flatMap(({ at, perMs }) => (perMs > 0 ? [{ at, log: Math.log(perMs) }] : []));
  if (!end || logs.length < leastGains || logs.length < 0.9 * gains.length) return undefined;
  const slopes = logs.flatMap((later, index) =>
    logs.slice(0, index).map((earlier) => (later.log - earlier.log) / (later.at - earlier.at)),
  );
  const slope = median(slopes) ?? 0;
  if (slope >= 0) return undefined;
  const level = median(logs.map(({ at, log }) => log - slope * (at - end.at))) ?? 0;
  return { at: end.at, perMs: Math.exp(level), lifeMs: -1 / slope };
};

export const rateAt = ({ at, perMs, lifeMs }: Decay, when: number): number =>
  perMs * Math.exp(-(when - at) / lifeMs);

/** @param gross without resets. */
export const dampedPath = (
  gross: readonly Sample[],
  stepMs: number,
): ((at: number) => number) | undefined => {
  const decay = decayOf(gainsOf(gross, longSteps * stepMs));
  const end = gross.at(-1);
  // What falls faster has fallen already, and its curve is steeper than numbers reach.
  if (!decay || !end || decay.lifeMs < longSteps * stepMs) return undefined;
  const { lifeMs } = decay;
  // The decay's own curve through the last day: its level is the median of what the curve leaves there.
  const curve = (at: number): number => -rateAt(decay, at) * lifeMs;
  const recent = gross.filter(({ at }) => at > end.at - longSteps * stepMs);
  const level = median(recent.map(({ at, value }) => value - curve(at))) ?? end.value;
  return (at) => level + curve(at);
};
