/**
 * Change of rate: where growth began to be another one, by Pettitt's test on what is gained in spans of six steps. Pettitt, Applied
 * Statistics 28 (1979): ranks alone count, so bursts do not look like changes.
 */
import type { Sample } from '../series.ts';
import { decayOf, longSteps, rateAt } from './damped.ts';
import { gainsOf, type Gain } from './gain.ts';
import { mean, median } from './order-statistics.ts';
import { phaseOf } from './theil-sen.ts';

const spanSteps = 6;
/** Each test is wrong once in a thousand; a restart forgets what was learnt. */
const significance = 0.001;
/** A fit needs as many spans after a change: two days of hours. */
const leastSpans = 8;
/** Spans: two weeks and eight days. */
const windows = [56, 32];

/**
 * @param gross without resets, in order of time.
 * @returns from when on (ms since the epoch) the rate is what it is now; the beginning where it never changed, or did so gradually.
 */
export const steadySince = (gross: readonly Sample[], stepMs: number): number => {
  const beginning = gross[0]?.at ?? 0;
  let spans = withoutSeason(gainsOf(gross, spanSteps * stepMs), stepMs);
  let since = beginning;
  for (let change = lastChange(spans); change !== undefined; change = lastChange(spans)) {
    since = spans[change]?.from ?? since;
    spans = spans.slice(change);
  }
  return since > beginning && isGradual(gainsOf(gross, longSteps * stepMs), since) ? beginning : since;
};

/** `off`: how much more was gained than is usual at that time of the week, or of the day where there are no three weeks. */
type Compared = Gain & { off: number };

const withoutSeason = (gains: readonly Gain[], stepMs: number): Compared[] => {
  const day = longSteps * stepMs;
  const spanMs = (gains.at(-1)?.at ?? 0) - (gains[0]?.at ?? 0);
  const season = { periodMs: spanMs >= 3 * 7 * day ? 7 * day : day, stepMs: spanSteps * stepMs };
  const usual = new Map(
    [...Map.groupBy(gains, ({ at }) => phaseOf(at, season))].map(([phase, some]) => [
      phase,
      median(some.map(({ perMs }) => perMs)) ?? 0,
    ]),
  );
  return gains.map((gain) => ({ ...gain, off: gain.perMs - (usual.get(phaseOf(gain.at, season)) ?? 0) }));
};

/** A change a few days ago is found among the last weeks only: among months it is too few ranks. */
const lastChange = (spans: readonly Compared[]): number | undefined => {
  for (const length of [spans.length, ...windows.filter((window) => window < spans.length)]) {
    const change = changeIn(spans.slice(-length));
    if (change !== undefined) return spans.length - length + change;
  }
  return undefined;
};

/** Growth that slows down all the time has no moment of change: the curve explains its daily gains better than two rates do. */
const isGradual = (gains: readonly Gain[], change: number): boolean => {
  const decay = decayOf(gains);
  if (!decay) return false;
  const sides = [gains.filter(({ from }) => from < change), gains.filter(({ from }) => from >= change)];
  const rates = sides.map((some) => median(some.map(({ perMs }) => perMs)) ?? 0);
  const offSteps = mean(
    gains.map(({ from, perMs }) => Math.abs(perMs - (rates[from < change ? 0 : 1] ?? 0))),
  );
  const offCurve = mean(gains.map(({ at, perMs }) => Math.abs(perMs - rateAt(decay, at))));
  return offCurve < offSteps;
};

/** @returns the index of the first span after the likeliest change. */
const changeIn = (spans: readonly Compared[]): number | undefined => {
  const n = spans.length;
  if (n < 2 * leastSpans) return undefined;
  const ranks = ranksOf(spans.map(({ off }) => off));
  let [sum, most, at] = [0, 0, 0];
  for (let k = 1; k < n; k += 1) {
    sum += ranks[k - 1] ?? 0;
    const u = Math.abs(2 * sum - k * (n + 1));
    if (u > most) [most, at] = [u, k];
  }
  const p = 2 * Math.exp((-6 * most ** 2) / (n ** 3 + n ** 2));
  return p < significance && at >= leastSpans && n - at >= leastSpans && isLarge(spans, at) ? at : undefined;
};

/** A rate that is a fifth higher is not worth forgetting all that was before. */
const isLarge = (spans: readonly Gain[], at: number): boolean => {
  const [before = 0, after = 0] = [spans.slice(0, at), spans.slice(at)].map((some) =>
    median(some.map(({ perMs }) => perMs)),
  );
  return Math.abs(after - before) > 0.2 * Math.max(Math.abs(before), Math.abs(after));
};

/** From 1 on; equal values share the mean of their ranks. */
const ranksOf = (values: readonly number[]): number[] => {
  const order = values.map((value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && order[to + 1]?.value === order[from]?.value) to += 1;
    for (let index = from; index <= to; index += 1) ranks[order[index]?.index ?? 0] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
};
