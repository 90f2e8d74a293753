/** Forecasts: plain data, stored when they are made and scored when their day comes. */
import type { Quarantined } from '../series.ts';

export type Question = {
  /** ms since the epoch. */
  now: number;
  horizonMs: number;
  /** The grid on which the series is looked at; default: an hour. */
  stepMs?: number;
  /** A value that matters when it is reached from below: the size of a disk, a memory limit. */
  limit?: number;
};

/** Of each at that time: the point, and the interval that should hold it in `coverage` of all cases. */
export type Expected = { at: number; value: number; low: number; high: number };

/** When the limit is reached; absent: not within the reach of a forecast. `from` and `to` are the interval's. */
export type LimitReached = { limit: number; at?: number; from?: number; to?: number };

/** How the methods did on the series itself: mean absolute errors as shares of that of "no change". */
export type TrackRecord = { origins: number; skills: { method: string; skill: number }[] };

type Made = { madeAt: number; horizonMs: number; quarantined: readonly Quarantined[] };

/** `not enough` and `quarantined` forecast nothing. What is `muted` is stored and scored, but nobody acts on it. */
export type Forecast = Made &
  (
    | { state: 'not enough' | 'quarantined'; why: string }
    | ({ state: 'told' } & Said)
    | ({ state: 'muted'; why: string } & Said)
  );

type Said = {
  method: string;
  /** The fit looks at what was measured from then on: the beginning, or a change of rate. */
  since: number;
  coverage: number;
  expected: Expected[];
  limit?: LimitReached;
  record: TrackRecord;
};
