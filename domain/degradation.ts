/**
 * Whether a service answers more slowly since it was deployed. What it took at the same hour of earlier days is what it is held
 * against: an evening is slower than a night in any case.
 */
import { median } from './forecast/order-statistics.ts';
import type { Finding } from './incident.ts';
import { rankSum } from './rank-sum.ts';
import type { Sample } from './series.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** What is slower only later has another cause, or too many of them; what still is by then is how it is now. */
export const watchedAfterMs = 12 * hourMs;
/** How far back earlier days go: a week, so that its days are all there once. */
export const comparedDays = 7;
/** What is just starting is slow. */
const warmUpMs = 5 * minuteMs;
/** Less is nothing that anyone notices, and what comes and goes. */
const leastRatio = 1.3;
/** Nobody waits for less. */
const leastMoreMs = 5;
/** Half an hour of looks; and with fewer days no day can be told to be unusual. */
const leastSince = 6;
const leastDays = 3;
/** One-sided. Asked at each look for hours after each deploy, so that at 1 in 20 somebody would be called each week. */
const significantP = 0.001;

/** `ratio`: of the medians. `chance`: that an answer of now is slower than one of then. */
export type Degradation =
  | { state: 'not enough' | 'no slower'; why: string }
  | { state: 'slower'; why: string; ratio: number; chance: number; p: number };

/** @param latencies in ms, of the days before and since. @param deployedAt and `now` in ms since the epoch. */
export const findDegradation = (
  latencies: readonly Sample[],
  deployedAt: number,
  now: number,
): Degradation => {
  const from = deployedAt + warmUpMs;
  const since = latencies.filter(({ at }) => at >= from && at <= now).map(({ value }) => value);
  const days = Array.from({ length: comparedDays }, (_, index) => {
    const back = (index + 1) * dayMs;
    return latencies.filter(({ at }) => at >= from - back && at <= now - back && at < deployedAt);
  }).filter(({ length }) => length >= leastSince / 2);
  if (since.length < leastSince || days.length < leastDays)
    return {
      state: 'not enough',
      why: `${since.length} of ${leastSince} looks since, and ${days.length} of ${leastDays} days before at that hour`,
    };
  return compare(since, days);
};

/** No slower than the slowest of the days is nothing new; the test is that of Mann and Whitney. */
const compare = (since: number[], days: Sample[][]): Degradation => {
  const before = days.map((day) => day.map(({ value }) => value));
  const usual = median(before.flat()) ?? 0;
  const slowestDay = Math.max(...before.map((day) => median(day) ?? 0));
  const nowMs = median(since) ?? 0;
  const ratio = nowMs / usual;
  if (!(ratio >= leastRatio && nowMs - usual >= leastMoreMs && nowMs > slowestDay))
    return { state: 'no slower', why: `${ms(nowMs)} now, ${ms(usual)} at that hour of the days before` };
  const { chance, p } = rankSum(since, before.flat());
  if (p > significantP) return { state: 'no slower', why: `it may be chance: p = ${p.toPrecision(1)}` };
  return {
    state: 'slower',
    why: `${ms(nowMs)} now, ${ms(usual)} at that hour of the ${days.length} days before (+${Math.round(100 * (ratio - 1))} %)`,
    ratio,
    chance,
    p,
  };
};

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** @param release that was deployed. @returns nothing where too little was measured to say. */
export const degradationFinding = (
  where: string,
  found: Degradation,
  release: string,
): Finding | undefined => {
  const about = { what: 'slower-since-deploy', where };
  switch (found.state) {
    case 'not enough':
      return undefined;
    case 'no slower':
      return { ...about, state: 'fine', evidence: found.why };
    case 'slower':
      return {
        ...about,
        state: 'warning',
        evidence: `since release ${release}: ${found.why}; ${strengthOf(found)}`,
      };
  }
};

const strengthOf = ({ chance, p }: { chance: number; p: number }): string =>
  `an answer of now is slower than one of then in ${Math.round(100 * chance)} of 100 cases, Mann-Whitney p = ${p.toExponential(0)}`;
