/** Guarded commands: look, snapshot, run, check, and put the data back with everything that uses it. */
import { execa } from 'execa';
import type { Check } from '../domain/check.ts';
import { dumpedData, isHostPath, protectedData, type DataPlan, type DumpPlan } from '../domain/data.ts';
import type { Changes } from '../domain/changes.ts';
import type { CommandEnd, GuardedCommand } from '../domain/commands.ts';
import {
  guardRequest,
  planGuard,
  takesOnly,
  type Edit,
  type GuardedPath,
  type GuardPlan,
  type GuardQuestion,
  type Restore,
  type User,
} from '../domain/guard.ts';
import type { DataOutcome, SnapshotTaken } from '../domain/operation.ts';
import { parseSubvolumeText, parseVolumeText } from '../domain/data-set.ts';
import type { Problem } from '../domain/problem.ts';
import { unprovenProblems } from '../domain/restore-test.ts';
import type { SnapshotMarks } from '../domain/snapshot.ts';
import type { Owner } from '../domain/subject.ts';
import type { EventKind } from '../domain/event.ts';
import type { Gate } from '../domain/gate.ts';
import { beating, permanent } from './activity.ts';
import { askCheck } from './check.ts';
import { changesBetween } from './changes.ts';
import {
  clientsAmong,
  nameOf,
  putBackOne,
  realOr,
  snapshotEach,
  stopRunning,
  usersOf,
  withRealSource,
} from './data.ts';
import { restoreStates } from './data-set.ts';
import { editProblems, stateOfEdit } from './edit.ts';
import { gateFor } from './gate.ts';
import { knownData } from './guarded-data.ts';
import { contentHash } from './hash.ts';
import { planMaintenance } from './maintenance.ts';
import { withoutCounts } from './plan.ts';
import type { Ports } from './ports/index.ts';
import { takeInDump } from './restore-dump.ts';
import { planRestarts } from './restart.ts';
import { scopeManager } from './scope.ts';
import { captureUsers } from './user.ts';
import { toFacts } from './world.ts';

/** A plan, its digest, and what it has to wait for. */
export type PreparedGuard = GuardPlan & { digest: string; gate?: Gate; hears?: EventKind[] };

/** Sizes and free space move all the time, and containers are made anew; they don't make another plan. */
const guardDigest = (plan: GuardPlan): string =>
  contentHash({
    ...plan,
    problems: [],
    restarts: (plan.restarts ?? []).map(({ name }) => name),
    ...(plan.services ? { services: plan.services.map(({ name }) => name) } : {}),
    ...(plan.maintenance
      ? { maintenance: { ...plan.maintenance, container: plan.maintenance.container.name } }
      : {}),
    data: plan.data.map((entry) => ({
      ...withoutCounts(entry),
      users: entry.users.map(({ name }) => name),
      dump: entry.dump && byName(entry.dump),
    })),
    restore: plan.restore?.map((one) => ({ ...one, dump: one.dump && byName(one.dump) })),
  });

const byName = (dump: DumpPlan): object => ({ ...dump, container: dump.container.name });

