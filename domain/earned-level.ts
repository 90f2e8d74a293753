/** What level the record has earned: it falls by itself, and is raised by people only. */
import { acts, nextHigher, nextLower, rulesOf, type Cap, type Level } from './autonomy.ts';
import { percent } from './confidence.ts';
import type { Scored } from './calibration.ts';

/** Of the newest actions, so many are looked at: what is older says little of the level of today. A guess. */
const lookBack = 40;

/** Fewer kept promises than chance explains in one of 20, or of 200, cases. */
const unlikely = 0.05;
const veryUnlikely = 0.005;

/**
 * @param set the level that a person set. @param scored oldest first.
 * @returns what the record caps it at; `undefined` where it does not.
 */
export const earnedCap = (set: Level, scored: readonly Scored[]): Cap | undefined => {
  if (!acts(set)) return undefined;
  const recent = scored.slice(-lookBack);
  const chance = chanceOfSoFew(recent);
  if (chance >= unlikely) return undefined;
  const level = chance < veryUnlikely ? 'dry-run' : nextLower(set);
  const kept = recent.filter((one) => one.kept).length;
  const promised = recent.reduce((sum, one) => sum + one.promised, 0);
  return {
    level,
    why: `of the last ${recent.length} actions ${kept} helped, where ${promised.toFixed(1)} were promised`,
  };
};

/** As many actions at least have to be on record before a higher level is proposed. A guess. */
const enough = 20;

/**
 * @param scored since the level was set.
 * @returns the next level, where the share that helped, by Laplace's rule, reaches what that level asks of each action.
 */
export const proposedLevel = (set: Level, scored: readonly Scored[]): Cap | undefined => {
  const level = nextHigher(set);
  if (level === undefined || set === 'off' || scored.length < enough || earnedCap(set, scored))
    return undefined;
  const kept = scored.filter((one) => one.kept).length;
  const share = (kept + 1) / (scored.length + 2);
  return share >= rulesOf[level].minConfidence
    ? { level, why: `${kept} of ${scored.length} actions helped: ${percent(share)} by Laplace’s rule` }
    : undefined;
};

/**
 * The chance that no more than as many promises are kept as were, if each is worth what it says: the distribution function of the
 * Poisson binomial, by convolution (Wang, 1993, "On the number of successes in independent trials").
 */
export const chanceOfSoFew = (scored: readonly Scored[]): number => {
  const kept = scored.filter((one) => one.kept).length;
  const chances = scored.reduce<number[]>(
    (before, { promised }) =>
      Array.from(
        { length: before.length + 1 },
        (_, count) => (before[count] ?? 0) * (1 - promised) + (before[count - 1] ?? 0) * promised,
      ),
    [1],
  );
  return chances.slice(0, kept + 1).reduce((sum, chance) => sum + chance, 0);
};
