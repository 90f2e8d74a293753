/** Guarded commands: look, snapshot, run, check, and put the data back with everything that uses it. */
import { execa } from 'execa';
import { realpath } from 'node:fs/promises';
import type { Check } from '../domain/check.ts';
import { isHostPath, protectedData } from '../domain/data.ts';
import {
  guardRequest,
  mostChanges,
  planGuard,
  type Changes,
  type CommandEnd,
  type Edit,
  type GuardedCommand,
  type GuardedPath,
  type GuardPlan,
  type GuardQuestion,
  type Restore,
  type User,
} from '../domain/guard.ts';
import { label, serviceOf, stackOf } from '../domain/labels.ts';
import { parseStackName, type ReleaseId } from '../domain/names.ts';
import type { DataOutcome, SnapshotTaken } from '../domain/operation.ts';
import type { Problem } from '../domain/problem.ts';
import type { Probe } from '../domain/stack.ts';
import type { SnapshotMarks } from '../domain/snapshot.ts';
import type { Owner } from '../domain/subject.ts';
import { beating, permanent } from './activity.ts';
import { capture } from './before.ts';
import { askCheck } from './check.ts';
import { ifThere } from './errno.ts';
import { differenceBetween } from './changes.ts';
import { sha256 } from './hash.ts';
import { putBackContainer, resolveCommand } from './container.ts';
import { nameOf, putBackOne, snapshotEach, stopGraceMs, stopRunning, usersOf } from './data.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { ContainerBefore } from './ports/memory.ts';
import { secretsOf } from './release.ts';
import { toFacts } from './world.ts';

/** Compose's default for a service that says nothing else is far more patient; a container that was healthy a minute ago needs less. */
const healthyDeadlineMs = 120_000;

