/** Restore tests: whether what is kept of data can really be brought back. What is asked, and what came of it. */
import type { OperationId, ReleaseId, ServiceName, StackName } from './names.ts';
import type { Problem } from './problem.ts';
import type { SnapshotDriver, SnapshotName } from './snapshot.ts';
import type { Template } from './stack.ts';

/** What is laid down for it: by a stack for its service, and by a data set, whose words count before. */
export type RestoreWish = {
  /** Run inside the throwaway container; exit code 0 is yes. */
  command?: Template[];
  /** Text that its output must hold. */
  contains?: string;
  /** What the container starts instead of its service's own program. */
  start?: Template[];
  /** The service that brings it up, where several could. */
  stack?: StackName;
  service?: ServiceName;
  /** From the start of the container to the answer. */
  timeoutMs?: number;
  /** Most that the container may take. */
  memoryBytes?: number;
  /** An older proof than this is none any more. */
  everyMs?: number;
};

export type RestoreQuestion = RestoreWish & Required<Pick<RestoreWish, 'timeoutMs' | 'memoryBytes'>>;

/** A database reads all that it was given, and a large one takes minutes; for more than this nobody would wait in an emergency either. */
const defaultTimeoutMs = 15 * 60_000;
/** A test must not push out what runs; a service that needs more to start says so. */
const defaultMemoryBytes = 2 ** 30;
/** A test once a month, which may come some days late. */
const defaultEveryMs = 35 * 86_400_000;

export const questionOf = (...wishes: (RestoreWish | undefined)[]): RestoreQuestion =>
  wishes.reduce<RestoreQuestion>((all, wish) => ({ ...all, ...wish }), {
    timeoutMs: defaultTimeoutMs,
    memoryBytes: defaultMemoryBytes,
  });

/** What came of one test, as it is noted beside the snapshot. */
export type RestoreProof = {
  result: 'proven' | 'failed';
  /** ISO 8601, UTC. */
  at: string;
  tookMs: number;
  operation: OperationId;
  snapshot: SnapshotName;
  /** In words. */
  question: string;
  /** Only where it failed. */
  why?: string;
};

/** Of one path: the newest test, and the newest that proved it. Snapshots go, this stays. */
export type ProofHistory = { last: RestoreProof; proven?: RestoreProof };

export const withProof = (history: ProofHistory | undefined, proof: RestoreProof): ProofHistory => {
  const proven = proof.result === 'proven' ? proof : history?.proven;
  return { last: proof, ...(proven ? { proven } : {}) };
};

export type RestoreState = 'proven' | 'old' | 'failed' | 'never';

/** @param now ms since the epoch. */
export const restoreState = (
  history: ProofHistory | undefined,
  now: number,
  everyMs = defaultEveryMs,
): RestoreState => {
  if (!history) return 'never';
  if (history.last.result === 'failed') return 'failed';
  return now - Date.parse(history.last.at) > everyMs ? 'old' : 'proven';
};

/** @param set its name. @returns what to tell of it; nothing where all is well. */
export const restoreStateText = (
  set: string,
  state: RestoreState,
  { last }: Partial<ProofHistory>,
): string | undefined => {
  switch (state) {
    case 'proven':
      return undefined;
    case 'never':
      return `a restore of "${set}" was never proven`;
    case 'failed':
      return `the restore test of "${set}" failed on ${dayOf(last)}: ${last?.why ?? ''}`;
    case 'old':
      return `the restore of "${set}" was proven last on ${dayOf(last)}`;
  }
};

const dayOf = (proof: RestoreProof | undefined): string => proof?.at.slice(0, 10) ?? '';

/** What is to be done for one set. */
export type SetTestPlan = {
  set: string;
  /** The real one. */
  path: string;
  snapshot: SnapshotName;
  driver: SnapshotDriver;
  /** Which service's image it is brought up with. */
  stack: StackName;
  release: ReleaseId;
  service: ServiceName;
  ask: RestoreQuestion;
  /** In words. */
  question: string;
};

/** One that cannot be tested, and why. */
export type Untestable = { set: string; why: string };

export type RestoreTestPlan = { tests: SetTestPlan[]; untestable: Untestable[]; problems: Problem[] };

export type RestoreTestRequest = {
  operation: OperationId;
  host: string;
  /** Names of sets; none: all. */
  sets: string[];
};

/** `untested`: it could not be tried, which says nothing of the data. */
export type SetTest = {
  set: string;
  result: RestoreProof['result'] | 'untested';
  why?: string;
  path?: string;
  snapshot?: SnapshotName;
  /** `stack/service`. */
  broughtUpAs?: string;
  question?: string;
  tookMs?: number;
  /** The last lines that the container printed, secrets taken out. */
  logTail?: string;
};

export type RestoreTestOutcome =
  | 'done'
  /** There was nothing to test. */
  | 'unchanged'
  /** One failed, or one that was named could not be tried. */
  | 'unproven'
  /** Nothing was tried: see the problems. */
  | 'refused'
  /** Someone cancelled it. */
  | 'stopped';

export type RestoreTestReport = {
  operation: OperationId;
  host: string;
  outcome: RestoreTestOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  tests: SetTest[];
  /** What could not be removed. */
  left: string[];
  problems: Problem[];
};

export const restoreTestExitCodes: Record<RestoreTestOutcome, number> = {
  done: 0,
  unchanged: 0,
  unproven: 1,
  refused: 1,
  stopped: 1,
};

/** @param named whether the sets were named one by one: then each that could not be tried counts. */
export const restoreTestOutcome = (
  tests: readonly SetTest[],
  left: readonly string[],
  named: boolean,
): RestoreTestOutcome => {
  if (left.length > 0 || tests.some(({ result }) => result === 'failed')) return 'unproven';
  if (named && tests.some(({ result }) => result === 'untested')) return 'unproven';
  return tests.some(({ result }) => result === 'proven') ? 'done' : 'unchanged';
};

/** An operation on data that nobody knows to come back says so. @param states by the name of the set. */
export const unprovenProblems = (states: Readonly<Record<string, RestoreState>>): Problem[] =>
  Object.entries(states).flatMap(([set, state]): Problem[] => {
    if (state === 'proven' || state === 'old') return [];
    const message =
      state === 'never'
        ? `That a restore of data set "${set}" works was never proven.`
        : `The last restore test of data set "${set}" failed.`;
    return [{ severity: 'warning', code: 'restore-unproven', message, next: `baton data test ${set}` }];
  });
