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
  /** When its operation began, after what it had to wait for; absent in records of older versions. */
  startedAt?: string;
  kind: 'deploy' | 'undo' | 'remove';
  /** What a playbook began it for. */
  because?: string;
  /** Snapshots taken just before this release replaced the one before it. */
  snapshots: { path: string; name: SnapshotName }[];
};

/** As many different releases of a stack can be undone to; their images are kept, and the snapshots that go with them. */
export const keptReleases = 5;

/** Newest first. */
export const newestReleases = (history: readonly ReleaseRecord[]): ReleaseId[] => [
  ...new Set(history.map(({ release }) => release).reverse()),
];

/** What replaced a release the last time: its snapshots hold the data that the release ran on. */
export const replacementOf = (
  history: readonly ReleaseRecord[],
  release: ReleaseId,
): ReleaseRecord | undefined => history.filter((_, index) => history[index - 1]?.release === release).at(-1);

/** A release that a playbook took back, why, and when (ISO 8601, UTC). */
export type TakenBack = { release: ReleaseId; because: string; at: string };

/** Those that do not run again. */
export const takenBack = (history: readonly ReleaseRecord[]): TakenBack[] =>
  newestReleases(history)
    .slice(1)
    .flatMap((release) => {
      const by = replacementOf(history, release);
      return by?.kind === 'undo' && by.because !== undefined
        ? [{ release, because: by.because, at: by.committedAt }]
        : [];
    });

/** Snapshots that an undo with data to one of the kept releases of a stack brings back. */
export const snapshotsForUndo = (
  history: readonly ReleaseRecord[],
): { release: ReleaseId; path: string; name: SnapshotName }[] =>
  newestReleases(history)
    .slice(0, keptReleases)
    .flatMap((release) =>
      (replacementOf(history, release)?.snapshots ?? []).map((snapshot) => ({ release, ...snapshot })),
    );
