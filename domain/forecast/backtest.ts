/**
 * Backtest: what each method would have said at moments of the past, and how far off that would have been. A rolling origin, as in
 * Tashman, International Journal of Forecasting 16 (2000): at each origin a method sees only what was measured before. That the rate
 * changed is known beforehand: no origin lies before the change.
 */
import type { Sample } from '../series.ts';
import { noChange, pastOf, type Method } from './past.ts';
import { mean } from './order-statistics.ts';

/**
 * Measured less forecast, `leadMs` after the origin; `ungrown` is what resets took between the two, which a method that speaks of the
 * time until the next reset cannot know.
 */
export type Miss = { origin: number; leadMs: number; error: number; ungrown: number };

/** How a method did: `skill` is its mean absolute error as a share of that of "no change" (Theil's U); below 1 it is better. */
export type Trial = { method: Method; misses: Miss[]; skill: number };

/** More origins were not better on the benchmark's series, and each costs a fit of each method. */
const origins = 14;
/** Shares of the horizon at which is measured. */
const leads = [0.125, 0.25, 0.5, 1];
/** A method sees as much before its first forecast, of what there is. */
const leastPast = 0.5;

/** @returns one a method that could be tried at all. */
export const backtest = (
  history: readonly Sample[],
  stepMs: number,
  horizonMs: number,
  methods: readonly Method[],
): Trial[] => {
  const byStep = new Map(history.map((sample) => [Math.floor(sample.at / stepMs), sample]));
  const { resets } = pastOf(history, stepMs);
  const pasts = originsOf(history).map((count) => pastOf(history.slice(0, count), stepMs));
  const missesOf = ({ fit }: Method): Miss[] =>
    pasts.flatMap((past) => {
      const path = fit(past);
      const ahead = leads.map((share) => Math.floor((past.end.at + share * horizonMs) / stepMs));
      return ahead.flatMap((step, index) => {
        const later = byStep.get(step);
        if (!path || !later) return [];
        const leadMs = (leads[index] ?? 1) * horizonMs;
        const ungrown = resets
          .filter(({ at }) => at > past.end.at && at <= later.at)
          .reduce((sum, { size }) => sum + size, 0);
        return [{ origin: past.end.at, leadMs, error: later.value - path(later.at), ungrown }];
      });
    });
  const unchanged = new Map(missesOf(noChange).map((miss) => [keyOf(miss), Math.abs(miss.error)]));
  return methods.flatMap((method) => {
    const misses = missesOf(method);
    return misses.length === 0 ? [] : [{ method, misses, skill: skillOf(misses, unchanged) }];
  });
};

/**
 * Whether one is better than another by more than one standard error of the difference, origin by origin: the rule by which Breiman,
 * Friedman, Olshen and Stone (Classification and Regression Trees, 1984, section 3.4.3) keep the simpler of two.
 */
export const isAhead = (one: Trial, other: Trial): boolean => {
  const otherMisses = new Map(other.misses.map((miss) => [keyOf(miss), Math.abs(miss.error)]));
  const usual = new Map(
    [...Map.groupBy(other.misses, ({ leadMs }) => leadMs)].map(
      ([leadMs, some]) => [leadMs, mean(some.map(({ error }) => Math.abs(error)))] as const,
    ),
  );
  const leads = [...Map.groupBy(one.misses, ({ origin }) => origin).values()].flatMap((some) => {
    const gained = some.flatMap((miss) => {
      const [off, scale] = [otherMisses.get(keyOf(miss)), usual.get(miss.leadMs)];
      return off === undefined || !scale ? [] : [(off - Math.abs(miss.error)) / scale];
    });
    return gained.length === 0 ? [] : [mean(gained)];
  });
  if (leads.length < 2) return one.skill < other.skill;
  const lead = mean(leads);
  const variance = leads.reduce((sum, each) => sum + (each - lead) ** 2, 0) / (leads.length - 1);
  return lead > Math.sqrt(variance / leads.length);
};

const keyOf = ({ origin, leadMs }: Miss): string => `${origin} ${leadMs}`;

const skillOf = (misses: readonly Miss[], unchanged: ReadonlyMap<string, number>): number => {
  const own = [...Map.groupBy(misses, ({ leadMs }) => leadMs).values()].map((some) => {
    const off = mean(some.map(({ error }) => Math.abs(error)));
    const still = mean(some.map((miss) => unchanged.get(keyOf(miss)) ?? 0));
    return still > 0 ? off / still : 1;
  });
  return mean(own);
};

const originsOf = (history: readonly Sample[]): number[] => {
  const first = Math.ceil(leastPast * history.length);
  return Array.from(
    { length: origins },
    (_, index) => first + Math.floor(((history.length - 1 - first) * index) / origins),
  );
};
