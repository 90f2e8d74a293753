/** What came of an action, as it was measured. What nobody measured, and what was only tried on paper, is no outcome. */
import type { OperationId } from './names.ts';

export type Measurement = {
  /** How long after the action: what is full again next morning was not freed. */
  afterMs: number;
  /** Milliseconds since the epoch. */
  at: number;
  /** Whether the playbook's own `success` held. */
  held: boolean;
};

/** Of an action that was really carried out. */
export type ActionOutcome = {
  operation: OperationId;
  playbook: string;
  target: string;
  /** What it was to mend: `disk-filling`, `crash-loop`. */
  cause: string;
  /** When the action ended, ms since the epoch. */
  endedAt: number;
  /** It ended otherwise than it should have: it failed, or was unwound. */
  failed: boolean;
  /** Oldest first. A measurement that could not be made is not among them. */
  measurements: Measurement[];
};

/** @returns whether it helped; `undefined` where its effect was not measured. A success holds at every measurement. */
export const helped = ({ failed, measurements }: ActionOutcome): boolean | undefined => {
  if (failed) return false;
  return measurements.length === 0 ? undefined : measurements.every(({ held }) => held);
};

/** As many failures in a row, on one target, stop a playbook there until a person has looked. */
const failuresInARow = 2;

/**
 * Whether a playbook stands still on a target.
 * @param lookedAt when a person looked at it last, ms since the epoch: what was before that counts no more.
 */
export const isStopped = (
  outcomes: readonly ActionOutcome[],
  { playbook, target }: Pick<ActionOutcome, 'playbook' | 'target'>,
  lookedAt = Number.NEGATIVE_INFINITY,
): boolean => {
  const verdicts = outcomes
    .filter((one) => one.playbook === playbook && one.target === target && one.endedAt > lookedAt)
    .sort((a, b) => a.endedAt - b.endedAt)
    .flatMap((one) => helped(one) ?? [])
    .slice(-failuresInARow);
  return verdicts.length === failuresInARow && verdicts.every((one) => !one);
};
