/** What is known of a host when decisions are made, and what of it bears on one proposal. */
import type { Cap, Preferences } from './autonomy.ts';
import { confidenceIn } from './confidence.ts';
import type { Decided } from './decided.ts';
import type { Circumstances, Proposal, Unknown } from './decision.ts';
import type { Picture } from './occasion.ts';
import { isStopped, type ActionOutcome } from './outcome.ts';
import type { Occasion, Playbook } from './playbook.ts';
import { stackAt } from './dependency-map.ts';
import { countDependents, proposalOf } from './proposal.ts';
import type { QuietSpan } from './quiet-window.ts';
import { coolDownEnd, stands } from './standing-decision.ts';
import { isAt } from './target.ts';
import { freshForMs } from './threshold.ts';
import { trafficMeasure } from './traffic.ts';

export type Facts = Picture & {
  level: Cap;
  preferences: Preferences;
  decided: readonly Decided[];
  outcomes: readonly ActionOutcome[];
  /** When a person looked last at a playbook on a target, ms since the epoch, by `PLAYBOOK TARGET`. */
  lookedAt: ReadonlyMap<string, number>;
  /** Operations whose action still waits or runs. */
  open: ReadonlySet<string>;
  /** How many actions are left of today's. */
  budgetLeft: number | Unknown;
  heldBy: string[] | Unknown;
  /** With those that ended lately: `endedAt`, ms since the epoch. */
  underWay: readonly { what: string; on: string; endedAt?: number }[] | Unknown;
  /** Stacks that Baton itself stands on. */
  ownStacks: ReadonlySet<string>;
  /** When few are disturbed next. */
  windowFor: (proposal: Pick<Proposal, 'target' | 'takesMs' | 'dueAt'>) => QuietSpan | Unknown;
  /** Whether the data of a target was brought back for proof, recently enough. */
  restoreProved: (target: string) => boolean | Unknown;
};

/** As it is decided on. */
export type Candidate = { proposal: Proposal; around: Circumstances; playbook: Playbook };

export const candidateOf = (playbook: Playbook, occasion: Occasion, facts: Facts): Candidate => {
  const proposal = proposalOf(occasion, facts);
  const { target, touches } = proposal;
  const { now, level, preferences, decided, outcomes, needs, budgetLeft, heldBy } = facts;
  const lookedAt = facts.lookedAt.get(lookedAtKey(proposal));
  const coolsDownUntil = coolDownEnd(proposal, decided, playbook.cooldownMs);
  const around: Circumstances = {
    now,
    level,
    preferences,
    confidence: confidenceIn(occasion, outcomes, now),
    budgetLeft,
    ...(coolsDownUntil === undefined ? {} : { coolsDownUntil }),
    stopped: isStopped(outcomes, proposal, lookedAt),
    ...operationsOn(touches, facts),
    heldBy,
    dependents: countDependents(target, needs),
    activeUsers: activeUsers(target, facts),
    restoreProved: facts.restoreProved(target),
    isOwnPart: [target, ...touches].some((place) => facts.ownStacks.has(stackAt(place))),
    decided: stands(
      proposal,
      decided,
      now,
      ({ action }) => action !== undefined && facts.open.has(action.operation),
      lookedAt,
    ),
    window: facts.windowFor(proposal),
  };
  return { proposal, around, playbook };
};

export const lookedAtKey = ({ playbook, target }: Pick<Proposal, 'playbook' | 'target'>): string =>
  `${playbook} ${target}`;

/** A stack's operation may touch all of its services. */
const operationsOn = (
  touches: readonly string[],
  { underWay }: Facts,
): Pick<Circumstances, 'busyWith' | 'ended'> => {
  if (underWay === 'unknown') return { busyWith: underWay, ended: [] };
  const own = underWay.filter(({ on }) => touches.some((place) => isAt(on, place)));
  return {
    busyWith: own.flatMap(({ what, endedAt }) => (endedAt === undefined ? [what] : [])),
    ended: own.flatMap(({ what, endedAt }) => (endedAt === undefined ? [] : [{ what, at: endedAt }])),
  };
};

/** Requests of the last look, where traffic is measured. */
const activeUsers = (target: string, { latest, now }: Facts): number | Unknown => {
  const own = latest.filter(
    ({ measure, place, at }) => measure === trafficMeasure && now - at <= freshForMs && isAt(place, target),
  );
  return own.length === 0 ? 'unknown' : own.reduce((sum, { value }) => sum + value, 0);
};
