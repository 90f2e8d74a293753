/**
 * Levels (memory, latency, load): they go up and down about something, so no line is drawn through them. What was at the same time of
 * the day or the week comes again, or the last value stays.
 */
import type { Sample, Series } from '../series.ts';
import { arbitrate } from './arbitrate.ts';
import type { Forecast, Question } from './forecast.ts';
import { median } from './order-statistics.ts';
import type { Method, Past } from './past.ts';
import { seasonalShape } from './theil-sen.ts';

const dayMs = 86_400_000;

export const forecastLevel = (series: Series, question: Question): Forecast =>
  arbitrate(series, question, methods);

const covers = ({ history, end, stepMs }: Past, periods: number, periodMs: number): boolean =>
  end.at - (history[0]?.at ?? end.at) + stepMs >= periods * periodMs;

/** What was measured a period before (Hyndman and Athanasopoulos, Forecasting: Principles and Practice, section 5.2). */
const seasonalNaive = (name: string, periodMs: number): Method => ({
  name,
  fit: (past) => {
    if (!covers(past, 1, periodMs)) return undefined;
    const { history, end } = past;
    return (at) => valueAt(history, at - Math.max(0, Math.ceil((at - end.at) / periodMs)) * periodMs);
  },
});

/** In proportion between the samples before and after. */
const valueAt = (history: readonly Sample[], at: number): number => {
  const index = history.findIndex((sample) => sample.at >= at);
  const [before, after] = [history[index - 1], history[index]];
  if (!after) return history.at(-1)?.value ?? 0;
  if (!before) return after.value;
  return before.value + ((after.value - before.value) * (at - before.at)) / (after.at - before.at);
};

/** The usual shape of a day or a week, at the height of the last day. */
const usualShape = (name: string, periodMs: number): Method => ({
  name,
  fit: (past) => {
    if (!covers(past, 2, periodMs)) return undefined;
    const shape = seasonalShape(past.history, 0, { periodMs, stepMs: past.stepMs });
    const recent = past.history.filter(({ at }) => at > past.end.at - dayMs);
    const height = median(recent.map(({ at, value }) => value - shape(at))) ?? past.end.value;
    return (at) => height + shape(at);
  },
});

/** The median of the last day stays. */
const usualLevel: Method = {
  name: 'median of a day',
  fit: ({ history, end }) => {
    const usual = median(history.flatMap(({ at, value }) => (at > end.at - dayMs ? [value] : [])));
    return usual === undefined ? undefined : () => usual;
  },
};

/** The simplest first: where two are as good, the first is taken. */
const methods: readonly Method[] = [
  usualLevel,
  seasonalNaive('the same hour of the day before', dayMs),
  seasonalNaive('the same hour of the week before', 7 * dayMs),
  usualShape('the usual day', dayMs),
  usualShape('the usual week', 7 * dayMs),
];
