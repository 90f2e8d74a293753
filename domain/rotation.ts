/** Rotation: removing the snapshots that no retention rule keeps. What is asked for, what is planned, and what came of it. */
import type { OperationId, StackName } from './names.ts';
import type { Problem } from './problem.ts';
import type { Decision, Keep } from './retention.ts';
import type { SnapshotDriver, SnapshotName } from './snapshot.ts';

export type RotationRequest = {
  operation: OperationId;
  host: string;
  /** Only snapshots that its operations took. */
  stack?: StackName;
  /** Digest of the plan that somebody has seen; where it is another by now, nothing is removed. */
  plan?: string;
};

export type SnapshotRef = { path: string; name: SnapshotName; driver: SnapshotDriver };

/** What is decided on the snapshots of one path. */
export type PathRotation = {
  path: string;
  /** Absent: no rule fits, so everything is kept. */
  keep?: Keep;
  decisions: Decision[];
};

export type RotationPlan = {
  /** Oldest first. */
  remove: SnapshotRef[];
  /** Of what is removed, and of nothing else: a new snapshot makes no other plan. */
  digest: string;
  problems: Problem[];
};

/** `gone`: somebody, or an earlier try, had removed it. `kept`: something holds it that did not when the plan was made. */
export type Removal = { did: 'removed' | 'gone' } | { did: 'kept'; reasons: string[] };

export type RotationOutcome =
  | 'done'
  /** There was nothing to remove. */
  | 'unchanged'
  /** Nothing was removed: see the problems. */
  | 'refused'
  /** Some could not be removed. */
  | 'incomplete'
  /** Someone cancelled it. */
  | 'stopped';

/** Free bytes of a filesystem. Others write to it too: the difference is not all its doing. */
export type SpaceChange = {
  filesystem: string;
  freeBefore: number;
  freeAfter: number;
  /** False where space was still being freed. */
  settled: boolean;
};

export type RotationReport = {
  operation: OperationId;
  host: string;
  stack?: StackName;
  outcome: RotationOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  removed: SnapshotRef[];
  gone: SnapshotRef[];
  kept: (SnapshotRef & { reasons: string[] })[];
  failed: (SnapshotRef & { why: string })[];
  /** Planned, but not tried. */
  left: number;
  space: SpaceChange[];
  problems: Problem[];
};

/** The rest is for another run: histories stay short, and reports can be read. */
export const mostRemovals = 500;

export const rotationExitCodes: Record<RotationOutcome, number> = {
  done: 0,
  unchanged: 0,
  refused: 1,
  incomplete: 1,
  stopped: 1,
};

const goneWords = 'No longer there:';

/** Snapshots that a step of a playbook removed, or found removed already, by name: of what does not come back a count is not enough. */
export const goneNotes = (names: readonly string[]): string[] =>
  names.length > 0 ? [`${goneWords} ${names.join(', ')}`] : [];

/** The names in such notes. */
export const goneIn = (notes: readonly string[]): string[] =>
  notes.flatMap((note) =>
    note.startsWith(goneWords) ? note.slice(goneWords.length).trim().split(', ') : [],
  );
