/**
 * Putting data back. The live path is there at every moment, old or new: the two are exchanged in one system call. What
 * comes in carries its own identity in its name, so that a crash on either side of the exchange is told apart; nothing is
 * written for that, so it works on a full disk too.
 */
import { lstat, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotName } from '../../domain/snapshot.ts';
import type { Driver } from './driver.ts';
import { exchange } from './exchange.ts';
import { isSubvolume } from './filesystem.ts';
import { isThere } from './is-there.ts';
import { discardedOf, draftOf, locationOf, snapshotsOf } from './layout.ts';
import type { Run } from './run.ts';

export type Restoring = {
  run: Run;
  driver: Driver;
  /** The real path of the data. */
  source: string;
  /** Where the snapshot lies. */
  snapshot: string;
  /** What the data as it is now will be called. */
  keptAs: SnapshotName;
};

/** The snapshot stays: a copy of it comes in. */
export const restoreCopy = async (restoring: Restoring): Promise<void> => {
  const { driver, snapshot } = restoring;
  await bringIn(
    restoring,
    drafted(restoring, async (draft) => driver.copyOut(snapshot, draft)),
  );
};

/** Nothing comes in. */
export const bringInNothing = async (restoring: Omit<Restoring, 'snapshot'>): Promise<void> => {
  const { driver, source } = restoring;
  await bringIn(
    restoring,
    drafted(restoring, async (draft) => driver.makeEmpty(source, draft)),
  );
};

/** An empty one takes its place, and what was there is deleted; called again, it is emptied again. */
export const emptyOut = async (run: Run, driver: Driver, source: string): Promise<void> => {
  const draft = discardedOf(source);
  await driver.remove(draft);
  await driver.makeEmpty(source, draft);
  await exchange(run, source, draft);
  await driver.remove(draft);
  await run('sync', ['-f', source]);
};

/** A candidate that is made from the start: what an earlier try left half-made goes first. */
const drafted =
  (
    { driver, source, keptAs }: Omit<Restoring, 'snapshot'>,
    make: (draft: string) => Promise<void>,
  ): (() => Promise<string>) =>
  async () => {
    const draft = draftOf(source, keptAs);
    await driver.remove(draft);
    await make(draft);
    return draft;
  };

/** The snapshot itself comes in: no copy is made, however large it is. */
export const swapIn = async (restoring: Restoring): Promise<void> => {
  const { driver, snapshot } = restoring;
  await bringIn(restoring, async () => {
    await driver.unseal(snapshot);
    return snapshot;
  });
};

/** True where an earlier call has begun to bring something in, or has done so. */
export const isUnderWay = async (source: string, keptAs: SnapshotName): Promise<boolean> =>
  (await isThere(locationOf(source, keptAs))) || (await findIncoming(source, keptAs)) !== undefined;

/** @param candidate makes what is to come in; asked only where no earlier try has got that far. */
const bringIn = async (
  { run, driver, source, keptAs }: Omit<Restoring, 'snapshot'>,
  candidate: () => Promise<string>,
): Promise<void> => {
  const kept = locationOf(source, keptAs);
  if (await isThere(kept)) return;
  const found = await findIncoming(source, keptAs);
  const incoming = found ?? (await nameIncoming(run, source, keptAs, await candidate()));
  // What an earlier try has named it may have exchanged already.
  if (!found || (await identity(run, found.path)) === found.identity)
    await exchange(run, source, incoming.path);
  await driver.seal(incoming.path);
  await rename(incoming.path, kept);
  await run('sync', ['-f', kept]);
};

type Incoming = { path: string; identity: string };

/** `.incoming-<identity>-<name>`: whole, and about to be exchanged, or just exchanged. */
const prefix = '.incoming-';

const nameIncoming = async (
  run: Run,
  source: string,
  keptAs: SnapshotName,
  from: string,
): Promise<Incoming> => {
  const id = await identity(run, from);
  const path = join(snapshotsOf(source), `${prefix}${id}-${keptAs}`);
  await rename(from, path);
  return { path, identity: id };
};

const findIncoming = async (source: string, keptAs: SnapshotName): Promise<Incoming | undefined> => {
  const directory = snapshotsOf(source);
  const names = (await isThere(directory)) ? await readdir(directory) : [];
  const name = names.find((entry) => entry.startsWith(prefix) && entry.endsWith(`-${keptAs}`));
  return name === undefined
    ? undefined
    : { path: join(directory, name), identity: name.slice(prefix.length, -keptAs.length - 1) };
};

/** Tells two files or directories on one filesystem apart: the inode, or for a subvolume its id. */
const identity = async (run: Run, path: string): Promise<string> => {
  return (await isSubvolume(path))
    ? `subvolume${(await run('btrfs', ['inspect-internal', 'rootid', path])).trim()}`
    : `inode${(await lstat(path)).ino}`;
};
