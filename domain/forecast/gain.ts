/** Gains: what a series grew by in spans of a few hours, as rates. */
import type { Sample } from '../series.ts';

/** `from` and `at` (the middle) in ms since the epoch; the rate in units of the value a ms. */
export type Gain = { from: number; at: number; perMs: number };

/** @param gross without resets, in order of time. */
export const gainsOf = (gross: readonly Sample[], spanMs: number): Gain[] => {
  const firsts = [...Map.groupBy(gross, ({ at }) => Math.floor(at / spanMs)).values()].flatMap(
    ([first]) => first ?? [],
  );
  return firsts.slice(1).map((end, index) => {
    const begin = firsts[index] ?? end;
    return {
      from: begin.at,
      at: (begin.at + end.at) / 2,
      perMs: (end.value - begin.value) / (end.at - begin.at),
    };
  });
};
