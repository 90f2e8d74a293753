/**
 * The copies port: copies of snapshots on another machine or disk. Its two drivers, restic and btrfs, pass one contract suite
 * (test/activities/copies.test.ts). Every call first ends what an earlier try of the same operation left running.
 */
import type { Copy, CopyRule, Measured } from '../../domain/copy.ts';
import type { CopyNotes } from '../../domain/copy-notes.ts';
import type { OperationId } from '../../domain/names.ts';
import type { ResticFault } from '../../domain/restic.ts';
import type { Snapshot } from './snapshots.ts';

export type CopyJob = {
  operation: OperationId;
  rule: CopyRule;
  signal?: AbortSignal;
  /** How far it is, in words; called often. */
  tell?: (note: string) => void;
};

export type Made = Measured & {
  copy: Copy;
  /** Another operation made it. */
  already: boolean;
};

export interface Copies {
  /** Makes a target ready that has never been one. No-op where it is. */
  init(job: CopyJob): Promise<void>;
  /** Everything there that is this copy's, of any path, oldest first; also what is not complete. Read-only. */
  list(job: CopyJob): Promise<Copy[]>;
  /**
   * Makes a copy of a snapshot, seen there afterwards, unless it is there; what an earlier try left of it goes first. `complete` is false where some
   * files could not be read. @param local snapshots of that path, from which it may go on.
   */
  make(job: CopyJob, snapshot: Snapshot, local: readonly Snapshot[]): Promise<Made>;
  /** No-op where they are gone. */
  remove(job: CopyJob, copies: readonly Copy[]): Promise<void>;
  /** Removes data that nothing refers to. @returns false where this target keeps none. */
  prune(job: CopyJob): Promise<boolean>;
  /** What is wrong there, in words. @param read how much of the data is read, in percent; absent: none. */
  check(job: CopyJob, read?: number): Promise<string[]>;
  /** What the copy holds, in a directory that is not there yet: made beside, then renamed. */
  restore(job: CopyJob, copy: Copy, directory: string): Promise<void>;
  /** What is known on this host of one that `baton.yml` lays down. */
  notes(name: string): Promise<CopyNotes>;
  note(name: string, change: Partial<CopyNotes>): Promise<void>;
}

/** What restic tells apart, and what only copies know. `no-target`: there is none, or it was never made ready; or a disk is not mounted. */
export type CopyErrorCode = ResticFault | 'unsupported' | 'not-found' | 'stalled';

export class CopyError extends Error {
  override readonly name = 'CopyError';
  readonly code: CopyErrorCode;
  constructor(code: CopyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
