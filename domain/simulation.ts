/** What the rules came to over recorded history, what each level would have let through, and what then really happened. */
import { acts, levels, rulesOf, type Level } from './autonomy.ts';
import { percent } from './confidence.ts';
import { countText } from './count-text.ts';
import type { Decided } from './decided.ts';
import { answers, type Answer, type RuleName } from './decision.ts';
import { mean } from './forecast/order-statistics.ts';
import type { Incident } from './incident.ts';
import { helped, type ActionOutcome } from './outcome.ts';
import { isAt } from './target.ts';

export type History = { decisions: Decided[]; outcomes: ActionOutcome[]; incidents: Incident[] };

/** As a host's worker tells it. */
export type RecordedHistory = History & {
  /** IANA name: of the host. */
  timeZone: string;
  /** Only the newest of each kind are told. */
  cut: boolean;
};

/** What really became of what a decision was about. */
export type Fate = 'helped' | 'did not help' | 'went away by itself' | 'is still there' | 'not known';

export type LetThrough = { level: Level; count: number; fates: Partial<Record<Fate, number>> };

export type Simulated = {
  playbook: string;
  count: number;
  /** Of what it came to. */
  answers: Partial<Record<Answer, number>>;
  meanConfidence: number;
  levels: LetThrough[];
};

/** Rules that hang on the level, or on the same occasion having been decided on: they say nothing of another level. */
const ofTheLevel: readonly RuleName[] = ['off', 'dry-run', 'new-here', 'confidence', 'dependents'];

/** By playbook. What repeats a decision that stands is none. */
export const simulated = ({ decisions, outcomes, incidents }: History): Simulated[] => {
  const first = decisions.filter(({ decision }) => !decision.limits.some(({ rule }) => rule === 'decided'));
  return [...Map.groupBy(first, ({ proposal }) => proposal.playbook)]
    .map(([playbook, some]) => ({
      playbook,
      count: some.length,
      answers: counted(some.map(({ decision }) => decision.answer)),
      meanConfidence: mean(some.map(({ confidence }) => confidence.value)),
      levels: levels.filter(acts).map((level) => {
        const through = some.filter((one) => isLetThrough(one, level));
        return {
          level,
          count: through.length,
          fates: counted(through.map((one) => fateOf(one, outcomes, incidents))),
        };
      }),
    }))
    .sort((a, b) => (a.playbook < b.playbook ? -1 : 1));
};

const counted = <Key extends string>(keys: readonly Key[]): Partial<Record<Key, number>> =>
  Object.fromEntries(
    [...Map.groupBy(keys, (key) => key)].map(([key, some]) => [key, some.length]),
  ) as Partial<Record<Key, number>>;

/** Whether all that spoke against it was the level of that day, and its confidence is what this level asks. */
const isLetThrough = ({ decision, confidence }: Decided, level: Level): boolean =>
  confidence.value >= rulesOf[level].minConfidence &&
  confidence.own.of >= rulesOf[level].leastHere &&
  decision.limits
    .filter(({ rule }) => !ofTheLevel.includes(rule))
    .every(({ atMost }) => answers.indexOf(atMost) >= answers.indexOf('schedule'));

export const fateOf = (
  { at, action, proposal: { cause, target } }: Decided,
  outcomes: readonly ActionOutcome[],
  incidents: readonly Incident[],
): Fate => {
  const outcome = outcomes.find(({ operation }) => operation === action?.operation);
  const verdict = outcome && helped(outcome);
  if (verdict !== undefined) return verdict ? 'helped' : 'did not help';
  // Something was done, and nobody knows what it did: that the incident ended says nothing either.
  if (action) return 'not known';
  const incident = incidents.find(
    ({ what, where, openedAt, closedAt = Number.POSITIVE_INFINITY }) =>
      what === cause && isAt(target, where) && openedAt <= at && closedAt >= at,
  );
  if (!incident) return 'not known';
  return incident.closedAt === undefined ? 'is still there' : 'went away by itself';
};

export const simulatedText = (one: Simulated): string[] => [
  `${one.playbook}: ${countText(one.count, 'decision')} (${listed(one.answers)}), ${percent(one.meanConfidence)} confidence on average`,
  ...one.levels.map(
    ({ level, count, fates }) =>
      `  ${level} (${percent(rulesOf[level].minConfidence)}) would have let ${count} through${count === 0 ? '' : `: ${listed(fates)}`}`,
  ),
];

const listed = (counts: Partial<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${count ?? 0} ${what}`)
    .join(', ');
