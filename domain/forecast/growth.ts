/** Growth (of disks, snapshots, databases): the ways in which it may go on, and a forecast by the one that its own past confirms. */
import type { Sample, Series } from '../series.ts';
import { arbitrate } from './arbitrate.ts';
import { steadySince } from './change.ts';
import { dampedPath } from './damped.ts';
import type { Forecast, Question } from './forecast.ts';
import { median } from './order-statistics.ts';
import { pastOf, type Method, type Past, type Path } from './past.ts';
import { cycleOf } from './reset.ts';
import { seasonalLine } from './theil-sen.ts';

const dayMs = 86_400_000;

/** A change of rate restarts the fit. */
export const forecastGrowth = (series: Series, question: Question): Forecast =>
  arbitrate(series, question, methods, sinceChange);

const sinceChange = (history: readonly Sample[], stepMs: number): readonly Sample[] => {
  const since = steadySince(pastOf(history, stepMs).gross, stepMs);
  return history.filter(({ at }) => at >= since);
};

/** What was gained in so many days without the resets, from the last value on. */
const meanRate = (name: string, days: number): Method => ({
  name,
  untilReset: true,
  fit: ({ gross, end, stepMs }) => {
    const first = gross.find(({ at }) => at >= end.at - days * dayMs) ?? end;
    if (end.at - first.at < leastSteps * stepMs) return undefined;
    const perMs = (end.value - first.value) / (end.at - first.at);
    return (at) => end.value + perMs * (at - end.at);
  },
});

/** Over less than this, noise is taken for a rate. */
const leastSteps = 12;

type Seasonal = {
  name: string;
  periodOf: (past: Past) => number | undefined;
  /** With its resets, without them, or without imports too. */
  of: 'history' | 'gross' | 'steady';
  /** The line goes through the median of so many of the last samples. */
  through: number;
};

const seasonal = ({ name, periodOf, of, through }: Seasonal): Method => ({
  name,
  untilReset: of !== 'history',
  fit: (past) => {
    const periodMs = periodOf(past);
    const [grown, season] = [past[of], { periodMs: periodMs ?? 0, stepMs: past.stepMs }];
    const spanMs = past.end.at - (grown[0]?.at ?? 0) + past.stepMs;
    if (periodMs === undefined || spanMs < 2 * periodMs) return undefined;
    const line = seasonalLine(grown, season);
    return (
      line && throughLast(grown.slice(-through), (at) => line.slope * (at - past.end.at) + line.shape(at))
    );
  },
});

const throughLast = (recent: readonly Sample[], line: Path): Path => {
  const level = median(recent.map(({ at, value }) => value - line(at))) ?? 0;
  return (at) => level + line(at);
};

const daily = (): number => dayMs;
const weekly = (): number => 7 * dayMs;

/** The simplest first: where two are as good, the first is taken. */
const methods: readonly Method[] = [
  meanRate('mean rate', Infinity),
  meanRate('7-day mean rate', 7),
  seasonal({ name: 'daily Theil-Sen', periodOf: daily, of: 'gross', through: 24 }),
  seasonal({ name: 'daily Theil-Sen from the last values', periodOf: daily, of: 'gross', through: 3 }),
  seasonal({ name: 'daily Theil-Sen without imports', periodOf: daily, of: 'steady', through: 24 }),
  seasonal({ name: 'weekly Theil-Sen', periodOf: weekly, of: 'gross', through: 24 }),
  seasonal({
    name: 'cleanup cycles',
    periodOf: ({ resets, stepMs }) => cycleOf(resets, stepMs),
    of: 'history',
    through: 24,
  }),
  seasonal({ name: 'net daily Theil-Sen', periodOf: daily, of: 'history', through: 24 }),
  { name: 'damped', untilReset: true, fit: ({ gross, stepMs }) => dampedPath(gross, stepMs) },
];
