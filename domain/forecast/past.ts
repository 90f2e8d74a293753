/** The past of a series as it is known at one moment, and ways to go on from it. */
import type { Sample } from '../series.ts';
import { findImports, findResets, withoutJumps, type Jump } from './reset.ts';

/** The value at a time (ms since the epoch). */
export type Path = (at: number) => number;

/** In order of time, one sample a step at most. */
export type Past = {
  stepMs: number;
  history: readonly Sample[];
  resets: readonly Jump[];
  /** As it would have grown without its resets, to the same last value. */
  gross: readonly Sample[];
  /** The same without imports too. */
  steady: readonly Sample[];
  end: Sample;
};

/** A way to forecast; `undefined` where the past is too short for it. */
export type Method = {
  name: string;
  /** It speaks of the time until the next reset: its interval leaves resets out. */
  untilReset?: boolean;
  fit: (past: Past) => Path | undefined;
};

/** @param history not empty. */
export const pastOf = (history: readonly Sample[], stepMs: number): Past => {
  const [resets, imports] = [findResets(history), findImports(history)];
  const gross = withoutJumps(history, resets);
  return {
    stepMs,
    history,
    resets,
    gross,
    steady: imports.length === 0 ? gross : withoutJumps(history, [...resets, ...imports]),
    end: history.at(-1) ?? { at: 0, value: 0 },
  };
};

/** The last value stays: what every other method has to beat. */
export const noChange: Method = {
  name: 'no change',
  fit:
    ({ end }) =>
    () =>
      end.value,
};
