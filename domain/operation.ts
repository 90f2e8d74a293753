/** An operation: one durable change to one stack. What is asked for, how it goes, and how it ended. */
import type { Changes } from './changes.ts';
import type { CommandEnd } from './commands.ts';
import type { GuardPlan } from './guard.ts';
import type { MemberOutcome } from './ecosystem.ts';
import type { AnswerRecord, GateWish, Waiting } from './gate.ts';
import type { OperationId, ReleaseId, ServiceName, StackName } from './names.ts';
import type { OperationKind, Plan, ReleaseKind, ServiceAction } from './plan.ts';
import type { Problem } from './problem.ts';
import type { SnapshotName } from './snapshot.ts';

/** What every operation says of itself. */
export type Announced = {
  operation: OperationId;
  kind: OperationKind;
  stack: StackName;
  host: string;
  /** Of the kind `playbook`: which. */
  playbook?: string;
  /** What it was begun for, where a playbook began it. */
  because?: string;
};

/** In a few words: `deploy photos`, `service-restart shop/db`. */
export const titleOf = ({
  kind,
  playbook,
  stack,
}: {
  kind: string;
  playbook?: string;
  stack: string;
}): string => `${playbook ?? kind} ${stack}`;

export type OperationRequest = {
  operation: OperationId;
  kind: ReleaseKind;
  stack: StackName;
  host: string;
  source: ReleaseSource;
  options: OperationOptions;
  because?: string;
  /** What it is to wait for before it changes anything. */
  gate?: GateWish;
  /** Part of an ecosystem: once healthy, it tells this workflow and waits to be committed. */
  ecosystem?: { workflowId: string; name: StackName; agreed?: AgreedRelease };
};

/** What somebody agreed to for all of an ecosystem: it is deployed, whatever the file says by now. */
export type AgreedRelease = {
  release: ReleaseId;
  /** What it does, where people have approved that: nothing else is done. */
  deeds?: string[];
};

/** An operation whose unwind could not be finished, as it was: see `Report`. */
export type ResumeRequest = Announced & {
  plan: Plan | GuardPlan;
  ran: ServiceName[];
  dataUntouched?: boolean;
  /** ISO 8601, UTC: part of the names of its snapshots. */
  startedAt: string;
  failure: Failure;
};

/** Where the wanted release comes from. */
export type ReleaseSource =
  | {
      from: 'file';
      /** Absolute path on the worker's host. */
      file: string;
      envFiles: string[];
      variables: Record<string, string>;
      profiles: string[];
    }
  | {
      from: 'release';
      /** Absent: the one before the running one. */
      release?: ReleaseId;
      /** Put the data back to what it was when that release was replaced. */
      withData: boolean;
      /** Images that take the place of its own, by service: `docker.io/library/nginx@sha256:…`. */
      images?: Record<ServiceName, string>;
    }
  | { from: 'nothing'; withData: boolean };

/** Larger data is copied only where somebody asks for it. */
export const defaultCopyLimitBytes = 2 ** 30;

export type OperationOptions = {
  copyLimitBytes: number;
  build: boolean;
  pull: boolean;
  /** Digest of a saved plan; the operation is refused where the plan is another by now. */
  expectedPlan?: string;
};

export type Outcome =
  | 'done'
  /** The wanted release already ran. */
  | 'unchanged'
  /** Preflight said no; nothing was changed. */
  | 'refused'
  /** It waited for an approval that was denied, or did not come; nothing was changed. */
  | 'not-approved'
  /** Something failed; everything is verified to be as before. */
  | 'rolled-back'
  /** Someone asked to stop; everything is verified to be as before. */
  | 'cancelled'
  /** Something failed, and a person chose to keep it as it is: only of a guarded command. */
  | 'kept'
  /** Neither the new nor the old state could be reached and verified. */
  | 'needs-human';

export type StepState = 'waiting' | 'running' | 'done' | 'failed' | 'undoing' | 'undone' | 'skipped';

export type Step = {
  id: string;
  title: string;
  state: StepState;
  /** Milliseconds since the epoch, by the workflow's clock. */
  startedAt?: number;
  endedAt?: number;
  note?: string;
};

/** How far a step is while it runs; goes with the next beat of its activity, and is shown by whoever watches. */
export type Beat = { note: string };

export type Failure = {
  /** Title of the step that failed. */
  step: string;
  message: string;
  /** Last lines of the container's log, secrets removed. */
  logTail?: string;
};

export type SnapshotTaken = { path: string; name: SnapshotName; location: string };

export type DataOutcome = {
  path: string;
  /**
   * `none`: the data was not protected, as the plan said. `emptied`: what a failed release left of a database is kept aside,
   * and its dump is not restored yet.
   */
  did: 'protected' | 'restored' | 'untouched' | 'none' | 'emptied';
  snapshot?: string;
  /** Where the failed state lies, and which writes are in it (ISO 8601, UTC). */
  failedState?: { snapshot: string; writesFrom: string; writesTo: string };
};

export type Report = {
  operation: OperationId;
  kind: OperationKind;
  stack: StackName;
  host: string;
  outcome: Outcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  release?: ReleaseId;
  previousRelease?: ReleaseId;
  changes: { service: ServiceName; action: ServiceAction; reasons: string[]; tookMs?: number }[];
  data: DataOutcome[];
  problems: Problem[];
  /** Only of a guarded command: how it ended, and which files it changed. */
  command?: CommandEnd;
  files?: Changes;
  /** Only of an ecosystem. */
  stacks?: MemberOutcome[];
  failure?: Failure;
  /** What is not as it should be; only with `needs-human`. */
  left: string[];
  /** Services whose new container ran, so that `resume` knows which data to put back; only with `needs-human`. */
  ran?: ServiceName[];
  /** It failed before anything could have changed the data, which `resume` leaves alone then; only with `needs-human`. */
  dataUntouched?: boolean;
  /** What people said while it waited for them, and to whom it was too late or not theirs to say. */
  answers?: AnswerRecord[];
  notes: string[];
};

/** What `progressQuery` answers. */
export type Progress = {
  operation: OperationId;
  stack: StackName;
  kind: OperationKind;
  playbook?: string;
  steps: Step[];
  /** The failure that it holds at: `rollback: hold`, or a guard without --auto-rollback. */
  held?: Failure;
  /** What it waits for before it changes anything. */
  waiting?: Waiting;
  report?: Report;
};

/** As {@link Progress}, of a change that is no operation on a stack. */
export type ChangeProgress = { steps: Step[] };

/** The process exit code of each outcome, as `baton --help` lists them. */
export const exitCodes: Record<Outcome, number> = {
  done: 0,
  unchanged: 0,
  refused: 1,
  'not-approved': 1,
  'rolled-back': 3,
  cancelled: 3,
  kept: 0,
  'needs-human': 5,
};

/**
 * A worker that dies while it decides what comes next is found out after this time; Temporal's default is 10 s. To decide takes
 * some 20 ms, on a busy machine with a long history perhaps a second.
 */
export const workflowTaskTimeout = '5 s';
