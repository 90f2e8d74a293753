/** The snapshot port on real filesystems. */
import { readdir, readFile, realpath, rm, rmdir } from 'node:fs/promises';
import {
  parseSnapshotName,
  type FileDriver,
  type SnapshotDriver,
  type SnapshotMarks,
  type SnapshotName,
} from '../../domain/snapshot.ts';
import { SnapshotError, type Snapshot, type Snapshots } from '../ports/snapshots.ts';
import { btrfsDriver } from './btrfs.ts';
import { copyDriver } from './copy.ts';
import type { Driver } from './driver.ts';
import { errnoOf, ifThere } from '../errno.ts';
import { writeWhole } from '../files.ts';
import { inspectPath } from './facts.ts';
import { subvolumePaths } from './mounts.ts';
import { healthOf } from './health.ts';
import { isThere } from './is-there.ts';
import { draftOf, lentOf, locationOf, marksOf, prepareLayout, snapshotsOf } from './layout.ts';
import { isDump, writeDump } from './dump.ts';
import { bringInNothing, emptyOut, isUnderWay, restoreCopy, swapIn } from './restore.ts';
import { prepareWithReserve, withReserve } from './reserve.ts';
import { run as runCommand, type Run } from './run.ts';
import { spaceOf } from './space.ts';
import { sqliteIn, takeSqlite } from './sqlite.ts';
import { survey } from './survey.ts';
import { takingTurns } from '../turns.ts';

/**
 * @param options.prefix put before commands that touch the data (`podman unshare`, for files of sub-uids).
 * @param options.run replaced by tests that interrupt between two commands.
 */
export const openSnapshots = (options: { prefix?: readonly string[]; run?: Run } = {}): Snapshots => {
  const plain = options.run ?? runCommand;
  const [first, ...rest] = options.prefix ?? [];
  const run: Run =
    first === undefined
      ? plain
      : async (command, args, signal) => await plain(first, [...rest, command, ...args], signal);
  const oneMarkAtATime = takingTurns();
  const drivers: Record<FileDriver, Driver> = { btrfs: btrfsDriver(run), copy: copyDriver(run) };

  const driverOf = async (location: string): Promise<SnapshotDriver> =>
    (await isDump(location)) ? 'dump' : (await drivers.btrfs.isWhole(location)) ? 'btrfs' : 'copy';

  const describe = async (source: string, name: SnapshotName): Promise<Snapshot> => {
    const location = locationOf(source, name);
    const driver = await driverOf(location);
    return { name, location, source, driver };
  };

  const at = async (source: string, name: SnapshotName): Promise<Snapshot | undefined> =>
    (await isThere(locationOf(source, name))) ? await describe(source, name) : undefined;

  const seen = async (source: string, keptAs: SnapshotName): Promise<Snapshot> => {
    const kept = await at(source, keptAs);
    if (!kept)
      throw new SnapshotError(
        'internal',
        `What ${source} held was kept, but cannot be seen at ${locationOf(source, keptAs)}.`,
      );
    return kept;
  };

  const removeLent = async (lent: string): Promise<void> => {
    await drivers[(await drivers.btrfs.isWhole(lent)) ? 'btrfs' : 'copy'].remove(lent);
  };

  return {
    subvolumes: subvolumePaths,
    inspect: async (path, { sizeLimitBytes }) => await inspectPath(run, path, sizeLimitBytes),

    async take(path, name, driver, signal) {
      const source = await realpath(path);
      await drivers[driver].take(source, name, signal);
      const taken = await at(source, name);
      if (!taken)
        throw new SnapshotError('internal', `The snapshot ${name} of ${path} was made but cannot be seen.`);
      return taken;
    },

    sqliteIn: async (path) => await sqliteIn(run, await realOr(path)),

    async takeSqlite(path, name, driver, taking) {
      const source = await realpath(path);
      await takeSqlite(run, drivers[driver], driver === 'btrfs', source, name, taking);
      return await seen(source, name);
    },

    async write(path, name, fill) {
      const source = await realpath(path);
      if (!(await isThere(locationOf(source, name)))) {
        await prepareWithReserve(run, source);
        await writeDump(run, source, name, fill);
      }
      return await seen(source, name);
    },

    find: async (path, name) => await at(await realOr(path), name),

    async list(path) {
      const source = await realOr(path);
      const directory = snapshotsOf(source);
      const names = (await isThere(directory)) ? await readdir(directory) : [];
      const parsed = names.flatMap((name) => parseSnapshotName(name) ?? []);
      const sorted = parsed.sort((a, b) => (inTime(a) < inTime(b) ? -1 : 1));
      return await Promise.all(sorted.map(async ({ name }) => await describe(source, name)));
    },

    async restore(snapshot, keptAs) {
      const { source, driver, location, name } = snapshot;
      if (!(await isThere(location)))
        throw new SnapshotError('not-found', `Snapshot ${name} of ${source} is gone (${location}).`);
      if (driver === 'dump')
        throw new SnapshotError(
          'unsupported',
          `${name} of ${source} is a dump: it is restored through its database, not by putting files back.`,
        );
      await withReserve(run, source, async () => {
        await restoreCopy({ run, driver: drivers[driver], source, snapshot: location, keptAs });
      });
      return await seen(source, keptAs);
    },

    async swapIn(path, name, driver, keptAs) {
      const source = await realOr(path);
      const snapshot = locationOf(source, name);
      if (!(await isThere(snapshot)) && !(await isUnderWay(source, keptAs)))
        throw new SnapshotError('not-found', `Snapshot ${name} of ${source} is gone (${snapshot}).`);
      await withReserve(run, source, async () => {
        await swapIn({ run, driver: drivers[driver], source, snapshot, keptAs });
      });
      await rm(marksOf(snapshot), { force: true });
      return await seen(source, keptAs);
    },

    async clear(path, keptAs) {
      const source = await realOr(path);
      const driver = (await drivers.btrfs.isWhole(source)) ? drivers.btrfs : drivers.copy;
      await withReserve(run, source, async () => {
        await prepareLayout(source);
        await bringInNothing({ run, driver, source, keptAs });
      });
      return await seen(source, keptAs);
    },

    async empty(path) {
      const source = await realOr(path);
      const driver = (await drivers.btrfs.isWhole(source)) ? drivers.btrfs : drivers.copy;
      await withReserve(run, source, async () => {
        await prepareLayout(source);
        await emptyOut(run, driver, source);
      });
    },

    async moveAway(path, keptAs) {
      const source = await realOr(path);
      if (!(await isThere(source)) || (await removedEmpty(source))) return await at(source, keptAs);
      await withReserve(run, source, async () => {
        await prepareLayout(source);
        // One rename on one filesystem: it is here or there, at every moment.
        await plainMove(run, source, locationOf(source, keptAs));
      });
      return await at(source, keptAs);
    },

    async lend(path, snapshot) {
      const source = await realOr(path);
      const lent = lentOf(source);
      await removeLent(lent);
      if (snapshot) await drivers[fileDriverOf(snapshot)].copyOut(snapshot.location, lent);
      else {
        const driver = (await drivers.btrfs.isWhole(source)) ? drivers.btrfs : drivers.copy;
        await prepareLayout(source);
        await driver.makeEmpty(source, lent);
      }
      return lent;
    },

    isLent: async (path) => await isThere(lentOf(await realOr(path))),
    takeBack: async (path) => await removeLent(lentOf(await realOr(path))),

    marks: marksNoted,

    async mark(snapshot, marks) {
      // What is noted by two at once is noted by both.
      await oneMarkAtATime(snapshot.location, async () => {
        await writeWhole(
          marksOf(snapshot.location),
          JSON.stringify({ ...(await marksNoted(snapshot)), ...marks }),
        );
      });
    },

    async remove({ driver, name, source }) {
      const location = locationOf(source, name);
      await withReserve(run, source, async () => {
        if (driver === 'btrfs') await drivers.btrfs.remove(location);
        else await removeCopy(run, location, draftOf(source, name));
      });
      await rm(marksOf(location), { force: true });
    },

    survey: async (paths) => await survey(run, await Promise.all(paths.map(realOr))),
    health: async (paths) => await healthOf(run, paths),
    space: async (path, settle) => await spaceOf(run, path, settle),
  };
};

