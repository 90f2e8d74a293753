/**
 * What to do about a proposal: act, schedule it, ask, watch, or nothing. Every rule names the most that it allows and why, and the
 * strictest counts: so what is unknown, stale or missing can only make it more careful, and what would have changed the decision can be told.
 */
import { hasOptedOut, isProtected, rulesAt, type Cap, type Preferences } from './autonomy.ts';
import type { QuietSpan } from './quiet-window.ts';
import type { Span } from './window.ts';
import { confidenceText, percent, type Confidence } from './confidence.ts';

/** From the most careful on. */
export const answers = ['nothing', 'watch', 'ask', 'schedule', 'act'] as const;
export type Answer = (typeof answers)[number];

/** What could not be found out. It is never taken for good news. */
export type Unknown = 'unknown';

/** What a proposal rests on. */
export type Evidence = {
  what: string;
  /** As it is shown, with its unit; absent: it could not be found out. */
  value?: string;
  /** When it was observed, ms since the epoch. */
  at: number;
  /** Older than this it says nothing. */
  freshForMs: number;
};

export type Proposal = {
  /** The same incident, playbook and target make the same proposal. */
  id: string;
  playbook: string;
  target: string;
  cause: string;
  evidence: Evidence[];
  /** Whether there is a way back from it. */
  reversible: boolean;
  changesData: boolean;
  /** Whether the target stops serving meanwhile. */
  disruptive: boolean;
  /** By when the harm is there, ms since the epoch; absent: it is there already. */
  dueAt?: number;
  /** How long it takes, as measured or declared. */
  takesMs: number;
  /** What it may disturb: the target, and what depends on it. */
  touches: string[];
  /** Of an update: the digest of the image. */
  image?: string;
};

/** What is known around it at the moment of the decision. */
export type Circumstances = {
  /** Milliseconds since the epoch. */
  now: number;
  /** The level of this hour, and what caps it. */
  level: Cap;
  preferences: Preferences;
  confidence: Confidence;
  /** How many actions are left of today's. */
  budgetLeft: number | Unknown;
  /** No second attempt before that, ms since the epoch. */
  coolsDownUntil?: number;
  /** Its playbook has failed here, and nobody has looked since. */
  stopped: boolean;
  /** What runs or waits on the target or on what depends on it. */
  busyWith: string[] | Unknown;
  /** What ended there lately, and when, ms since the epoch. */
  ended: readonly { what: string; at: number }[];
  /** Who holds the host. */
  heldBy: string[] | Unknown;
  /** Services that depend on the target. */
  dependents: number | Unknown;
  activeUsers: number | Unknown;
  /** Whether its data was ever restored for proof, recently enough. */
  restoreProved: boolean | Unknown;
  /** It is one of Baton's own parts: its worker, Temporal, what they stand on. */
  isOwnPart: boolean;
  /** It was decided on before, and that decision stands. */
  decided: boolean;
  /** Why its success cannot be reached, by figures as they are now. */
  outOfReach?: string;
  /** The next hours in which few are disturbed. */
  window: QuietSpan | Unknown;
};

/** What a rule allows at most. */
export type Limit = { rule: RuleName; atMost: Answer; why: string };

export type Decision = {
  answer: Answer;
  /** Where it is to be done later. */
  window?: Span;
  /** The strictest first: those with the same `atMost` as the answer are what would have to change. */
  limits: Limit[];
};

type Rule = (proposal: Proposal, around: Circumstances) => Omit<Limit, 'rule'> | undefined;

const limit = (atMost: Answer, why: string): Omit<Limit, 'rule'> => ({ atMost, why });

