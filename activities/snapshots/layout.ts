/** Where snapshots lie: `/data/.baton-snapshots/pg/<name>` for `/data/pg`, so that a restore is a rename on one filesystem. */
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SnapshotName } from '../../domain/snapshot.ts';

export const directoryName = '.baton-snapshots';

export const snapshotsOf = (realPath: string): string =>
  join(dirname(realPath), directoryName, basename(realPath));

export const locationOf = (realPath: string, name: SnapshotName): string => join(snapshotsOf(realPath), name);

/** Work in progress: never listed, removed by the next call. */
export const draftOf = (realPath: string, name: SnapshotName): string =>
  join(snapshotsOf(realPath), `.draft-${name}`);

/** Tried out by somebody: never listed. */
export const lentOf = (realPath: string): string => join(snapshotsOf(realPath), '.draft-lent');

/** On its way out: never listed, removed by the next call. */
export const discardedOf = (realPath: string): string => join(snapshotsOf(realPath), '.draft-emptied');

/** What is noted of a snapshot. Its name is no snapshot's, so it is never listed as one. */
export const marksOf = (location: string): string => `${location}.json`;

/** Makes the directory, readable by its owner only: snapshots hold what the data holds. */
export const prepareLayout = async (realPath: string): Promise<void> => {
  await mkdir(snapshotsOf(realPath), { recursive: true, mode: 0o700 });
};
