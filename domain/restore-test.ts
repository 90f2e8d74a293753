/** Restore tests: whether what is kept of data can really be brought back. What is asked, and what came of it. */
import type { ServiceName, StackName } from './names.ts';

/** What a copy of a set's data is asked, in a throwaway container of the service that uses it. */
export type RestoreQuestion = {
  /** Run inside; exit code 0 is yes. Absent: what the service's own healthcheck asks, and of a dump what was counted when it was written. */
  command?: string[];
  /** Text that its output must hold. */
  contains?: string;
  /** The service that brings it up, where several could. */
  stack?: StackName;
  service?: ServiceName;
  /** From the start of the container to the answer. */
  timeoutMs: number;
  /** Most that the container may take. */
  memoryBytes: number;
  /** An older proof than this is none any more. */
  everyMs: number;
};

/** A database reads all that it was given, and a large one takes minutes; after this nobody would wait for it in an emergency either. */
export const defaultTestTimeoutMs = 15 * 60_000;
/** A test must not push out what runs; a service that needs more to start says so. */
export const defaultTestMemoryBytes = 2 ** 30;
/** A test once a month, of which one may be missed by some days. */
export const defaultProofMs = 35 * 86_400_000;

export const defaultQuestion: RestoreQuestion = {
  timeoutMs: defaultTestTimeoutMs,
  memoryBytes: defaultTestMemoryBytes,
  everyMs: defaultProofMs,
};
