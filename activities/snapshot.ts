/** Snapshots as they are shown: found on the disk, with what is noted beside them and what still needs them. */
import { label, stackOf } from '../domain/labels.ts';
import type { OperationId, StackName } from '../domain/names.ts';
import type { Changes } from '../domain/guard.ts';
import type { ReleaseRecord } from '../domain/release.ts';
import { parseSnapshotName, type SnapshotInfo, type SnapshotName } from '../domain/snapshot.ts';
import { beating, permanent } from './activity.ts';
import { changesBetween } from './changes.ts';
import type { Ports } from './ports/index.ts';

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
});

/** An operation's snapshots of several paths have one name. */
const ofName = (all: readonly SnapshotInfo[], name: SnapshotName): SnapshotInfo[] => {
  const snapshots = all.filter((one) => one.name === name);
  if (snapshots.length === 0) throw permanent('NoSnapshot', `There is no snapshot ${name} on this host.`);
  return snapshots;
};

const allSnapshots = async (ports: Ports): Promise<SnapshotInfo[]> => {
  const records = await historyOf(ports);
  const paths = await pathsWithSnapshots(ports, records);
  const lists = await Promise.all(
    paths.map(async (path) =>
      Promise.all(
        (await ports.snapshots.list(path)).map(async (snapshot) => {
          const named = parseSnapshotName(snapshot.name);
          const { location, driver, source } = snapshot;
          const needed = records.filter(({ snapshots }) =>
            snapshots.some((one) => one.path === path && one.name === snapshot.name),
          );
          return named
            ? [
                {
                  ...named,
                  path: source,
                  location,
                  driver,
                  // A deploy that has a record is done; guards note how they ended.
                  ...(needed.length > 0 ? { outcome: 'done' as const } : {}),
                  ...(await ports.snapshots.marks(snapshot)),
                  neededBy: needed.map(({ release }) => release),
                },
              ]
            : [];
        }),
      ),
    ),
  );
  // One path may be known by several names.
  const each = new Map(lists.flat(2).map((one) => [one.location, one]));
  return [...each.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
};

const order = ({ takenAt, path }: SnapshotInfo): string => `${takenAt} ${path}`;

const historyOf = async ({ memory }: Ports): Promise<ReleaseRecord[]> =>
  (await Promise.all((await memory.stacks()).map(async (stack) => await memory.history(stack)))).flat();

/** Of which there may be some: what stacks use, what releases protected, what guards noted. */
const pathsWithSnapshots = async (
  { engine, memory }: Ports,
  records: readonly ReleaseRecord[],
): Promise<string[]> => {
  const mounted = (await engine.listContainers())
    .filter(({ labels }) => labels[label.release] !== undefined && stackOf(labels) !== undefined)
    .flatMap(({ mounts }) => mounts.flatMap(({ type, source }) => (type === 'tmpfs' ? [] : [source])));
  const protectedOnce = records.flatMap(({ snapshots }) => snapshots.map(({ path }) => path));
  return [...new Set([...mounted, ...protectedOnce, ...(await memory.notedPaths())])].sort();
};
