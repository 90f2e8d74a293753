/** Data: snapshot it before a change, see that the snapshot exists, put it back after a failure, and tidy. */
import { realpath } from 'node:fs/promises';
import { isProtected, protectedData, type DataPlan, type DumpPlan } from '../domain/data.ts';
import type { DataOutcome, SnapshotTaken } from '../domain/operation.ts';
import type { Plan } from '../domain/plan.ts';
import type { ServiceName } from '../domain/names.ts';
import { serviceOf, stackOf } from '../domain/labels.ts';
import { reaches } from '../domain/paths.ts';
import {
  snapshotName,
  type FileDriver,
  type SnapshotDriver,
  type SnapshotName,
  type SnapshotPurpose,
} from '../domain/snapshot.ts';
import type { GuardedPath } from '../domain/guard.ts';
import type { Owner, Subject } from '../domain/subject.ts';
import { beating, permanent } from './activity.ts';
import { ifThere } from './errno.ts';
import { captureBefore, isRunning } from './before.ts';
import { takeDump } from './dump.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { ContainerBefore } from './ports/memory.ts';
import { SnapshotError, type Snapshot, type Snapshots } from './ports/snapshots.ts';

/** Docker's and Compose's default grace before a kill. */
export const stopGraceMs = 10_000;

export const dataActivities = (ports: Ports) => ({
  /** @returns one entry per protected path, each seen on the disk after it was taken. */
  async takeSnapshots(subject: Subject, plan: Plan): Promise<SnapshotTaken[]> {
    return await beating(async (signal) => {
      const before = await captureBefore(ports, subject, plan);
      return await snapshotEach(ports, subject, plan.data, before, signal);
    });
  },

  /** Undo of `takeSnapshots`: what it paused goes on, and nothing needs these any more. */
  async dropSnapshots(subject: Owner, plan: { data: (DataPlan | GuardedPath)[] }): Promise<void> {
    await beating(async () => {
      for (const { id, running, paused } of (await ports.memory.getBefore(subject.operation)) ?? [])
        if (running && !paused && (await ports.engine.inspectContainer(id))?.status === 'paused')
          await ports.engine.unpauseContainer(id);
      for (const { path } of protectedData(plan.data))
        for (const purpose of ['before', 'taken'] as const) {
          const snapshot = await ports.snapshots.find(path, nameOf(subject, purpose));
          if (snapshot) await ports.snapshots.remove(snapshot);
        }
    });
  },

  /** Where a container of the failed release ran on it, the data goes back and the failed state is kept beside it. */
  async putBackData(
    subject: Subject,
    plan: Plan,
    ran: ServiceName[],
    writesFrom: string,
  ): Promise<DataOutcome[]> {
    return await beating(async () => {
      const outcomes: DataOutcome[] = [];
      for (const entry of plan.data) {
        const touched =
          entry.reachedBy.some((service) => ran.includes(service)) ||
          plan.restore.some(({ path }) => path === entry.path);
        const stop = async (path: string): Promise<void> => {
          await stopUsers(ports, subject, path);
          await stopClients(ports, subject, entry.dump);
        };
        outcomes.push(await putBackOne(ports, subject, entry, touched, writesFrom, stop));
      }
      return outcomes;
    });
  },

  /** Stops every container that uses data which is about to be exchanged. */
  async stopForRestore(subject: Subject, plan: Plan): Promise<void> {
    await beating(async () => {
      for (const { path, dump } of plan.restore) {
        await stopUsers(ports, subject, path);
        await stopClients(ports, subject, dump);
      }
    });
  },

  /**
   * An undo or a removal with data: that release's data comes back, or nothing does; what was there is kept as `undone`. Where
   * it comes back as a dump, its database is rolled out on nothing: see `rollOutService`.
   */
  async restoreWanted(subject: Subject, restore: Plan['restore']): Promise<void> {
    await beating(async () => {
      for (const { path, snapshot: name, dump } of restore) {
        const kept = nameOf(subject, 'undone');
        if (await ports.snapshots.find(path, kept)) continue;
        if (name === undefined) {
          await ports.snapshots.clear(path, kept);
          continue;
        }
        const snapshot = await ports.snapshots.find(path, name);
        if (!snapshot) throw permanent('SnapshotMissing', `Snapshot ${name} of ${path} is gone.`);
        if (dump) await ports.snapshots.clear(path, kept);
        else await ports.snapshots.restore(snapshot, kept);
      }
    });
  },
});

