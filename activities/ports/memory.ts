/** The memory port: what Baton knows of this host. On disk, written whole, never half-written. */
import type { OperationId, ReleaseId, ServiceName, StackName } from '../../domain/names.ts';
import type { Baseline } from '../../domain/playbook.ts';
import type { ProofHistory, RestoreProof } from '../../domain/restore-test.ts';
import type { Release, ReleaseRecord } from '../../domain/release.ts';

/** How one container was before an operation; enough to prove that it is so again. */
export type ContainerBefore = {
  id: string;
  name: string;
  service: string;
  running: boolean;
  paused: boolean;
  /** Asked once before the change; only a container that was healthy must be healthy again. */
  healthy: boolean;
  imageId: string;
  restartPolicy: string;
  networks: string[];
  mounts: string[];
  /** ISO 8601, as its engine says; absent where it never started, and in records of older versions. */
  startedAt?: string;
};

/** Whether a managed file was there before an operation; its content is kept beside it. */
export type KeptFile = { path: string; existed: boolean };

/** A secret or config that a container gets as a file: readable through its mount only. */
export type PrivateContent = {
  stack: StackName;
  service: ServiceName;
  /** Tells this content from others of the same name without telling what it is. */
  name: string;
  content: string;
  mode: number;
  owner?: { uid: number; gid: number };
};

export interface Memory {
  /** No-op where it is there already. */
  putRelease(release: Release): Promise<void>;
  getRelease(stack: StackName, id: ReleaseId): Promise<Release | undefined>;
  /** Ids of all that are kept, also of such as were only planned. */
  releases(stack: StackName): Promise<ReleaseId[]>;
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
  /** Keeps the `index`-th managed file of an operation; the first call wins: a retry must not keep the new file as the old one. */
  keepFile(operation: OperationId, index: number, file: KeptFile): Promise<void>;
  keptFile(operation: OperationId, index: number): Promise<KeptFile | undefined>;

  /** What the success of a playbook's run is held against; put again, it takes the place of what was there. */
  putBaseline(operation: OperationId, baseline: Baseline): Promise<void>;
  getBaseline(operation: OperationId): Promise<Baseline | undefined>;

  /** Notes that there are snapshots of these paths, so that they are found where no stack uses the path. */
  notePaths(paths: string[]): Promise<void>;
  notedPaths(): Promise<string[]>;

  /** Notes what came of a restore test of a path, over what was noted before: see `domain/restore-test.ts`. */
  noteProof(path: string, proof: RestoreProof): Promise<void>;
  /** By path. */
  proofs(): Promise<Record<string, ProofHistory>>;

  /** Keeps what is too long for a report. @returns where, readable by the owner only. Asked again, it is written again. */
  keepText(operation: OperationId, name: 'changes.diff', text: string): Promise<string>;

  /** Writes it where only the engine and the owner can read it. @returns its path. */
  putContent(content: PrivateContent): Promise<string>;
  /**
   * Notes which operation a delivery of a webhook has led to; the first call wins, for longer than Temporal keeps histories.
   * @param delivery `forge/1f0c…`: made of names and hex digits. @returns whose it is.
   */
  noteDelivery(delivery: string, operation: OperationId): Promise<OperationId>;
  /** Takes back what `noteDelivery` did for that operation. No-op where it did nothing. */
  forgetDelivery(delivery: string, operation: OperationId): Promise<void>;
  /** The host's own key for hashing secrets: 32 random bytes, made once. */
  hostKey(): Promise<Buffer>;
}
