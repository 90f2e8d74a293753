/**
 * Resets: sudden falls that stay, as cleanups, vacuums and deletions make them. They are no negative growth. Their counterpart are
 * imports: sudden rises that stay.
 */
import type { Sample } from '../series.ts';
import { mean, median, spread } from './order-statistics.ts';

/** `at`: the first sample after it, ms since the epoch; `size` as a positive number. */
export type Jump = { at: number; size: number };

/** A fall of so many spreads of the usual steps; 6 is far beyond what normal noise reaches in a year of hours. */
const spreads = 6;
/** Nor less than this share of the range of the series: where nothing is noisy, any rounding would be a reset. */
const leastShare = 0.005;
/** So many samples before and after tell whether it stays. */
const near = 3;

/** @param history in order of time, on a grid. */
export const findResets = (history: readonly Sample[]): Jump[] => fallsOf(history);

export const findImports = (history: readonly Sample[]): Jump[] =>
  fallsOf(history.map(({ at, value }) => ({ at, value: -value })));

const fallsOf = (history: readonly Sample[]): Jump[] => {
  const values = history.map(({ value }) => value);
  const steps = values.slice(1).map((value, index) => value - (values[index] ?? value));
  const range =
    values.reduce((a, b) => Math.max(a, b), -Infinity) - values.reduce((a, b) => Math.min(a, b), Infinity);
  const least = Math.max(spreads * spread(steps), leastShare * range);
  // What falls all the time, and evenly, is no fall at each step.
  const usual = Math.min(0, median(steps) ?? 0);
  return steps.flatMap((step, index) =>
    usual - step > least && stays(values, index + 1, least)
      ? [{ at: history[index + 1]?.at ?? 0, size: -step }]
      : [],
  );
};

const stays = (values: readonly number[], index: number, least: number): boolean => {
  const before = median(values.slice(Math.max(0, index - near), index)) ?? 0;
  const after = median(values.slice(index, index + near)) ?? 0;
  return before - after > least / 2;
};

/**
 * The series as it would have grown without these jumps: in the steps in which one happened it grows as it does in the others.
 * The last value stays as it is, so that paths from it need no shift.
 */
export const withoutJumps = (history: readonly Sample[], jumps: readonly Jump[]): readonly Sample[] => {
  if (jumps.length === 0) return history;
  const at = new Set(jumps.map((jump) => jump.at));
  const steps = history.slice(1).map((sample, index) => {
    const before = history[index] ?? sample;
    return { ms: sample.at - before.at, gain: sample.value - before.value, jump: at.has(sample.at) };
  });
  const kept = steps.filter(({ jump }) => !jump);
  const perMs = mean(kept.map(({ gain }) => gain)) / (mean(kept.map(({ ms }) => ms)) || 1);
  let value = history.at(-1)?.value ?? 0;
  const back = steps.toReversed().map(({ ms, gain, jump }) => (value -= jump ? perMs * ms : gain));
  const values = [...back.reverse(), history.at(-1)?.value ?? 0];
  return history.map(({ at: time }, index) => ({ at: time, value: values[index] ?? 0 }));
};

/** How far apart resets are where they come regularly, in whole steps of the grid. */
export const cycleOf = (resets: readonly Jump[], stepMs: number): number | undefined => {
  const gaps = resets
    .slice(1)
    .map(({ at }, index) => at - (resets[index]?.at ?? at))
    .filter((gap) => gap > stepMs);
  const usual = median(gaps);
  if (gaps.length < 2 || usual === undefined) return undefined;
  const regular = gaps.filter((gap) => Math.abs(gap - usual) <= Math.max(stepMs * 1.5, usual * 0.1));
  return regular.length >= 0.8 * gaps.length ? Math.round(mean(regular) / stepMs) * stepMs : undefined;
};