/** Every snapshot of an operation has the operation's own time in its name, so a retry finds what an earlier try made. */
export const nameOf = ({ stack, operation, startedAt }: Owner, purpose: SnapshotPurpose): SnapshotName =>
  snapshotName({ stack, operation, purpose, takenAt: startedAt });

/** @returns one entry per protected path, each seen on the disk after it was taken. */
export const snapshotEach = async (
  ports: Ports,
  owner: Owner,
  data: readonly (DataPlan | GuardedPath)[],
  before: readonly ContainerBefore[],
  signal: AbortSignal,
  purpose: 'before' | 'taken' = 'before',
): Promise<SnapshotTaken[]> => {
  const taken: SnapshotTaken[] = [];
  const name = nameOf(owner, purpose);
  for (const entry of protectedData(data)) {
    const { location } = await snapshotOne(ports, entry, name, before, signal);
    taken.push({ path: entry.path, name, location });
  }
  return taken;
};

const snapshotOne = async (
  ports: Ports,
  {
    path,
    driver,
    dump,
    cold,
    sqlite,
  }: Pick<DataPlan, 'path' | 'dump' | 'cold' | 'sqlite'> & {
    driver: SnapshotDriver;
  },
  name: SnapshotName,
  before: readonly ContainerBefore[],
  signal: AbortSignal,
): Promise<Snapshot> => {
  if (driver === 'dump') return await takeDump(ports, { path, ...demanded(dump, path) }, name, signal);
  if (sqlite)
    return await ports.snapshots.takeSqlite(path, name, driver, {
      quietly: async (work) => await settled(ports, before, path, driver, work),
      signal,
    });
  if (cold) await demandAtRest(ports, path, name);
  return await settled(ports, before, path, driver, () => ports.snapshots.take(path, name, driver, signal));
};

const demanded = (dump: DumpPlan | undefined, path: string): DumpPlan => {
  if (!dump) throw permanent('BadPlan', `The plan does not say through what ${path} is dumped.`);
  return dump;
};

/** Its files were to be snapshotted because it did not run. */
const demandAtRest = async (ports: Ports, path: string, name: SnapshotName): Promise<void> => {
  if (await ports.snapshots.find(path, name)) return;
  const running = (await usersOf(ports, path, 'writable')).find(({ status }) => status === 'running');
  if (running)
    throw permanent(
      'DatabaseStarted',
      `Container "${running.name}" has started since the plan was made, so ${path} is not at rest and would be dumped instead. Plan again.`,
    );
};

/**
 * A btrfs snapshot is one moment. A copy is not, so what writes to the path is paused meanwhile where the engine can;
 * where it cannot, the copy driver itself notices a change during the copy and refuses.
 */
const settled = async <T>(
  ports: Ports,
  before: readonly ContainerBefore[],
  path: string,
  driver: DataPlan['driver'],
  take: () => Promise<T>,
): Promise<T> => {
  if (driver === 'btrfs' || !ports.engineInfo.canPause) return await take();
  // One that is paused now was paused by a person, or by an earlier try of this.
  const writers = (await usersOf(ports, path, 'writable')).filter(
    ({ id, status }) =>
      status === 'running' || (status === 'paused' && !before.some((was) => was.id === id && was.paused)),
  );
  try {
    for (const { id, status } of writers) if (status === 'running') await ports.engine.pauseContainer(id);
    return await take();
  } finally {
    for (const { id } of writers) await ports.engine.unpauseContainer(id);
  }
};

/** Containers that have the path, something below it or something above it mounted, by whatever name. */
export const usersOf = async (
  { engine }: Ports,
  path: string,
  mode: 'any' | 'writable',
): Promise<ContainerState[]> => {
  const real = await realOr(path);
  const containers = await engine.listContainers();
  const uses = await Promise.all(
    containers.map(async ({ mounts }) =>
      (
        await Promise.all(
          mounts.map(
            async (mount) =>
              (mode === 'any' || !mount.readOnly) &&
              (reaches(mount, path) || reaches(await withRealSource(mount), real)),
          ),
        )
      ).includes(true),
    ),
  );
  return containers.filter((_, index) => uses[index]);
};

/** What a link leads to; the path itself where it leads nowhere. */
export const realOr = async (path: string): Promise<string> => (await ifThere(() => realpath(path))) ?? path;

/** Engines tell a mount's source as it was written. */
export const withRealSource = async <Mount extends { type: string; source: string }>(
  mount: Mount,
): Promise<Mount> => (mount.type === 'tmpfs' ? mount : { ...mount, source: await realOr(mount.source) });

