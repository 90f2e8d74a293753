/** Scores: what a forecast was worth, once its day has come. */
import type { Sample } from '../series.ts';
import type { Forecast } from './forecast.ts';
import { mean, median } from './order-statistics.ts';

/** Of what could be compared. Errors are measured less forecast, in the unit of the series. */
export type Score = {
  compared: number;
  /** Mean absolute error, and its share of that of "the last value stays"; absent where that was right, or not measured. */
  error: number;
  skill?: number;
  /** Share of the measured values that the interval held. */
  covered: number;
  /** When the limit was first reached, and how far off the forecast was of that; both absent where it was not. */
  reachedAt?: number;
  reachedErrorMs?: number;
};

/**
 * @param measured what was measured since, in order of time, and the last value before the forecast was made.
 * @param stepMs the grid of the forecast: what was measured half a step before and after stands for a time.
 * @returns `undefined` where the forecast said nothing, or nothing was measured at any of its times.
 */
export const scoreForecast = (
  forecast: Forecast,
  measured: readonly Sample[],
  stepMs: number,
): Score | undefined => {
  if (!('expected' in forecast)) return undefined;
  const pairs = forecast.expected.flatMap((expected) => {
    const value = valueAt(measured, expected.at, stepMs);
    return value === undefined ? [] : [{ ...expected, measured: value }];
  });
  if (pairs.length === 0) return undefined;
  const error = mean(pairs.map((pair) => Math.abs(pair.measured - pair.value)));
  const last = measured.findLast(({ at }) => at <= forecast.madeAt)?.value;
  const still = last === undefined ? 0 : mean(pairs.map((pair) => Math.abs(pair.measured - last)));
  return {
    compared: pairs.length,
    error,
    ...(still > 0 ? { skill: error / still } : {}),
    covered: mean(pairs.map((pair) => (pair.measured >= pair.low && pair.measured <= pair.high ? 1 : 0))),
    ...reached(forecast.limit, measured, forecast.madeAt),
  };
};

const valueAt = (measured: readonly Sample[], time: number, stepMs: number): number | undefined =>
  median(measured.filter(({ at }) => Math.abs(at - time) <= stepMs / 2).map(({ value }) => value));

const reached = (
  said: { limit: number; at?: number } | undefined,
  measured: readonly Sample[],
  madeAt: number,
): Pick<Score, 'reachedAt' | 'reachedErrorMs'> => {
  const first = said && measured.find(({ at, value }) => at > madeAt && value >= said.limit);
  if (!first) return {};
  return { reachedAt: first.at, ...(said.at === undefined ? {} : { reachedErrorMs: first.at - said.at }) };
};
