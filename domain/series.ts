/**
 * Series: what was measured of one thing over time, once impossible values are set aside. Times are milliseconds since the
 * epoch; values have the unit that their `Measure` names.
 */
import { median } from './forecast/order-statistics.ts';

export type Sample = { at: number; value: number };

/** What can be measured of a thing; anything else is a mistake of what measured it. */
export type Measure = {
  unit: 'bytes' | 'ms' | 'ratio' | 'count';
  /** Below this, and above `max`, a value is impossible. A disk's `max` is its size. */
  min: number;
  max: number;
  /** A file system with nothing on it has not been mounted; a processor may well do nothing. */
  zero: 'possible' | 'impossible';
};

/** Values of one kind that were set aside. */
export type Quarantined = { reason: string; count: number; first: number; last: number };

/** In order of time, one sample a time, all of them possible. */
export type Series = { samples: readonly Sample[]; quarantined: readonly Quarantined[] };

/** So many times the median is no growth, but a wrong unit or a counter that ran over. */
const farTimes = 1_000;

/**
 * @param now what is said of later times is set aside.
 * @returns the series; samples of one time become one, their median, so that their order does not matter.
 */
export const readSeries = (raw: readonly Sample[], measure: Measure, now: number): Series => {
  const usual = median(raw.map(({ value }) => value).filter((value) => isPossible(value, measure)));
  const judged = raw.map((sample) => ({ sample, reason: whyImpossible(sample, measure, usual, now) }));
  return {
    samples: oneATime(judged.flatMap(({ sample, reason }) => (reason === undefined ? [sample] : []))),
    quarantined: setAside(
      judged.flatMap(({ sample, reason }) => (reason === undefined ? [] : [{ sample, reason }])),
    ),
  };
};

/** More than half of the values are impossible: what is left of such a history is not to be trusted either. */
export const isUntrustworthy = ({ samples, quarantined }: Series): boolean =>
  quarantined.reduce((all, { count }) => all + count, 0) > samples.length;

const isPossible = (value: number, { min, max, zero }: Measure): boolean =>
  Number.isFinite(value) && value >= min && value <= max && (value !== 0 || zero === 'possible');

const whyImpossible = (
  { at, value }: Sample,
  { min, max, zero, unit }: Measure,
  usual: number | undefined,
  now: number,
): string | undefined => {
  if (!Number.isFinite(at)) return 'has no time';
  if (at > now) return 'is of a time to come';
  if (!Number.isFinite(value)) return 'is no number';
  if (value < min) return min === 0 ? 'is negative' : `is below ${min} ${unit}`;
  if (value === 0 && zero === 'impossible') return 'is zero';
  if (value > max) return `is above ${max} ${unit}`;
  if (usual !== undefined && usual > 0 && value > farTimes * usual)
    return `is more than ${farTimes} times the median`;
  return undefined;
};

const setAside = (judged: readonly { sample: Sample; reason: string }[]): Quarantined[] =>
  [...Map.groupBy(judged, ({ reason }) => reason)]
    .map(([reason, some]) => {
      const times = some.map(({ sample }) => sample.at).filter(Number.isFinite);
      return {
        reason,
        count: some.length,
        first: times.reduce((a, b) => Math.min(a, b), times[0] ?? 0),
        last: times.reduce((a, b) => Math.max(a, b), times[0] ?? 0),
      };
    })
    .sort((a, b) => (a.reason < b.reason ? -1 : 1));

const oneATime = (samples: readonly Sample[]): Sample[] =>
  [...Map.groupBy(samples, ({ at }) => at)]
    .map(([at, some]) => ({ at, value: median(some.map(({ value }) => value)) ?? 0 }))
    .sort((a, b) => a.at - b.at);

/**
 * One sample a step: the medians of time and value of those within it. Steps without a sample are left out, so that a gap stays
 * a gap.
 */
export const onGrid = (samples: readonly Sample[], stepMs: number): Sample[] =>
  [...Map.groupBy(samples, ({ at }) => Math.floor(at / stepMs))].map(([, some]) => ({
    at: median(some.map(({ at }) => at)) ?? 0,
    value: median(some.map(({ value }) => value)) ?? 0,
  }));
