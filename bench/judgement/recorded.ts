/** Recorded series: forecasts from moments of their second half, beside what was recorded after. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Forecast, Question } from '../../domain/forecast/forecast.ts';
import { forecastGrowth } from '../../domain/forecast/growth.ts';
import { forecastLevel } from '../../domain/forecast/level.ts';
import { mean, median } from '../../domain/forecast/order-statistics.ts';
import { scoreForecast } from '../../domain/forecast/score.ts';
import { readSeries, type Sample, type Series } from '../../domain/series.ts';
import { meanRate, predictLinear } from './contenders.ts';
import { measure } from './judge.ts';

const minuteMs = 60_000;
const dayMs = 1_440 * minuteMs;
const moments = 40;

type Recording = {
  name: string;
  file: string;
  forecast: (series: Series, question: Question) => Forecast;
  stepMs: number;
  horizonMs: number;
  /** What is recorded as a time is read as ms since the epoch. */
  timeOf: (text: string) => number;
};

const yearMs = 365.25 * dayMs;
const minutes = { stepMs: minuteMs / 2, horizonMs: 10 * minuteMs, timeOf: Number };

const recordings: Recording[] = [
  {
    name: 'carbon dioxide at Mauna Loa, weekly, 1958 to 2001; times divided so that a year is a day, horizon a year',
    file: 'co2.csv',
    forecast: forecastGrowth,
    stepMs: dayMs / 52,
    horizonMs: dayMs,
    timeOf: (text) => (Date.parse(text) * dayMs) / yearMs,
  },
  {
    name: 'bytes used on the disk of a build machine, horizon 10 min',
    file: 'disk.csv',
    forecast: forecastGrowth,
    ...minutes,
  },
  {
    name: 'memory used on a build machine, horizon 10 min',
    file: 'memory.csv',
    forecast: forecastLevel,
    ...minutes,
  },
];

export type RecordedRow = {
  name: string;
  /** Mean absolute errors as shares of that of "no change"; medians over the moments. */
  own: number;
  meanRate: number;
  linear: number;
  covered: number;
  told: number;
  of: number;
};

export const judgeRecorded = (): RecordedRow[] => recordings.map(judgeOne);

const judgeOne = ({ name, file, forecast, stepMs, horizonMs, timeOf }: Recording): RecordedRow => {
  const all = samplesIn(file, timeOf);
  const [first, last] = [all[0]?.at ?? 0, all.at(-1)?.at ?? 0];
  const from = first + (last - first) / 2;
  const rows = Array.from({ length: moments }, (_, index) => {
    const now = from + ((last - horizonMs - from) * index) / (moments - 1);
    const [past, future] = [all.filter(({ at }) => at <= now), all.filter(({ at }) => at > now)];
    const made = forecast(readSeries(past, measure, now), { now, horizonMs, stepMs });
    const measured = [...past.slice(-1), ...future];
    const score = scoreForecast(made, measured, stepMs);
    const pairs = ('expected' in made ? made.expected : []).flatMap(({ at }) => {
      const near = future.filter((one) => Math.abs(one.at - at) <= stepMs / 2);
      const value = median(near.map((one) => one.value));
      return value === undefined ? [] : [{ at, value }];
    });
    const still = mean(pairs.map(({ value }) => Math.abs(value - (past.at(-1)?.value ?? 0))));
    const skill = (path: (at: number) => number): number =>
      still > 0 ? mean(pairs.map(({ at, value }) => Math.abs(value - path(at)))) / still : 1;
    return {
      own: score?.skill ?? 1,
      meanRate: skill(meanRate.path(past, now)),
      linear: skill(predictLinear(24).path(past, now)),
      covered: score?.covered ?? 0,
      told: made.state === 'told',
    };
  });
  const middle = (pick: (row: (typeof rows)[number]) => number): number => median(rows.map(pick)) ?? 0;
  return {
    name,
    own: middle(({ own }) => own),
    meanRate: middle((row) => row.meanRate),
    linear: middle(({ linear }) => linear),
    covered: mean(rows.map(({ covered }) => covered)),
    told: rows.filter(({ told }) => told).length,
    of: rows.length,
  };
};

const samplesIn = (file: string, timeOf: (text: string) => number): Sample[] =>
  readFileSync(join(import.meta.dirname, 'recorded', file), 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [time = '', value = ''] = line.split(',');
      return { at: timeOf(time), value: Number(value) };
    });
