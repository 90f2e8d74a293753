/**
 * Leaks: memory that rises from day to day since the last restart, compared hour by hour so that a daily shape is none, and goes on
 * rising so that warming up is none.
 */
import { isUntrustworthy, onGrid, type Sample, type Series } from '../series.ts';
import { median, spread } from './order-statistics.ts';
import { findResets } from './reset.ts';
import { phaseOf, seasonalShape, slopesOf, type Season } from './theil-sen.ts';

export type LeakQuestion = {
  /** ms since the epoch. */
  now: number;
  /** In the unit of the series. */
  limit: number;
  /** Restarts that are known, ms since the epoch; those that made the level fall are found. */
  restarts?: readonly number[];
};

/** `perHour` in the unit of the series; times in ms since the epoch, `from` to `to` the 80 % interval, without `to` perhaps never. */
export type Leak =
  | { state: 'not enough' | 'quarantined' | 'none'; why: string }
  | { state: 'leak'; why: string; perHour: number; since: number; at: number; from: number; to?: number };

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Quarters of a day: fewer pairs, and what follows within hours is not counted as news. */
const season: Season = { periodMs: dayMs, stepMs: 6 * hourMs };
/** With three values of each quarter of a day the test below can be passed at all. */
const leastDays = 3;
/** The test is asked of each service each day: at 1 in 100 somebody would be called every week. */
const significantZ = 3.09;
/** A rise less than so many spreads of what is left is within what comes and goes. */
const leastSpreads = 3;
/** What warms up is slower and slower: the later half of a leak rises at least a third as fast as the whole. */
const leastLateShare = 1 / 3;
/** Two-sided 80 %. */
const intervalZ = 1.2816;

/** What is known of a rise since the last restart. */
type Rise = {
  run: readonly Sample[];
  slopes: readonly number[];
  slope: number;
  score: number;
  deviation: number;
};

export const findLeak = (series: Series, { now, limit, restarts = [] }: LeakQuestion): Leak => {
  if (isUntrustworthy(series)) return { state: 'quarantined', why: 'most values are impossible' };
  const run = onGrid(sinceRestart(series.samples, restarts), season.stepMs);
  const days = ((run.at(-1)?.at ?? 0) - (run[0]?.at ?? 0)) / dayMs;
  if (days < leastDays)
    return {
      state: 'not enough',
      why: `since its last restart it was measured for ${days.toFixed(1)} of ${leastDays} days`,
    };
  const rise = riseOf(run);
  const against = whatSpeaksAgainst(rise);
  return against === undefined ? toldOf(rise, now, limit) : { state: 'none', why: against };
};

const sinceRestart = (samples: readonly Sample[], restarts: readonly number[]): readonly Sample[] => {
  const falls = findResets(onGrid(samples, hourMs)).map(({ at }) => at + hourMs);
  const since = [...restarts, ...falls].reduce((a, b) => Math.max(a, b), -Infinity);
  return samples.filter(({ at }) => at >= since);
};

/** The seasonal Kendall test: Hirsch, Slack and Smith, Water Resources Research 18 (1982). */
const riseOf = (run: readonly Sample[]): Rise => {
  const slopes = slopesOf(run, season);
  const phases = [...Map.groupBy(run, ({ at }) => phaseOf(at, season)).values()];
  const variance = phases.reduce((sum, { length: n }) => sum + (n * (n - 1) * (2 * n + 5)) / 18, 0);
  return {
    run,
    slopes,
    slope: median(slopes) ?? 0,
    score: slopes.reduce((sum, slope) => sum + Math.sign(slope), 0),
    deviation: Math.sqrt(variance),
  };
};

const spanOf = (run: readonly Sample[]): number => (run.at(-1)?.at ?? 0) - (run[0]?.at ?? 0);

/** @returns `undefined` where it is a leak. */
const whatSpeaksAgainst = ({ run, slope, score, deviation }: Rise): string | undefined => {
  if (deviation === 0 || (score - 1) / deviation < significantZ) return 'it does not rise from day to day';
  const shape = seasonalShape(run, slope, season);
  const left = run.map(({ at, value }) => value - slope * at - shape(at));
  if (slope * spanOf(run) < leastSpreads * spread(left))
    return 'it rises by no more than it goes up and down';
  const late = median(slopesOf(run.slice(Math.floor(run.length / 2)), season)) ?? 0;
  if (late < leastLateShare * slope) return 'it has risen and does so no more, as what warms up does';
  return undefined;
};

/** The interval of the slope: Gilbert, Statistical Methods for Environmental Pollution Monitoring (1987), section 16.5. */
const toldOf = ({ run, slopes, slope, deviation }: Rise, now: number, limit: number): Leak => {
  const sorted = [...slopes].sort((a, b) => a - b);
  const off = (intervalZ * deviation) / 2;
  const [slowest, fastest] = [sorted.length / 2 - off, sorted.length / 2 + off].map(
    (place) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(place)))] ?? slope,
  ) as [number, number];
  const last = run.slice(-4);
  const end = run.at(-1)?.at ?? now;
  const level = median(last.map(({ at, value }) => value + slope * (end - at))) ?? 0;
  const reaches = (perMs: number): number => Math.max(now, end + Math.max(0, limit - level) / perMs);
  return {
    state: 'leak',
    why: `it has risen for ${(spanOf(run) / dayMs).toFixed(1)} days, at the same hours of the day`,
    perHour: slope * hourMs,
    since: run[0]?.at ?? now,
    at: reaches(slope),
    from: reaches(fastest),
    ...(slowest > 0 ? { to: reaches(slowest) } : {}),
  };
};
