/** How far Baton may go by itself: levels, what caps them, and what the owner of a host lays down in `preferences.yml`. */
import { matches } from './wildcard.ts';
import type { Window } from './window.ts';

/** From the most careful on. */
export const levels = ['off', 'dry-run', 'conservative', 'moderate', 'aggressive'] as const;
/** `dry-run`: it decides, and does nothing. */
export type Level = (typeof levels)[number];

type LevelRules = {
  /** Below this confidence it asks. */
  minConfidence: number;
  /** With fewer outcomes of its own, here and for this cause, it asks; each by the weight that its age leaves it. */
  leastHere: number;
  /** Where more services depend on the target, it asks. */
  mostDependents: number;
};

/** Of the levels that do not act, what they would have done is told by the most careful one's. */
const careful: LevelRules = { minConfidence: 0.95, leastHere: 2, mostDependents: 1 };

/** How many dependents are too many to be disturbed unasked is a guess, and how much has to be known of a place of its own. */
export const rulesOf: Readonly<Record<Level, LevelRules>> = {
  off: careful,
  'dry-run': careful,
  conservative: careful,
  moderate: { minConfidence: 0.85, leastHere: 0.5, mostDependents: 4 },
  aggressive: { minConfidence: 0.75, leastHere: 0, mostDependents: 12 },
};

/** What holds of a kind of days. */
export type DayRules = {
  level?: Level;
  /** So many actions a day. */
  maxActions: number;
};

/** A night's work for a host, and few enough to read in the morning. A guess. */
export const defaultMaxActions = 5;

export type Preferences = {
  weekday: DayRules;
  weekend: DayRules;
  /** By playbook; it replaces that of the level where it asks for more, and where it asks for less. */
  minConfidence: Record<string, number>;
  /** Targets on which nothing is done unasked; `*` stands for anything. */
  protected: string[];
  /** Targets for which a playbook is not even proposed. */
  optOuts: { target: string; playbooks: string[] }[];
  /** When few are disturbed, as a person says; absent: as the traffic on record tells. */
  quietHours?: Window;
};

/** Why the level is no higher. */
export type Cap = { level: Level; why: string };

/** @returns the most careful of what caps it; the first of several. */
export const levelUnder = (caps: readonly [Cap, ...Cap[]]): Cap =>
  caps.reduce((lowest, cap) => (rank(cap.level) < rank(lowest.level) ? cap : lowest));

const rank = (level: Level): number => levels.indexOf(level);

export const acts = (level: Level): boolean => rank(level) > rank('dry-run');

/** One step, and never below `dry-run`: to watch harms nobody. */
export const nextLower = (level: Level): Level => (!acts(level) ? level : (levels[rank(level) - 1] ?? level));

export const nextHigher = (level: Level): Level | undefined => levels[rank(level) + 1];

/** @param level that holds at this hour. @returns what it asks of an action of this playbook. */
export const rulesAt = (level: Level, playbook: string, { minConfidence }: Preferences): LevelRules => {
  const rules = rulesOf[level];
  return { ...rules, minConfidence: minConfidence[playbook] ?? rules.minConfidence };
};

export const isProtected = (target: string, preferences: Preferences): boolean =>
  preferences.protected.some((pattern) => matches(pattern, target));

export const hasOptedOut = (target: string, playbook: string, { optOuts }: Preferences): boolean =>
  optOuts.some((one) => matches(one.target, target) && one.playbooks.some((name) => matches(name, playbook)));
