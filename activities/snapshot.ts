/** Snapshots as they are shown: found on the disk, with what is noted beside them and what still needs them. */
import { label, stackOf } from '../domain/labels.ts';
import type { OperationId, StackName } from '../domain/names.ts';
import type { Changes } from '../domain/changes.ts';
import { snapshotsForUndo } from '../domain/release.ts';
import {
  parseSnapshotName,
  type Pin,
  type SnapshotFinding,
  type SnapshotInfo,
  type SnapshotName,
} from '../domain/snapshot.ts';
import { beating, permanent } from './activity.ts';
import { changesBetween } from './changes.ts';
import type { Ports } from './ports/index.ts';
import type { Surveyed } from './ports/snapshots.ts';
import { takingTurns } from './turns.ts';

/** What is pinned is there, and stays: nobody removes a snapshot between the look at it and the pin. By its location. */
export const oneAtATime = takingTurns();

export const snapshotActivities = (ports: Ports) => ({
  /** Oldest first. @param stack only those that its operations took. */
  async readSnapshots(stack?: StackName): Promise<SnapshotInfo[]> {
    return await beating(async () => {
      const all = await allSnapshots(ports);
      return stack === undefined ? all : all.filter((one) => one.stack === stack);
    });
  },

  /** @param other absent: what stands now. @returns what differs, kept in a file. */
  async compareSnapshots(operation: OperationId, one: SnapshotName, other?: SnapshotName): Promise<Changes> {
    return await beating(async () => {
      const all = await allSnapshots(ports);
      const dump = all.find(({ name, driver }) => [one, other].includes(name) && driver === 'dump');
      if (dump)
        throw permanent('NotComparable', `${dump.name} of ${dump.path} is a dump: its files are no data.`);
      const pairs = ofName(all, one).flatMap(({ path, location: before }) => {
        if (other === undefined) return [{ before, after: path, name: path }];
        const after = ofName(all, other).find((later) => later.path === path)?.location;
        return after === undefined ? [] : [{ before, after, name: path }];
      });
      if (pairs.length === 0)
        throw permanent('NotComparable', `${one} and ${other ?? ''} are not of one path.`);
      return await changesBetween(ports.memory, operation, pairs);
    });
  },

  /** Of each path that it is of. One that is pinned already stays as it is. @returns the snapshots as they are now. */
  async pinSnapshot(name: SnapshotName, pin: Pin): Promise<SnapshotInfo[]> {
    return await beating(async () => await changePin(ports, name, (pinned) => pinned ?? pin));
  },

  async unpinSnapshot(name: SnapshotName): Promise<SnapshotInfo[]> {
    return await beating(async () => await changePin(ports, name, () => undefined));
  },

  /** Every snapshot, and everything that lies among them. @param stack only those that its operations took. */
  async checkSnapshots(stack?: StackName): Promise<SnapshotFinding[]> {
    return await beating(async () => {
      const records = await recordsOf(ports);
      const found = await ports.snapshots.survey(await pathsWithSnapshots(ports, records));
      const all = [...found.filter(isWorthTelling), ...(await missing(ports, records))];
      return stack === undefined
        ? all
        : all.filter(({ name }) => name !== undefined && parseSnapshotName(name)?.stack === stack);
    });
  },
});

/** Notes in good order go without saying. */
const isWorthTelling = ({ name, problems }: Surveyed): boolean => name !== undefined || problems.length > 0;

const missing = async ({ snapshots }: Ports, { needed }: Records): Promise<SnapshotFinding[]> => {
  const there = await Promise.all(needed.map(async ({ path, name }) => await snapshots.find(path, name)));
  return needed
    .filter((_, index) => !there[index])
    .map(({ path, name, release }) => ({
      path,
      name,
      problems: [`is not there, and an undo with data to release ${release} needs it`],
    }));
};