/** Readers of the stack stop too: they would go on seeing what was exchanged away. */
const stopUsers = async (ports: Ports, { stack }: Owner, path: string): Promise<void> => {
  const writers = new Set((await usersOf(ports, path, 'writable')).map(({ id }) => id));
  const users = await usersOf(ports, path, 'any');
  await stopRunning(
    ports,
    users.filter(({ id, labels }) => writers.has(id) || stackOf(labels) === stack),
  );
};

/** Who would find a database empty, and might fill it, while its dump is restored. */
const stopClients = async (
  ports: Ports,
  { stack }: Owner,
  dump: Pick<DumpPlan, 'clients'> | undefined,
): Promise<void> => {
  if (!dump) return;
  const clients = (await ports.engine.listContainers()).filter(
    ({ labels }) => stackOf(labels) === stack && dump.clients.some((client) => client === serviceOf(labels)),
  );
  await stopRunning(ports, clients);
};

/** Containers that reach a database through `depends_on`, in the stack that its own container is of. */
export const clientsAmong = (
  containers: readonly ContainerState[],
  { container, clients }: DumpPlan,
): ContainerState[] => {
  const database = containers.find(({ id }) => id === container.id);
  const stack = database && stackOf(database.labels);
  return stack === undefined
    ? []
    : containers.filter(
        ({ labels }) => stackOf(labels) === stack && clients.some((client) => client === serviceOf(labels)),
      );
};

export const stopRunning = async (
  { engine }: Ports,
  containers: readonly ContainerState[],
): Promise<void> => {
  for (const container of containers)
    if (isRunning(container)) await engine.stopContainer(container.id, stopGraceMs);
};

export const putBackOne = async (
  ports: Ports,
  subject: Owner,
  entry: Pick<DataPlan, 'path' | 'class' | 'existed' | 'driver'>,
  touched: boolean,
  writesFrom: string,
  stop = async (path: string): Promise<void> => {
    await stopUsers(ports, subject, path);
  },
): Promise<DataOutcome> => {
  const { path } = entry;
  if (!isProtected(entry)) return { path, did: 'none' };
  if (!touched) return { path, did: 'untouched' };
  if (!entry.existed) return await removeNewPath(ports, subject, path, writesFrom);
  const before = nameOf(subject, 'before');
  const failed = nameOf(subject, 'failed');
  const failedState = { snapshot: failed, writesFrom, writesTo: new Date().toISOString() };
  if (entry.driver === 'dump') {
    const kept = await ports.snapshots.find(path, failed);
    const restored = kept !== undefined && (await isRestored(ports, kept));
    if (!kept) await emptyDatabase(ports, path, before, failed, stop);
    return { path, did: restored ? 'restored' : 'emptied', snapshot: before, failedState };
  }
  if (!(await ports.snapshots.find(path, failed))) {
    await stop(path);
    // Preflight refuses data that exists and has no driver.
    await swapIn(ports, path, before, entry.driver as FileDriver, failed);
  }
  return { path, did: 'restored', snapshot: before, failedState };
};

/** @param kept what a failed change left of a database. */
export const isRestored = async ({ snapshots }: Ports, kept: Snapshot): Promise<boolean> =>
  (await snapshots.marks(kept)).restoredAt !== undefined;

/** What the failed change left comes aside as it is, files and all. Not before it is known that there is a dump to restore. */
const emptyDatabase = async (
  { snapshots }: Ports,
  path: string,
  before: SnapshotName,
  failed: SnapshotName,
  stop: (path: string) => Promise<void>,
): Promise<void> => {
  if (!(await snapshots.find(path, before)))
    throw permanent('SnapshotMissing', `The dump ${before} of ${path} is gone. It could not be restored.`);
  await stop(path);
  await snapshots.clear(path, failed);
};

const swapIn = async (
  { snapshots }: Ports,
  ...[path, before, driver, failed]: Parameters<Snapshots['swapIn']>
): Promise<void> => {
  try {
    await snapshots.swapIn(path, before, driver, failed);
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'not-found')
      throw permanent('SnapshotMissing', `${error.message} The data could not be put back.`);
    throw error;
  }
};

/** A path that this operation's containers made: what it holds is kept, and it is gone, as it was before. */
const removeNewPath = async (
  ports: Ports,
  subject: Owner,
  path: string,
  writesFrom: string,
): Promise<DataOutcome> => {
  await stopUsers(ports, subject, path);
  const kept = await ports.snapshots.moveAway(path, nameOf(subject, 'failed'));
  if (!kept) return { path, did: 'restored' };
  return {
    path,
    did: 'restored',
    failedState: { snapshot: kept.name, writesFrom, writesTo: new Date().toISOString() },
  };
};
