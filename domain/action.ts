/** An action: a playbook that Baton decided to run, from its question or its hour to what came of it. */
import type { Answer } from './decision.ts';
import type { EcosystemPlan } from './ecosystem.ts';
import type { Gate } from './gate.ts';
import type { GuardPlan } from './guard.ts';
import { figureText } from './measure.ts';
import type { OperationId, StackName } from './names.ts';
import type { Announced, Outcome, Report } from './operation.ts';
import type { ActionOutcome } from './outcome.ts';
import type { Plan } from './plan.ts';
import type { PlaybookOutcome, PlaybookReport, PlaybookRequest } from './playbook.ts';

/** What is shown to whoever is asked. */
export type ActionPlan = {
  kind: 'playbook';
  playbook: string;
  target: string;
  /** What it would do, why, and whether there is a way back: a line each. */
  lines: string[];
};

/** Of an operation, whatever its kind. */
export type AnyPlan = Plan | GuardPlan | ActionPlan | EcosystemPlan;

export type ActionRequest = PlaybookRequest & {
  decision: string;
  answer: Exclude<Answer, 'nothing' | 'watch'>;
  /** Of the mandate under which it was decided. */
  session: string;
  plan: ActionPlan;
  /** Of the plan. */
  digest: string;
  /** What it waits for; absent: nothing. */
  gate?: Gate;
  /** How long after its end its success is measured again, ms, growing. */
  againAfterMs: number[];
};

/**
 * As an operation is announced. Where operations name their stack, this one names its target, by which it is shown and found; it
 * reaches no command: what is done there is done by operations of their own.
 */
export const announcedOf = ({ operation, host, playbook, target }: PlaybookRequest): Announced => ({
  operation,
  kind: 'playbook',
  playbook,
  stack: target as StackName,
  host,
});

/** A playbook that stopped in the middle left something for a person to look at. */
const outcomes: Record<PlaybookOutcome, Outcome> = {
  done: 'done',
  unchanged: 'unchanged',
  refused: 'refused',
  'rolled-back': 'rolled-back',
  cancelled: 'cancelled',
  incomplete: 'needs-human',
  'needs-human': 'needs-human',
};

/** The playbook's report, as that of an operation. */
export const endOf = ({ outcome, left, notes, steps, figures }: PlaybookReport) => ({
  outcome: outcomes[outcome],
  rest: {
    left,
    notes: [
      ...steps.map(({ title, outcome: ended }) => `${title}: ${ended}`),
      ...figures.map(figureText),
      ...notes,
    ],
  } satisfies Partial<Report>,
});

/**
 * What it counts for in the record; `undefined` for what was not carried out.
 * @param endedAt ms since the epoch.
 */
export const outcomeOf = (report: PlaybookReport, endedAt: number): ActionOutcome | undefined => {
  const { operation, playbook, target, cause, outcome, measurement } = report;
  if (outcome === 'unchanged' || outcome === 'refused' || outcome === 'cancelled') return undefined;
  return {
    operation,
    playbook,
    target,
    cause,
    endedAt,
    failed: outcome !== 'done',
    measurements: measurement ? [measurement] : [],
  };
};

/** How an action ended, as it is kept with its decision. */
export type ActionEnd = {
  operation: OperationId;
  /** Milliseconds since the epoch. */
  at: number;
  outcome: Outcome;
  /** Why it was not begun; absent where it was. */
  why?: string;
};
