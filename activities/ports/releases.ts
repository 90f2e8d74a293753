/** The memory port: releases and what became of them. On disk, written whole, never changed in place. */
import type { OperationId, ReleaseId, StackName } from '../../domain/names.ts';
import type { Release, ReleaseRecord } from '../../domain/release.ts';

/** How one container was before an operation; enough to prove that it is so again. */
export type ContainerBefore = {
  id: string;
  name: string;
  service: string;
  running: boolean;
  /** Asked once before the change; only a container that was healthy must be healthy again. */
  healthy: boolean;
  imageId: string;
  restartPolicy: string;
  networks: string[];
  mounts: string[];
};

export interface Releases {
  /** No-op where it is there already. */
  put(release: Release): Promise<void>;
  get(stack: StackName, id: ReleaseId): Promise<Release | undefined>;
  /** Newest last. */
  history(stack: StackName): Promise<ReleaseRecord[]>;
  /** Appends once for one operation: asked twice, it does nothing the second time. */
  record(stack: StackName, entry: ReleaseRecord): Promise<void>;
  /** Takes back what `record` did for one operation. No-op where it did nothing. */
  forget(stack: StackName, operation: OperationId): Promise<void>;
  stacks(): Promise<StackName[]>;

  /** Keeps what was true before an operation; the first call wins. */
  putBefore(operation: OperationId, before: ContainerBefore[]): Promise<ContainerBefore[]>;
  getBefore(operation: OperationId): Promise<ContainerBefore[] | undefined>;
  /** A private directory of one operation, for file copies and logs. Made when asked for. */
  operationDirectory(operation: OperationId): Promise<string>;
}