export const guardActivities = (ports: Ports) => ({
  /** Looks only. */
  async prepareGuard(question: GuardQuestion): Promise<GuardPlan> {
    return await beating(async () => {
      const containers = (await ports.engine.listContainers()).map(toFacts);
      // What is mounted, locked and exchanged is what a link leads to.
      const data = await Promise.all(question.data.map(realOr));
      const request = guardRequest({ ...question, data }, containers);
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
      const plan = planGuard(request, ports.engine.kind, Object.fromEntries(facts), containers);
      const { command, edits = [], restore = [] } = request;
      return {
        ...plan,
        problems: [
          ...plan.problems,
          ...(command ? await commandProblems(ports, command) : []),
          ...(await Promise.all(restore.map(async (one) => await restoreProblems(ports, one)))).flat(),
          ...(await Promise.all(edits.map(async (edit) => await editProblems(ports, edit)))).flat(),
        ],
      };
    });
  },

  /** @returns one entry a path, each seen on the disk after it was taken. */
  async takeGuardSnapshots(owner: Owner, data: GuardedPath[]): Promise<SnapshotTaken[]> {
    return await beating(async (signal) => {
      await ports.memory.notePaths(data.map(({ path }) => path));
      const before = await captureUsers(ports, owner, data);
      return await snapshotEach(ports, owner, data, before, signal);
    });
  },

  /** At most once: see {@link import('./ports/commands.ts').Commands.run}. */
  async runCommand({ operation }: Owner, command: GuardedCommand): Promise<CommandEnd> {
    return await beating(async (signal) => await ports.commands.run(operation, command, signal));
  },

  /** Each new text takes its file's place at once, with the file's owner and mode. */
  async putEdits(edits: Edit[]): Promise<void> {
    await beating(async () => {
      for (const edit of edits) await putEdit(ports, edit);
    });
  },

  /** What would not see the change otherwise, or should begin anew with it; each is healthy again if it was. */
  async restartUsers(owner: Owner, containers: User[]): Promise<void> {
    await beating(async (signal) => {
      const before = (await ports.memory.getBefore(owner.operation)) ?? [];
      const wanted = before.filter(({ id }) => containers.some((container) => container.id === id));
      for (const { id, startedAt } of wanted) {
        // Another try does not restart it again.
        if ((await ports.engine.inspectContainer(id))?.startedAt !== startedAt) continue;
        await ports.engine.stopContainer(id, stopGraceMs);
      }
      for (const { id } of wanted) await ports.engine.startContainer(id);
      await Promise.all(
        wanted.map(async (container) => {
          await putBackContainer(ports, container, howBack(ports, container), signal);
        }),
      );
    });
  },

  /** Everything that sees the data stops. */
  async stopGuarded(data: GuardedPath[]): Promise<void> {
    await beating(async () => {
      for (const { path } of data) await stopRunning(ports, await usersOf(ports, path, 'any'));
    });
  },

  /** A copy of each snapshot takes the data's place. What was there is the operation's own snapshot of before. */
  async restoreGuarded(owner: Owner, restore: Restore[]): Promise<void> {
    await beating(async () => {
      for (const { path, snapshot: name } of restore) {
        const snapshot = await ports.snapshots.find(path, name);
        if (!snapshot) throw permanent('SnapshotMissing', `Snapshot ${name} of ${path} is gone.`);
        await ports.snapshots.remove(await ports.snapshots.restore(snapshot, nameOf(owner, 'undone')));
      }
    });
  },

  /** Notes on each snapshot of the operation how it ended. */
  async markSnapshots(owner: Owner, data: GuardedPath[], marks: SnapshotMarks): Promise<void> {
    await beating(async () => {
      for (const { path } of protectedData(data))
        for (const purpose of ['before', 'failed'] as const) {
          const snapshot = await ports.snapshots.find(path, nameOf(owner, purpose));
          if (snapshot) await ports.snapshots.mark(snapshot, marks);
        }
    });
  },

  /** Every check, until it says yes. @throws a permanent failure with all that say no. */
  async runChecks(checks: Check[]): Promise<void> {
    await beating(async (signal) => {
      const answers = await Promise.all(
        checks.map(
          async (check) =>
            await askCheck(ports, check, async (name) => await ports.engine.inspectContainer(name), signal),
        ),
      );
      const failed = answers.flatMap((answer) => answer ?? []);
      if (failed.length > 0) throw permanent('CheckFailed', failed.join(' '));
    });
  },

  /** What the command changed, as far as it stands now. Kept in a file; its names are returned. */
  async compareWithBefore(owner: Owner, data: GuardedPath[], state: 'live' | 'failed'): Promise<Changes> {
    return await beating(async () => {
      const all: Awaited<ReturnType<typeof differenceBetween>>[] = [];
      for (const { path } of protectedData(data)) {
        const before = state === 'live' ? await locationOf(ports, path, nameOf(owner, 'before')) : path;
        const after = state === 'live' ? path : await locationOf(ports, path, nameOf(owner, 'failed'));
        if (before !== undefined && after !== undefined)
          all.push(await differenceBetween(before, after, path));
      }
      const text = all.map((difference) => difference.text).join('');
      return {
        files: all.flatMap(({ files }) => files).slice(0, mostChanges),
        count: all.reduce((sum, { count }) => sum + count, 0),
        ...(text === '' ? {} : { file: await ports.memory.keepText(owner.operation, 'changes.diff', text) }),
      };
    });
  },

  /**
   * Everything that sees the data stops, then the data of before takes its place; what was there is kept as `failed`. Of
   * edits only the containers that were restarted stop, and a file that does not hold the edited text is left alone.
   */
  async putBackGuarded(
    owner: Owner,
    data: GuardedPath[],
    writesFrom: string,
    edited?: { edits: Edit[]; restarts: User[] },
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
      for (const entry of data) {
        const edit = edited?.edits.find(({ file }) => file === entry.path);
        const touched = !edit || (await isPut(ports, owner, edit));
        if (touched) await stop(entry.path);
        outcomes.push(await putBackOne(ports, owner, entry, touched, writesFrom, stop));
      }
      return outcomes;
    });
  },

  /** What used the data runs again as it did, in the order in which it was started then, and healthy if it was. */
  async startUsersAgain(owner: Owner): Promise<void> {
    await beating(async (signal) => {
      const before = (await ports.memory.getBefore(owner.operation)) ?? [];
      for (const { id, running } of before) if (running) await ports.engine.startContainer(id);
      await Promise.all(
        before.map(async (container) => {
          await putBackContainer(ports, container, howBack(ports, container), signal);
        }),
      );
    });
  },
});

