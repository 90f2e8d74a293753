import type { Copy, CopyTarget, Measured } from '../../domain/copy.ts';
import type { CopyJob } from '../ports/copies.ts';
import type { Snapshot } from '../ports/snapshots.ts';

/** What drivers need of the host. */
export type Host = {
  name: string;
  /** Of the worker: some of its variables are passed on. */
  environment: Readonly<Record<string, string | undefined>>;
  stallMs: number;
};

export type DriverMade = Measured & { copy: Copy };

/** What differs between targets: see {@link import('../ports/copies.ts').Copies}. */
export interface CopyDriver<Target extends CopyTarget> {
  init(job: CopyJob, target: Target): Promise<void>;
  list(job: CopyJob, target: Target): Promise<Copy[]>;
  /** @param there copies of the path, oldest first. @param local snapshots of the path. */
  make(
    job: CopyJob,
    target: Target,
    snapshot: Snapshot,
    local: readonly Snapshot[],
    there: readonly Copy[],
  ): Promise<DriverMade>;
  remove(job: CopyJob, target: Target, copies: readonly Copy[]): Promise<void>;
  prune(job: CopyJob, target: Target): Promise<boolean>;
  check(job: CopyJob, target: Target, read?: number): Promise<string[]>;
  restore(job: CopyJob, target: Target, copy: Copy, directory: string): Promise<void>;
}