const rules = {
  off: (_, { level: { level, why } }) =>
    level === 'off' ? limit('nothing', `Baton does not act by itself: ${why}`) : undefined,

  'opted-out': ({ target, playbook }, { preferences }) =>
    hasOptedOut(target, playbook, preferences)
      ? limit('nothing', `preferences.yml takes ${target} out of ${playbook}`)
      : undefined,

  decided: (_, { decided }) =>
    decided ? limit('nothing', 'it was decided on before, and that decision stands') : undefined,

  'out-of-reach': (_, { outOfReach }) =>
    outOfReach === undefined ? undefined : limit('nothing', `it cannot help: ${outOfReach}`),

  'dry-run': (_, { level: { level, why } }) =>
    level === 'dry-run' ? limit('watch', `it only watches: ${why}`) : undefined,

  held: (_, { heldBy }) => {
    if (heldBy === 'unknown') return limit('watch', 'whether somebody holds the host is not known');
    return heldBy.length > 0 ? limit('watch', `held by ${heldBy.join(', ')}`) : undefined;
  },

  stale: ({ evidence }, { now }) => {
    const stale = evidence.find(({ at, freshForMs }) => now - at > freshForMs);
    return stale ? limit('watch', `${stale.what} is too old to decide on`) : undefined;
  },

  'no-evidence': ({ evidence }) =>
    evidence.length === 0 ? limit('watch', 'nothing that was observed speaks for it') : undefined,

  unknown: ({ evidence }) => {
    const unknown = evidence.find(({ value }) => value === undefined);
    return unknown ? limit('ask', `${unknown.what} is not known`) : undefined;
  },

  busy: (_, { busyWith }) => {
    if (busyWith === 'unknown') return limit('watch', 'what else runs on the target is not known');
    return busyWith.length > 0 ? limit('watch', `${busyWith.join(', ')} is under way there`) : undefined;
  },

  /** What was seen before it ended, or while it ran, may be its doing, and may be over: the next look tells. */
  overtaken: ({ evidence }, { ended }) => {
    const last = [...ended].sort((a, b) => b.at - a.at)[0];
    const seen = evidence.find(({ at }) => last && at <= last.at);
    return last && seen ? limit('watch', `${seen.what} was seen before ${last.what} had ended`) : undefined;
  },

  'cool-down': (_, { coolsDownUntil, now }) =>
    coolsDownUntil !== undefined && coolsDownUntil > now
      ? limit('watch', 'its last attempt here was too short a time ago')
      : undefined,

  stopped: ({ playbook, target }, { stopped }) =>
    stopped
      ? limit('ask', `${playbook} has failed twice in a row on ${target}, and nobody has looked since`)
      : undefined,

  protected: ({ target }, { preferences }) =>
    isProtected(target, preferences) ? limit('ask', `preferences.yml protects ${target}`) : undefined,

  'own-part': ({ target }, { isOwnPart }) =>
    isOwnPart ? limit('ask', `Baton itself stands on ${target}`) : undefined,

  'no-record': (_, { confidence: { own, wider } }) =>
    own.of + wider.of > 0 ? undefined : limit('ask', 'it was never done before, here or elsewhere'),

  confidence: ({ playbook }, { confidence, level, preferences }) => {
    const { minConfidence } = rulesAt(level.level, playbook, preferences);
    return confidence.value >= minConfidence
      ? undefined
      : limit(
          'ask',
          `${percent(minConfidence)} are needed (${level.level}: ${level.why}); it has ${confidenceText(confidence)}`,
        );
  },

  'new-here': ({ playbook, target }, { confidence: { own }, level, preferences }) =>
    own.of < rulesAt(level.level, playbook, preferences).leastHere
      ? limit('ask', `it was measured too seldom on ${target} itself (${level.level}: ${level.why})`)
      : undefined,

  dependents: ({ disruptive, playbook }, { dependents, level, preferences }) => {
    if (!disruptive) return undefined;
    if (dependents === 'unknown') return limit('ask', 'what depends on the target is not known');
    const { mostDependents } = rulesAt(level.level, playbook, preferences);
    return dependents > mostDependents
      ? limit('ask', `${dependents} services depend on it, more than ${mostDependents} (${level.level})`)
      : undefined;
  },

  irreversible: ({ reversible, changesData }, { restoreProved }) =>
    !reversible && changesData && restoreProved !== true
      ? limit('ask', 'it cannot be undone, and no restore of its data was proved')
      : undefined,

  budget: (_, { budgetLeft }) => {
    if (budgetLeft === 'unknown') return limit('ask', 'how much of today’s budget is left is not known');
    return budgetLeft > 0 ? undefined : limit('ask', 'today’s budget is spent');
  },

  'no-window': ({ dueAt }, { window }) =>
    dueAt !== undefined && window === 'unknown'
      ? limit('ask', 'it need not be done at once, and no hour is known in which it disturbs few')
      : undefined,

  users: (proposal, around) => {
    const { activeUsers } = around;
    if (!proposal.disruptive || proposal.dueAt === undefined || activeUsers === 0) return undefined;
    if (isInTime(proposal, around))
      return limit(
        'schedule',
        activeUsers === 'unknown' ? 'how many use it now is not known' : `${activeUsers} use it now`,
      );
    // The harm comes before the window does: it is the greater one, as far as is known.
    return activeUsers === 'unknown' ? limit('ask', 'how many use it now is not known') : undefined;
  },

  'can-wait': (proposal, around) =>
    isInTime(proposal, around) && around.window.from > around.now
      ? limit('schedule', `it can wait for ${around.window.why}`)
      : undefined,
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof rules;

/** Whether it would be over before the window closes and before the harm is there. */
const isInTime = (
  { dueAt, takesMs }: Proposal,
  around: Circumstances,
): around is Circumstances & { window: QuietSpan } => {
  const { window, now } = around;
  if (window === 'unknown' || dueAt === undefined) return false;
  return Math.max(window.from, now) + takesMs <= Math.min(window.to, dueAt);
};

/** Every rule is asked; what it comes to is the least that any of them allows. */
export const decide = (proposal: Proposal, around: Circumstances): Decision =>
  decisionUnder(
    (Object.entries(rules) as [RuleName, Rule][]).flatMap(([rule, ask]) => {
      const found = ask(proposal, around);
      return found ? [{ rule, ...found }] : [];
    }),
    around,
  );

const decisionUnder = (found: readonly Limit[], { window }: Circumstances): Decision => {
  const limits = [...found].sort((a, b) => answers.indexOf(a.atMost) - answers.indexOf(b.atMost));
  const answer = limits[0]?.atMost ?? 'act';
  return { answer, limits, ...(answer === 'schedule' && window !== 'unknown' ? { window } : {}) };
};

/** What it would have come to without some of the rules: what a dry run shows. */
export const decisionWithout = (
  { limits }: Decision,
  without: readonly RuleName[],
  around: Circumstances,
): Decision =>
  decisionUnder(
    limits.filter(({ rule }) => !without.includes(rule)),
    around,
  );

/**
 * Several at once, the most pressing first: what one of them takes up, of the budget and of what it touches, the next ones do
 * without. Also what is only asked: nobody is asked twice about one thing.
 */
export const decideAll = <Candidate extends { proposal: Proposal; around: Circumstances }>(
  candidates: readonly Candidate[],
): (Candidate & { decision: Decision })[] => {
  const begun: Proposal[] = [];
  let spent = 0;
  return [...candidates].sort(byUrgency).map((candidate) => {
    const { proposal, around } = candidate;
    const beside = begun.filter(({ touches }) => touches.some((one) => proposal.touches.includes(one)));
    const left = around.budgetLeft === 'unknown' ? around.budgetLeft : around.budgetLeft - spent;
    const busy =
      around.busyWith === 'unknown' ? around.busyWith : [...around.busyWith, ...beside.map(titleOf)];
    const decision = decide(proposal, { ...around, budgetLeft: left, busyWith: busy });
    if (decision.answer === 'act' || decision.answer === 'schedule') spent += 1;
    if (begins(decision.answer)) begun.push(proposal);
    return { ...candidate, decision };
  });
};

/** Whether anything comes of it: something is done, or asked. */
export const begins = (answer: Answer): boolean => answer !== 'nothing' && answer !== 'watch';

type Deciding = { proposal: Proposal; around: Circumstances };

/** What harms already, then what will first; of two, the surer one. Their ids decide last, so that no order of asking does. */
const byUrgency = (a: Deciding, b: Deciding): number =>
  (a.proposal.dueAt ?? 0) - (b.proposal.dueAt ?? 0) ||
  b.around.confidence.value - a.around.confidence.value ||
  (a.proposal.id < b.proposal.id ? -1 : 1);

const titleOf = ({ playbook, target }: Proposal): string => `${playbook} on ${target}`;
