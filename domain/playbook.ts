/** A playbook: when it applies, what it does, how its success is measured, and whether there is a way back. Data only. */
import type { Evidence } from './decision.ts';
import type { OperationId } from './names.ts';
import type { Measurement } from './outcome.ts';

/** Why a playbook applies to a target now, and what a decision has to know of what it would do there. */
export type Occasion = {
  playbook: string;
  /** As incidents name places: `shop/db`, `/srv`. */
  target: string;
  /** What it is to mend: `disk-filling`. */
  cause: string;
  evidence: Evidence[];
  /** How far the diagnosis or the forecast that it stands on can be relied on, 0 to 1, by its own record. */
  reliability: number;
  reversible: boolean;
  changesData: boolean;
  disruptive: boolean;
  /** By when the harm is there, ms since the epoch; absent: it is there already. */
  dueAt?: number;
  takesMs: number;
};

/** A playbook that is to be run on a target. */
export type PlaybookRequest = {
  operation: OperationId;
  host: string;
  playbook: string;
  /** SHA-256 of its text: what was decided on is what runs. */
  hash: string;
  target: string;
  cause: string;
  /** Of the decision that it comes from; absent where a person asked for it. */
  decision?: string;
};

/** A figure that its `success` is measured by, before and after. Absent where it could not be measured. */
export type Figure = { what: string; unit: string; before?: number; after?: number };

export type PlaybookOutcome =
  /** Every step was done. Whether it helped is what the measurements say. */
  | 'done'
  /** There was nothing to do. */
  | 'unchanged'
  /** It, or something it needs, is not as it was decided on; nothing was changed. */
  | 'refused'
  /** A step failed, and everything is verified to be as before. */
  | 'rolled-back'
  | 'cancelled'
  /** A step failed, and what the steps before it did is as it was left. */
  | 'incomplete'
  | 'needs-human';

export type PlaybookReport = PlaybookRequest & {
  outcome: PlaybookOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  steps: { title: string; outcome: string; notes: string[] }[];
  figures: Figure[];
  /** Right after its end; absent where it could not be made. */
  measurement?: Measurement;
  /** What is not as it should be. */
  left: string[];
  notes: string[];
};
