/**
 * The seasonal Theil-Sen line: the slope is the median of those between all pairs of samples of the same season (the same hour of
 * the day, say), so that neither the season nor a few wild values turn it. Theil, Indagationes Mathematicae 12 (1950); Sen, JASA
 * 63 (1968); by seasons: Hirsch, Slack and Smith, Water Resources Research 18 (1982).
 */
import type { Sample } from '../series.ts';
import { median } from './order-statistics.ts';

/** A season of `periodMs` in phases of `stepMs`. */
export type Season = { periodMs: number; stepMs: number };

/** Between all pairs of one phase, in units of the value a ms. */
export const slopesOf = (history: readonly Sample[], season: Season): number[] => {
  const slopes: number[] = [];
  for (const some of Map.groupBy(history, ({ at }) => phaseOf(at, season)).values())
    for (let later = 1; later < some.length; later += 1)
      for (let earlier = 0; earlier < later; earlier += 1) {
        const [a, b] = [some[earlier], some[later]];
        if (a && b && b.at > a.at) slopes.push((b.value - a.value) / (b.at - a.at));
      }
  return slopes;
};

/** A slope in units of the value a ms, and what the season adds at a time. */
export type SeasonalLine = { slope: number; shape: (at: number) => number };

/** Several methods draw the same line through the same samples, which takes most of the time of a forecast. */
const drawn = new WeakMap<readonly Sample[], Map<string, SeasonalLine | undefined>>();

/** @returns `undefined` where no phase has two samples. */
export const seasonalLine = (history: readonly Sample[], season: Season): SeasonalLine | undefined => {
  const lines = drawn.get(history) ?? new Map<string, SeasonalLine | undefined>();
  drawn.set(history, lines);
  const key = `${season.periodMs}/${season.stepMs}`;
  if (!lines.has(key)) {
    const slope = median(slopesOf(history, season));
    const line = slope === undefined ? undefined : { slope, shape: seasonalShape(history, slope, season) };
    lines.set(key, line);
  }
  return lines.get(key);
};

export const phaseOf = (at: number, { periodMs, stepMs }: Season): number =>
  Math.floor((((at % periodMs) + periodMs) % periodMs) / stepMs);

/** What a season adds at a time: medians of what the line leaves in each phase, and between phases in proportion. */
export const seasonalShape = (
  history: readonly Sample[],
  slope: number,
  season: Season,
): ((at: number) => number) => {
  const origin = history.at(-1)?.at ?? 0;
  const left = history.map(({ at, value }) => ({ at, value: value - slope * (at - origin) }));
  const level = median(left.map(({ value }) => value)) ?? 0;
  const known = new Map(
    [...Map.groupBy(left, ({ at }) => phaseOf(at, season))].map(([phase, some]) => [
      phase,
      (median(some.map(({ value }) => value)) ?? level) - level,
    ]),
  );
  const shape = withoutHoles(known, Math.ceil(season.periodMs / season.stepMs));
  // Where in its step a sample usually is: at its beginning where one is measured an hour, near the middle where many are.
  const offset = median(history.map(({ at }) => at - Math.floor(at / season.stepMs) * season.stepMs)) ?? 0;
  return (at) => {
    const place = (at - offset) / season.stepMs;
    const step = Math.floor(place);
    const [before = 0, after = 0] = [step, step + 1].map(
      (one) => shape[phaseOf((one + 0.5) * season.stepMs, season)],
    );
    return before + (after - before) * (place - step);
  };
};

/** A phase without a sample is as the one before it. */
const withoutHoles = (known: ReadonlyMap<number, number>, phases: number): number[] => {
  let before = known.get(Math.max(...known.keys())) ?? 0;
  return Array.from({ length: phases }, (_, phase) => (before = known.get(phase) ?? before));
};