export const guardActivities = (ports: Ports) => ({
  /** Looks only. */
  async prepareGuard(question: GuardQuestion): Promise<PreparedGuard> {
    return await beating(async () => {
      const containers = await Promise.all(
        (await ports.engine.listContainers()).map(async (state) => ({
          ...toFacts(state),
          mounts: await Promise.all(state.mounts.map(withRealSource)),
        })),
      );
      // What is mounted, locked and exchanged is what a link leads to.
      const data = await Promise.all(
        question.data.map(async (one) => await realOr(await pathOf(ports, one))),
      );
      const asked = { ...question, data };
      const known = await knownData(
        ports,
        containers,
        (classes) => guardRequest(asked, containers, classes).data,
        question.restore,
      );
      const request = guardRequest(asked, containers, known.classes);
      const facts = await Promise.all(
        request.data
          .filter((path) => !isHostPath(path))
          .map(
            async (path) =>
              [
                path,
                await ports.snapshots.inspect(path, { sizeLimitBytes: request.copyLimitBytes }),
              ] as const,
          ),
      );
      const plan = planGuard(request, ports.engine.kind, Object.fromEntries(facts), containers, known);
      const restarts = request.services
        ? await planRestarts(ports, request.stack, request.services)
        : undefined;
      const maintained = request.maintenance
        ? await planMaintenance(ports, request.stack, request.maintenance)
        : undefined;
      const ofServices = {
        ...(restarts ? { services: restarts.services } : {}),
        ...(maintained?.maintenance ? { maintenance: maintained.maintenance } : {}),
      };
      const { command, edits = [], restore = [] } = request;
      const { gate, hears, problems } = await gateFor(ports, request);
      return {
        ...plan,
        ...ofServices,
        digest: guardDigest({ ...plan, ...ofServices }),
        ...(gate ? { gate } : {}),
        ...(hears ? { hears } : {}),
        problems: [
          ...plan.problems,
          ...(restarts?.problems ?? []),
          ...(maintained?.problems ?? []),
          ...problems,
          // A snapshot is no risk to what it is of.
          ...(takesOnly(request) ? [] : unprovenProblems(await restoreStates(ports, request.data))),
          ...(command ? await commandProblems(ports, command) : []),
          ...(await Promise.all(restore.map(async (one) => await restoreProblems(ports, one)))).flat(),
          ...(await Promise.all(edits.map(async (edit) => await editProblems(ports, edit)))).flat(),
        ],
      };
    });
  },

  /**
   * @param quiet what uses the data stops first, so that nothing is written after the snapshot that is then exchanged away.
   * @param purpose `taken` where the snapshots are all that is wanted.
   * @param emptied databases that a dump is then brought back into: who would find them empty stops, too.
   * @returns one entry a path, each seen on the disk after it was taken.
   */
  async takeGuardSnapshots(
    owner: Owner,
    data: GuardedPath[],
    quiet = false,
    purpose: 'before' | 'taken' = 'before',
    emptied: DumpPlan[] = [],
  ): Promise<SnapshotTaken[]> {
    return await beating(async (signal) => {
      await ports.memory.notePaths(data.map(({ path }) => path));
      const before = await captureUsers(ports, owner, data, emptied);
      await stopClients(ports, emptied);
      if (quiet) for (const { path } of data) await stopRunning(ports, await usersOf(ports, path, 'any'));
      return await snapshotEach(ports, owner, data, before, signal, purpose);
    });
  },

  /** At most once: see {@link import('./ports/commands.ts').Commands.run}. */
  async runCommand({ operation }: Owner, command: GuardedCommand): Promise<CommandEnd> {
    return await beating(async (signal) => await ports.commands.run(operation, command, signal));
  },

  /** A copy of each snapshot takes the data's place, or its database takes the dump in; what was there is kept as `undone`. */
  async restoreGuarded(owner: Owner, restore: Restore[]): Promise<void> {
    await beating(async (signal) => {
      const kept = nameOf(owner, 'undone');
      for (const { path, snapshot: name, dump } of restore) {
        const done = await ports.snapshots.find(path, kept);
        if (done && !dump) continue;
        const snapshot = await ports.snapshots.find(path, name);
        if (!snapshot) throw permanent('SnapshotMissing', `Snapshot ${name} of ${path} is gone.`);
        if (dump) await takeInDump(ports, { path, ...dump }, snapshot, kept, signal);
        else await ports.snapshots.restore(snapshot, kept);
      }
    });
  },

  /** Notes on each snapshot of the operation how it ended. */
  async markSnapshots(owner: Owner, data: (DataPlan | GuardedPath)[], marks: SnapshotMarks): Promise<void> {
    await beating(async () => {
      for (const { path } of protectedData(data))
        for (const purpose of ['before', 'taken', 'failed', 'undone'] as const) {
          const snapshot = await ports.snapshots.find(path, nameOf(owner, purpose));
          if (snapshot) await ports.snapshots.mark(snapshot, marks);
        }
    });
  },

  /** Every check, until it says yes. @throws a permanent failure with all that say no. */
  async runChecks(checks: Check[], patienceMs?: number): Promise<void> {
    await beating(async (signal) => {
      const answers = await Promise.all(
        checks.map(
          async (check) =>
            await askCheck(
              ports,
              check,
              async (name) => await ports.engine.inspectContainer(name),
              signal,
              patienceMs,
            ),
        ),
      );
      const failed = answers.flatMap((answer) => answer ?? []);
      if (failed.length > 0) throw permanent('CheckFailed', failed.join(' '));
    });
  },

  /** What the command changed, as far as it stands now. Kept in a file; its names are returned. */
  async compareWithBefore(owner: Owner, data: GuardedPath[], state: 'live' | 'failed'): Promise<Changes> {
    return await beating(async () => {
      const pairs: { before: string; after: string; name: string }[] = [];
      // A dump is no files, and what a database made of its own tells nobody anything.
      for (const { path } of protectedData(data).filter(({ driver }) => driver !== 'dump')) {
        const before = state === 'live' ? await locationOf(ports, path, nameOf(owner, 'before')) : path;
        const after = state === 'live' ? path : await locationOf(ports, path, nameOf(owner, 'failed'));
        if (before !== undefined && after !== undefined) pairs.push({ before, after, name: path });
      }
      return await changesBetween(ports.memory, owner.operation, pairs);
    });
  },

  /**
   * Everything that sees the data stops, then the data of before takes its place; what was there is kept as `failed`. Of
   * edits only the containers that were restarted stop, and a file that someone else has changed since is left alone.
   * @throws a permanent failure that names such files, once the others are put back.
   */
  async putBackGuarded(
    owner: Owner,
    data: GuardedPath[],
    writesFrom: string,
    edited?: { edits: Edit[]; restarts: User[]; put: boolean },
  ): Promise<DataOutcome[]> {
    return await beating(async () => {
      const stop = async (path: string): Promise<void> => {
        const users = await usersOf(ports, path, 'any');
        await stopRunning(
          ports,
          edited ? users.filter(({ id }) => edited.restarts.some((container) => container.id === id)) : users,
        );
      };
      const outcomes: DataOutcome[] = [];
      const theirs: string[] = [];
      // Who would find a database empty, and might fill it.
      await stopClients(
        ports,
        dumpedData(data).map(({ dump }) => dump),
      );
      for (const entry of data) {
        const edit = edited?.edits.find(({ file }) => file === entry.path);
        const state = edit ? await stateOfEdit(ports, owner, edit) : 'put';
        if (state === 'theirs' && edited?.put) theirs.push(entry.path);
        if (state === 'put') await stop(entry.path);
        outcomes.push(await putBackOne(ports, owner, entry, state === 'put', writesFrom, stop));
      }
      if (theirs.length > 0)
        throw permanent(
          'ChangedSince',
          `Changed by someone else since it was edited, and left as it is: ${theirs.join(', ')}.`,
        );
      return outcomes;
    });
  },
});

