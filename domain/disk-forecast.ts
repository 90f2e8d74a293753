/** When disks are full: forecasts of what is measured of them, and how those that came due have done. */
import type { Forecast } from './forecast/forecast.ts';
import { forecastGrowth } from './forecast/growth.ts';
import { mean, median } from './forecast/order-statistics.ts';
import type { Score } from './forecast/score.ts';
import { readSeries, type Sample } from './series.ts';
import { formatBytes } from './size.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The grid on which disks are looked at. */
export const diskStepMs = hourMs;

export type DiskForecast = {
  /** Where the filesystem is mounted. */
  place: string;
  sizeBytes: number;
  usedBytes: number;
  /** A value a day, oldest first, and what is expected: for a picture. */
  past: number[];
  forecast: Forecast;
  record: ForecastRecord;
};

/** Of those that came due. */
export type ForecastRecord = {
  scored: number;
  /** Share of what was measured then that the intervals held. Absent where none came due. */
  covered?: number;
  /** Median error, as a share of that of "the last value stays". */
  skill?: number;
};

/**
 * @param hours of bytes in use, in order of time. @param sizeBytes what fits: the last measured.
 * @param now ms since the epoch.
 */
export const forecastDisk = (
  hours: readonly Sample[],
  sizeBytes: number,
  now: number,
  horizonMs: number,
): Forecast => {
  // A filesystem that grows has held less before: what was in use then fits into what it is now.
  const series = readSeries(hours, { unit: 'bytes', min: 0, max: sizeBytes, zero: 'impossible' }, now);
  return forecastGrowth(series, { now, horizonMs, stepMs: diskStepMs, limit: sizeBytes });
};

export const recordOf = (scores: readonly Score[]): ForecastRecord => {
  const skill = median(scores.flatMap((score) => score.skill ?? []));
  return {
    scored: scores.length,
    ...(scores.length > 0 ? { covered: mean(scores.map(({ covered }) => covered)) } : {}),
    ...(skill === undefined ? {} : { skill }),
  };
};

/** The last of each day. */
export const dailyOf = (hours: readonly Sample[]): number[] =>
  [...Map.groupBy(hours, ({ at }) => Math.floor(at / dayMs)).values()].map((day) => day.at(-1)?.value ?? 0);

/** Two lines and a picture for a terminal. */
export const diskForecastText = (one: DiskForecast): string[] => {
  const { place, usedBytes, sizeBytes, past, forecast } = one;
  const expected = 'expected' in forecast ? forecast.expected.map(({ value }) => value) : [];
  const percent = Math.round((usedBytes / sizeBytes) * 100);
  return [
    `${place}  ${formatBytes(usedBytes)} of ${formatBytes(sizeBytes)} (${percent} %)  ${saidText(forecast)}`,
    ...(past.length + expected.length > 1
      ? [`  ${picture(past, sizeBytes)}┊${picture(expected, sizeBytes)}`]
      : []),
    `  ${recordText(one)}`,
  ];
};

const saidText = (forecast: Forecast): string => {
  switch (forecast.state) {
    case 'not enough':
    case 'quarantined':
      return `nothing can be said: ${forecast.why}`;
    case 'muted':
      return `muted: ${forecast.why}`;
    case 'told':
      return fullText(forecast);
  }
};

const fullText = ({ limit, madeAt, method }: Forecast & { state: 'told' }): string => {
  if (limit?.at === undefined) return `is not full within 60 days (${method})`;
  const days = (at: number | undefined): string =>
    at === undefined ? 'later than in 60' : ((at - madeAt) / dayMs).toFixed(1);
  return `full in ${days(limit.at)} days (${days(limit.from)} to ${days(limit.to)}; ${method})`;
};

const recordText = ({ forecast, record }: DiskForecast): string => {
  const own = 'record' in forecast ? `tried on its own past from ${forecast.record.origins} moments; ` : '';
  if (record.covered === undefined) return `${own}no forecast has come due yet`;
  const skill =
    record.skill === undefined
      ? ''
      : `, off by ${Math.round(record.skill * 100)} % of what "no change" was off by`;
  return `${own}${record.scored} came due: the interval held ${Math.round(record.covered * 100)} % of what was measured${skill}`;
};

const bars = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/** As full as the disk was, and will be. */
const picture = (values: readonly number[], most: number): string =>
  values
    .slice(-30)
    .map((value) => bars[Math.min(bars.length - 1, Math.max(0, Math.floor((value / most) * bars.length)))])
    .join('');