const changePin = async (
  ports: Ports,
  name: SnapshotName,
  change: (pinned: Pin | undefined) => Pin | undefined,
): Promise<SnapshotInfo[]> => {
  for (const { location, path } of ofName(await allSnapshots(ports), name))
    await oneAtATime(location, async () => {
      const snapshot = await ports.snapshots.find(path, name);
      if (!snapshot) throw permanent('NoSnapshot', `There is no snapshot ${name} of ${path} any more.`);
      const { pinned } = await ports.snapshots.marks(snapshot);
      await ports.snapshots.mark(snapshot, { pinned: change(pinned) });
    });
  return ofName(await allSnapshots(ports), name);
};

/** An operation's snapshots of several paths have one name. */
const ofName = (all: readonly SnapshotInfo[], name: SnapshotName): SnapshotInfo[] => {
  const snapshots = all.filter((one) => one.name === name);
  if (snapshots.length === 0) throw permanent('NoSnapshot', `There is no snapshot ${name} on this host.`);
  return snapshots;
};

export const allSnapshots = async (ports: Ports): Promise<SnapshotInfo[]> => {
  const records = await recordsOf(ports);
  const paths = await pathsWithSnapshots(ports, records);
  const lists = await Promise.all(paths.map(async (path) => await snapshotsOf(ports, path, records)));
  // One path may be known by several names.
  const each = new Map(lists.flat().map((one) => [one.location, one]));
  return [...each.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
};

/** Those of one path, as the disk and the records tell of them at this moment; oldest first. */
export const snapshotsOf = async (
  { snapshots }: Ports,
  path: string,
  { done, needed }: Records,
): Promise<SnapshotInfo[]> =>
  await Promise.all(
    (await snapshots.list(path)).flatMap((snapshot) => {
      const named = parseSnapshotName(snapshot.name);
      const { location, driver, source } = snapshot;
      if (!named) return [];
      const releases = needed.filter(
        (one) => [path, source].includes(one.path) && one.name === snapshot.name,
      );
      return [
        snapshots.marks(snapshot).then((marks) => ({
          ...named,
          path: source,
          location,
          driver,
          // A deploy that has a record is done; whatever else ends notes how.
          ...(done.has(named.operation) ? { outcome: 'done' as const } : {}),
          ...marks,
          neededBy: [...new Set(releases.map(({ release }) => release))],
        })),
      ];
    }),
  );

const order = ({ takenAt, path }: SnapshotInfo): string => `${takenAt} ${path}`;

/** What the releases of a host say of its snapshots. */
export type Records = {
  /** Operations whose release is on record. */
  done: ReadonlySet<OperationId>;
  /** Snapshots that an undo with data brings back. */
  needed: ReturnType<typeof snapshotsForUndo>;
  /** Of which an operation with a record took one. */
  paths: string[];
};

export const recordsOf = async ({ memory }: Ports): Promise<Records> => {
  const histories = await Promise.all(
    (await memory.stacks()).map(async (stack) => await memory.history(stack)),
  );
  return {
    done: new Set(histories.flat().map(({ operation }) => operation)),
    needed: histories.flatMap(snapshotsForUndo),
    paths: histories.flat().flatMap(({ snapshots }) => snapshots.map(({ path }) => path)),
  };
};

/** Paths of which there may be snapshots. */
export const knownPaths = async (ports: Ports): Promise<string[]> =>
  await pathsWithSnapshots(ports, await recordsOf(ports));

/** Of which there may be some: what stacks use, what releases protected, what guards noted. */
const pathsWithSnapshots = async ({ engine, memory }: Ports, records: Records): Promise<string[]> => {
  const mounted = (await engine.listContainers())
    .filter(({ labels }) => labels[label.release] !== undefined && stackOf(labels) !== undefined)
    .flatMap(({ mounts }) => mounts.flatMap(({ type, source }) => (type === 'tmpfs' ? [] : [source])));
  return [...new Set([...mounted, ...records.paths, ...(await memory.notedPaths())])].sort();
};
