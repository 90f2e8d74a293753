/** A release: one resolved version of a stack. Immutable, content-addressed, kept for undo. */
import type { OperationId, ReleaseId, ServiceName } from './names.ts';
import type { SnapshotName } from './snapshot.ts';
import type { StackSpec } from './stack.ts';

export type Release = {
  id: ReleaseId;
  spec: StackSpec;
  /** What `--set` gave, by name. Not for secrets: these are kept with the release. */
  variables: Record<string, string>;
  /** Engine image id (`sha256:…`) of each service. */
  images: Record<ServiceName, string>;
  /** Keyed hash of everything resolved late (environment, secrets, configs) for each service; never the values. */
  secretsDigest: Record<ServiceName, string>;
};

/** One line of a stack's history. */
export type ReleaseRecord = {
  release: ReleaseId;
  operation: OperationId;
  /** ISO 8601, UTC. */
  committedAt: string;
  kind: 'deploy' | 'undo' | 'remove';
  /** Snapshots taken just before this release replaced the one before it. */
  snapshots: { path: string; name: SnapshotName }[];
};
