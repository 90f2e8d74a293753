/** What is kept of a decision: on what it rested, what it came to, and what was made of it. */
import type { Cap } from './autonomy.ts';
import type { Confidence } from './confidence.ts';
import type { Answer, Decision, Proposal } from './decision.ts';
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
};