/** A copy takes a while to remove; it goes under another name first, so that half of one is never taken for a whole one. */
const removeCopy = async (run: Run, location: string, draft: string): Promise<void> => {
  const driver = copyDriver(run);
  await driver.remove(draft);
  if (!(await isThere(location))) return;
  await plainMove(run, location, draft);
  await driver.remove(draft);
};

const marksNoted = async ({ location }: Pick<Snapshot, 'location'>): Promise<SnapshotMarks> => {
  const text = await ifThere(() => readFile(marksOf(location), 'utf8'));
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as SnapshotMarks;
  } catch (cause) {
    const file = marksOf(location);
    throw new SnapshotError('invalid', `${file} cannot be read. Mend it, or move it away.`, { cause });
  }
};

/** @throws SnapshotError `unsupported` for a dump: a copy of it is no data. */
const fileDriverOf = ({ driver, location }: Pick<Snapshot, 'driver' | 'location'>): FileDriver => {
  if (driver !== 'dump') return driver;
  throw new SnapshotError('unsupported', `${location} is a dump: a copy of it is no data.`);
};

const inTime = ({ takenAt, name }: { takenAt: string; name: SnapshotName }): string => `${takenAt} ${name}`;

const plainMove = async (run: Run, from: string, to: string): Promise<void> => {
  await run('mv', ['--no-target-directory', '--', from, to]);
  await run('sync', ['-f', to]);
};

/** @returns whether it was an empty directory, which is gone now. */
const removedEmpty = async (path: string): Promise<boolean> => {
  try {
    await rmdir(path);
    return true;
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOTDIR'].includes(String(errnoOf(error)))) throw error;
    return false;
  }
};

const realOr = async (path: string): Promise<string> => ((await isThere(path)) ? await realpath(path) : path);