const howBack = (ports: Ports, { id }: ContainerBefore): Parameters<typeof putBackContainer>[2] => ({
  stopGraceMs,
  deadlineMs: healthyDeadlineMs,
  probe: async () => {
    const container = await ports.engine.inspectContainer(id);
    return container && (await probeOf(ports, container));
  },
});

const realOr = async (path: string): Promise<string> => (await ifThere(() => realpath(path))) ?? path;

const locationOf = async (
  { snapshots }: Ports,
  ...[path, name]: Parameters<Ports['snapshots']['find']>
): Promise<string | undefined> => (await snapshots.find(path, name))?.location;

/** Containers that see the data, and those that live in the network of one of these. First started, first. */
const captureUsers = async (
  ports: Ports,
  { operation }: Owner,
  data: readonly GuardedPath[],
): Promise<readonly ContainerBefore[]> => {
  const known = await ports.memory.getBefore(operation);
  if (known) return known;
  const all = await ports.engine.listContainers();
  const users = new Set<string>();
  for (const { path } of data) for (const { id } of await usersOf(ports, path, 'any')) users.add(id);
  const own = all.filter(
    ({ id, networkMode }) => users.has(id) || users.has(networkMode.replace(/^container:/, '')),
  );
  own.sort((a, b) => Date.parse(a.startedAt ?? '') - Date.parse(b.startedAt ?? ''));
  return await capture(ports, operation, own, async (_service, container) => await probeOf(ports, container));
};

/** How the release that a container belongs to asks whether it is healthy. */
const probeOf = async (
  { memory, environment, ...rest }: Ports,
  { labels }: ContainerState,
): Promise<Probe | undefined> => {
  const stack = parseStackName(stackOf(labels) ?? '');
  const id = labels[label.release] as ReleaseId | undefined;
  if (stack === undefined || id === undefined) return undefined;
  const release = await memory.getRelease(stack, id);
  const probe = release?.spec.services.find(({ name }) => name === serviceOf(labels))?.probe;
  if (!release || !probe) return undefined;
  return resolveCommand(probe, (await secretsOf({ ...rest, memory, environment }, release)).resolve);
};

const restoreProblems = async ({ snapshots }: Ports, { path, snapshot }: Restore): Promise<Problem[]> =>
  (await snapshots.find(path, snapshot))
    ? []
    : [
        {
          severity: 'error',
          code: 'no-such-snapshot',
          message: `There is no snapshot ${snapshot} of ${path}. Nothing was changed.`,
          next: 'baton snapshots',
        },
      ];

const editProblems = async ({ files }: Ports, { file, draft, was }: Edit): Promise<Problem[]> => {
  const error = (code: string, message: string): Problem[] => [
    { severity: 'error', code, message: `${message} Nothing was changed.`, next: `Your text is in ${draft}` },
  ];
  const now = await files.read(file);
  if (!now) return [];
  if (sha256(now.content) !== was)
    return error('changed-meanwhile', `${file} was changed by someone else while you edited it.`);
  return (await files.read(draft)) ? [] : error('no-draft', `There is no ${draft} on this host.`);
};

/** Whether the edited text is there, or was and has been exchanged by an earlier try. */
const isPut = async (ports: Ports, owner: Owner, { file, becomes }: Edit): Promise<boolean> => {
  const now = await ports.files.read(file);
  return (
    (now && sha256(now.content)) === becomes ||
    (await ports.snapshots.find(file, nameOf(owner, 'failed'))) !== undefined
  );
};

const putEdit = async ({ files }: Ports, { file, draft, was, becomes }: Edit): Promise<void> => {
  const now = await files.read(file);
  const hash = now && sha256(now.content);
  if (hash === becomes) return;
  if (!now || hash !== was)
    throw permanent(
      'ChangedMeanwhile',
      `${file} was changed by someone else meanwhile. Your text is in ${draft}.`,
    );
  const text = await files.read(draft);
  if (!text || sha256(text.content) !== becomes)
    throw permanent('NoDraft', `${draft} is not the text that was agreed on.`);
  await files.replace(file, text.content, { mode: now.mode, owner: { uid: now.uid, gid: now.gid } });
};

const commandProblems = async ({ commands }: Ports, command: GuardedCommand): Promise<Problem[]> => {
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
  return problems;
};
