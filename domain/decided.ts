/** What is kept of a decision: on what it rested, what it came to, and what was made of it. */
import type { ActionEnd, ActionRequest } from './action.ts';
import type { Cap } from './autonomy.ts';
import { confidenceText, type Confidence } from './confidence.ts';
import { answers, type Answer, type Decision, type Proposal } from './decision.ts';
import type { Mandate } from './mandate.ts';
import type { OperationId } from './names.ts';

/** An entry of kind `decision` in the records has this as its body. What came of it is an `ActionOutcome`, under the id of the operation. */
export type Decided = {
  id: string;
  /** Milliseconds since the epoch. */
  at: number;
  proposal: Proposal;
  decision: Decision;
  level: Cap;
  confidence: Confidence;
  /** Other playbooks that applied to the same incident, and why they were not chosen. */
  alternatives: { playbook: string; answer: Answer; why: string }[];
  /** What it would have been at a level that acts; only where the level does not. */
  wouldHave?: Answer;
  /** What was begun because of it. */
  action?: { operation: OperationId; workflowId: string; startsAt?: number };
  /** Of the run of the cycle that made it. */
  cycle?: string;
  /** How the action ended; absent while it waits or runs. */
  ended?: Pick<ActionEnd, 'at' | 'outcome' | 'why'>;
};

/** What a cycle decided. */
export type Deliberation = {
  level: Cap;
  /** New ones. */
  decided: Decided[];
  begin: ActionRequest[];
  /** Where the record has just taken the level down. */
  lowered?: { mandate: Mandate; cap: Cap };
  /** What keeps it from deciding as it should, in words: playbooks and preferences with mistakes. */
  problems: string[];
};

/** `act · service-restart on shop/db (service-down)`. */
export const decidedTitle = ({ decision, proposal }: Pick<Decided, 'decision' | 'proposal'>): string =>
  `${decision.answer} · ${proposal.playbook} on ${proposal.target} (${proposal.cause})`;

/** Why it was no more than that: the strictest of what limited it. */
export const decidedWhy = ({ decision, confidence }: Pick<Decided, 'decision' | 'confidence'>): string =>
  decision.limits[0]?.why ?? `nothing spoke against it, with ${confidenceText(confidence)}`;

/** For the Web UI and the command line: a line each. */
export const deliberationText = ({ level, decided, problems }: Deliberation): string[] => [
  `Level ${level.level}: ${level.why}`,
  ...problems.map((problem) => `! ${problem}`),
  ...decided.map(
    (one) =>
      `${decidedTitle(one)} · ${one.id}: ${decidedWhy(one)}${one.wouldHave === undefined ? '' : `; otherwise: ${one.wouldHave}`}`,
  ),
];

/** The boldest answer among them. */
export const mostDone = (decided: readonly Pick<Decided, 'decision'>[]): Answer =>
  answers.findLast((answer) => decided.some(({ decision }) => decision.answer === answer)) ?? 'nothing';
