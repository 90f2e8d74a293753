/** Series that tests make: hourly, from a Monday on. */
import { readSeries, type Measure, type Sample, type Series } from '../../../domain/series.ts';
import { random } from '../../random.ts';

export const hour = 3_600_000;
export const day = 24 * hour;
export const start = Date.UTC(2026, 0, 5);
export const bytes: Measure = { unit: 'bytes', min: 0, max: 1e15, zero: 'impossible' };

/** @param valueAt of the hours since the beginning. */
export const hourly = (hours: number, valueAt: (hour: number) => number): Sample[] =>
  Array.from({ length: hours }, (_, index) => ({ at: start + index * hour, value: valueAt(index) }));

export const seriesOf = (samples: readonly Sample[]): Series => readSeries(samples, bytes, nowOf(samples));

/** The moment of the last sample. */
export const nowOf = (samples: readonly Sample[]): number =>
  samples.reduce((last, { at }) => Math.max(last, at), -Infinity);

/** Evenly between -1 and 1, the same each time. */
export const noise = (seed: number): (() => number) => {
  const next = random(seed);
  return () => 2 * next() - 1;
};
