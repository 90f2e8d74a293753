/** What each contender says of a series whose future is known, beside what comes. */
import { forecastGrowth } from '../../domain/forecast/growth.ts';
import { scoreForecast } from '../../domain/forecast/score.ts';
import { readSeries, type Measure } from '../../domain/series.ts';
import type { Contender, Path } from './contenders.ts';
import type { Case } from './case.ts';

export const hourMs = 3_600_000;
/** What people ask: is it full within three days? */
export const horizonMs = 72 * hourMs;
const reachMs = 60 * 24 * hourMs;

export const measure: Measure = { unit: 'bytes', min: 0, max: Number.MAX_VALUE, zero: 'impossible' };

/** `fullAfterMs`: never, where absent. */
export type Answer = { fullAfterMs?: number };
export type OwnAnswer = Answer & {
  state: string;
  method: string;
  /** Share of the values of the next three days that the interval held; absent where it made none. */
  covered?: number;
  /** Whether the interval of the time held it; absent where one of the two is. */
  timeCovered?: boolean;
};

export type Verdict = { truth: Case; own: OwnAnswer; others: Map<string, Answer> };

export const judge = (truth: Case, contenders: readonly Contender[]): Verdict => ({
  truth,
  own: askOwn(truth),
  others: new Map(contenders.map(({ name, path }) => [name, ask(path(truth.samples, truth.now), truth)])),
});

const ask = (path: Path, { now, limit }: Case): Answer => {
  for (let at = now; at <= now + reachMs; at += hourMs / 4)
    if (path(at) >= limit) return { fullAfterMs: at - now };
  return {};
};

const askOwn = ({ samples, now, limit, future, fullAfterMs }: Case): OwnAnswer => {
  const forecast = forecastGrowth(readSeries(samples, measure, now), { now, horizonMs, limit });
  if (!('expected' in forecast)) return { state: forecast.state, method: 'none' };
  const covered = scoreForecast(forecast, future, hourMs)?.covered;
  const said = forecast.state === 'told' ? forecast.limit : undefined;
  const full = fullAfterMs === undefined ? undefined : now + fullAfterMs;
  return {
    state: forecast.state,
    method: forecast.method,
    ...(covered === undefined ? {} : { covered }),
    ...(said?.at === undefined ? {} : { fullAfterMs: said.at - now }),
    ...(said?.at === undefined || full === undefined
      ? {}
      : { timeCovered: full >= (said.from ?? said.at) && full <= (said.to ?? Infinity) }),
  };
};