/** A volume lies where the engine says; one that is not there is told as no such path. */
/** What is not found stays as it was written: the plan refuses it by that. */
const pathOf = async ({ engine, snapshots }: Ports, place: string): Promise<string> => {
  const volume = parseVolumeText(place);
  if (volume !== undefined) return (await engine.inspectVolume(volume))?.mountpoint ?? place;
  const subvolume = parseSubvolumeText(place);
  if (subvolume === undefined) return place;
  const [path = place, other] = await snapshots.subvolumes(subvolume);
  if (other === undefined) return path;
  throw permanent(
    'AmbiguousSubvolume',
    `There are subvolumes called ${subvolume} on several filesystems: ${path} and ${other}. Nothing was changed. Name the path: --data ${path}`,
  );
};

const stopClients = async (ports: Ports, dumps: readonly DumpPlan[]): Promise<void> => {
  for (const dump of dumps) await stopRunning(ports, clientsAmong(await ports.engine.listContainers(), dump));
};

const locationOf = async (
  { snapshots }: Ports,
  ...[path, name]: Parameters<Ports['snapshots']['find']>
): Promise<string | undefined> => (await snapshots.find(path, name))?.location;

const restoreProblems = async ({ snapshots }: Ports, { path, snapshot }: Restore): Promise<Problem[]> => {
  return (await snapshots.find(path, snapshot))
    ? []
    : [
        {
          severity: 'error',
          code: 'no-such-snapshot',
          message: `There is no snapshot ${snapshot} of ${path}. Nothing was changed.`,
          next: 'baton snapshots',
        },
      ];
};

const commandProblems = async ({ commands, systemd }: Ports, command: GuardedCommand): Promise<Problem[]> => {
  const error = (code: string, message: string): Problem => ({
    severity: 'error',
    code,
    message: `${message} Nothing was changed.`,
  });
  const problems: Problem[] = [];
  if ((await commands.whereIs(command)) === undefined)
    problems.push(
      error(
        'no-such-command',
        `${JSON.stringify(command.args[0])} cannot be run in ${command.directory}: no such program, or no such directory.`,
      ),
    );
  if (
    command.user !== undefined &&
    (await execa('id', ['-u', '--', command.user], { reject: false })).exitCode !== 0
  )
    problems.push(error('no-such-user', `There is no user "${command.user}" on this host.`));
  if (command.scope && !(await systemd.managers()).includes(scopeManager))
    problems.push(
      error(
        'no-scope',
        `There is no systemd that could make a scope (--scope) for the worker's user on this host.`,
      ),
    );
  return problems;
};
