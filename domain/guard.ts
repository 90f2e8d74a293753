/**
 * A guarded command: snapshot the data, run, validate, and put the data back where that fails. What is asked for, and what
 * will be done, as pure data; made before anything is touched.
 */
import type { Check } from './check.ts';
import type { GuardedCommand } from './commands.ts';
import type { GateWish } from './gate.ts';
import { isHostPath, type DataPlan, type DumpPlan } from './data.ts';
import { isDumpWish, type DatabaseKind } from './database.ts';
import { asSqlite, isSqliteWish, sqliteProblems, type SqliteFacts } from './sqlite.ts';
import { dumpProblems, noTaker, unknownDatabase, writesTo } from './dump-problems.ts';
import type { OperationId, StackName } from './names.ts';
import type { Maintenance, MaintenanceWish } from './maintenance.ts';
import type { RestartWish, ServiceRestart } from './restart.ts';
import { stackOf } from './labels.ts';
import { overlaps, reaches } from './paths.ts';
import { isError, type Problem } from './problem.ts';
import { formatBytes } from './size.ts';
import type { SnapshotName } from './snapshot.ts';
import type { DataWish } from './stack.ts';
import type { ContainerFacts, DatabaseFacts, PathFacts } from './world.ts';

/** A file that was edited beside itself, and whose new text takes its place at once. */
export type Edit = {
  /** An absolute path on the worker's host. */
  file: string;
  /** Where the new text lies, on the same host. */
  draft: string;
  /** SHA-256 (hex) of the text that was edited, and of the new one. */
  was: string;
  becomes: string;
};

/** Data that goes back to what it was in a snapshot. */
export type Restore = {
  path: string;
  snapshot: SnapshotName;
  /** Only of a dump, and only in a plan: the database that begins empty and takes it in. */
  dump?: DumpPlan;
};

export type GuardRequest = {
  operation: OperationId;
  kind: 'guard';
  /** What is locked meanwhile: the stack that uses the data, or a name of its own. */
  stack: StackName;
  host: string;
  /** What it is for, in a person's words. */
  title: string;
  /** Absolute paths. */
  data: string[];
  /** What is done: a command is run, or `edits` are put in place, or snapshots are brought back. Without any, snapshots are taken, and no more. */
  command?: GuardedCommand;
  edits?: Edit[];
  restore?: Restore[];
  /** Services of the stack that are restarted, and nothing else. */
  services?: RestartWish;
  /** A database of the stack that is maintained, and nothing else. */
  maintenance?: MaintenanceWish;
  /** Whether everything that uses the data is restarted after that; a container that mounts an edited file by itself is anyway. */
  restart?: boolean;
  checks: Check[];
  /** For how long each check is asked again until it says yes; absent: the host's own patience. */
  checkPatienceMs?: number;
  /** `hold`: everything stays where the failure left it until someone answers. */
  onFailure: 'roll-back' | 'hold';
  /** What is made of a command whose worker died: it failed, or the checks decide. */
  onCrash: 'fail' | 'validate';
  /** Plain copies above this size (bytes) are refused. */
  copyLimitBytes: number;
  /** What it is to wait for before it changes anything. */
  gate?: GateWish;
};

/** Whether nothing is done to the data: a snapshot is all that is wanted. */
export const takesOnly = ({
  command,
  edits,
  restore,
  ...rest
}: Pick<GuardRequest, 'command' | 'edits' | 'restore'> & WithoutData): boolean =>
  !command && !edits && !restore && !isWithoutData(rest);

type WithoutData = { services?: unknown; maintenance?: unknown };

/** Whether it is about services themselves, and no path is protected or put back. */
export const isWithoutData = ({ services, maintenance }: WithoutData): boolean =>
  services !== undefined || maintenance !== undefined;

/** What is asked for with a plan of it: whose lock, and which paths. */
export const plannedGuard = (
  question: GuardQuestion,
  { stack, data }: Pick<GuardPlan, 'stack' | 'data'>,
): GuardRequest => ({ ...question, stack, data: data.map(({ path }) => path) });

/** A snapshot for its own sake. */
export const snapshotQuestion = (
  title: string,
  data: string[],
  copyLimitBytes: number,
): Omit<GuardQuestion, 'operation' | 'host'> => ({
  kind: 'guard',
  title,
  data,
  checks: [],
  onFailure: 'roll-back',
  onCrash: 'fail',
  copyLimitBytes,
});

/** Before it is known whose lock it takes, or which paths are a stack's data. */
export type GuardQuestion = Omit<GuardRequest, 'stack'> & { stack?: StackName };

export type GuardedPath = Pick<
  DataPlan,
  'path' | 'class' | 'driver' | 'existed' | 'notes' | 'sizeBytes' | 'dump' | 'cold' | 'sqlite'
> & {
  /** Containers that see it; these stop while it is put back, and are started again. */
  users: (User & { running: boolean })[];
};

export type User = { id: string; name: string };

export type GuardPlan = {
  format: 1;
  kind: 'guard';
  /** Whose lock is held. */
  stack: StackName;
  host: string;
  engine: 'podman' | 'docker';
  title: string;
  command?: GuardedCommand;
  edits?: Edit[];
  restore?: Restore[];
  /** Containers that are restarted after the edits, and after these were taken back. */
  restarts?: User[];
  /** What is restarted for its own sake, in this order. */
  services?: ServiceRestart[];
  maintenance?: Maintenance;
  data: GuardedPath[];
  checks: Check[];
  onFailure: GuardRequest['onFailure'];
  problems: Problem[];
};

export type KnownData = {
  /** By path as it really is: what the stacks that run say, then what data sets say. */
  classes: Record<string, DataWish>;
  /** Databases that run on one of the paths, and are to be dumped. */
  databases: Record<string, DatabaseFacts & Pick<DumpPlan, 'clients'>>;
  /** What is to be dumped as SQLite. */
  sqlite?: Record<string, SqliteFacts>;
  /** Only of paths whose snapshot to be brought back is a dump: of what kind it is, and who would take it in. */
  dumps?: Record<string, { kind: DatabaseKind; database?: DumpPlan }>;
};

/** What the facts say of the request. Problems of severity `error` forbid it. */
export const planGuard = (
  request: GuardRequest,
  engine: GuardPlan['engine'],
  paths: Record<string, PathFacts>,
  containers: readonly ContainerFacts[],
  known: KnownData = { classes: {}, databases: {} },
): GuardPlan => {
  // What uses the data stops before a snapshot is brought back, so a database is at rest, and its files are all of it.
  const asFiles = request.restore !== undefined;
  const data = request.data.map((path) => {
    const files = guardedPath(path, paths[path], containers);
    return asFiles ? files : withClass(files, known);
  });
  return {
    format: 1,
    kind: 'guard',
    stack: request.stack,
    host: request.host,
    engine,
    title: request.title,
    ...(request.command ? { command: request.command } : {}),
    ...(request.restore ? { restore: request.restore.map((one) => throughDatabase(one, known)) } : {}),
    ...(request.edits ? { edits: request.edits, restarts: restartsFor(request, containers) } : {}),
    data,
    checks: request.checks,
    onFailure: request.onFailure,
    problems: [
      ...(data.length === 0 && !isWithoutData(request) ? noData(request.stack) : []),
      ...request.data.flatMap((path, index) =>
        problemsOf(path, paths[path], request, request.data.slice(0, index), data[index]),
      ),
      ...data.flatMap((entry) => databaseProblems(entry, paths[entry.path], containers, known)),
      ...(request.restore ?? []).flatMap((one) => noTaker(one, known.dumps?.[one.path])),
    ].sort((a, b) => Number(isError(b)) - Number(isError(a))),
  };
};

const throughDatabase = (restore: Restore, { dumps = {} }: KnownData): Restore => {
  const dump = dumps[restore.path]?.database;
  return dump ? { ...restore, dump } : restore;
};

const guardedPath = (
  path: string,
  facts: PathFacts | undefined,
  containers: readonly ContainerFacts[],
): GuardedPath => ({
  path,
  class: 'snapshot',
  existed: facts !== undefined && facts.type !== 'missing',
  ...(facts?.driver ? { driver: facts.driver } : {}),
  notes: facts ? [facts.reason] : [],
  sizeBytes: facts?.sizeBytes ?? 0,
  users: containers
    .filter(({ mounts }) => mounts.some((mount) => reaches(mount, path)))
    .map(({ id, name, running }) => ({ id, name, running })),
});

/** A path of class dump: through its database where that runs; else its files are at rest, and are snapshotted. */
const withClass = (files: GuardedPath, { classes, databases, sqlite }: KnownData): GuardedPath => {
  if (isSqliteWish(classes[files.path])) return asSqlite(files, sqlite?.[files.path]);
  if (!isDumpWish(classes[files.path]) || files.driver === undefined) return files;
  const database = databases[files.path];
  if (!database)
    return {
      ...files,
      cold: true,
      notes: [...files.notes, 'declared as a dump, but its database does not run: its files are snapshotted'],
    };
  const { kind, service, container, clients } = database;
  return {
    ...files,
    class: 'dump',
    driver: 'dump',
    notes: [],
    sizeBytes: database.answers ? database.sizeBytes : files.sizeBytes,
    dump: { kind, service, container, clients },
  };
};

const databaseProblems = (
  entry: GuardedPath,
  facts: PathFacts | undefined,
  containers: readonly ContainerFacts[],
  { databases, sqlite }: KnownData,
): Problem[] => {
  if (!facts) return [];
  if (entry.sqlite) return sqliteProblems(entry, facts, sqlite?.[entry.path]);
  if (entry.cold) return unknownDatabase(entry.path, containers.filter(writesTo(entry.path)));
  return dumpProblems(entry, facts, databases[entry.path]);
};

/**
 * A container that mounts the file by itself goes on seeing the old one: the new one is another inode. One that mounts the
 * directory sees it at once.
 */
const restartsFor = (
  { data, restart = false }: GuardRequest,
  containers: readonly ContainerFacts[],
): User[] =>
  containers
    .filter(
      ({ running, mounts }) =>
        running &&
        mounts.some((mount) =>
          data.some((path) => reaches(mount, path) && (restart || mount.source === path)),
        ),
    )
    .map(({ id, name }) => ({ id, name }));

const nothing = 'Nothing was changed.';

const noData = (stack: StackName): Problem[] => [
  {
    severity: 'error',
    code: 'no-data',
    message: `No container of a stack "${stack}" may write to data on this host, so there is nothing to protect. ${nothing}`,
    next: 'Name what the command changes: --data PATH',
  },
];

const problemsOf = (
  path: string,
  facts: PathFacts | undefined,
  { copyLimitBytes }: GuardRequest,
  earlier: readonly string[],
  entry: GuardedPath | undefined,
): Problem[] => {
  const error = (code: string, message: string, next?: string): Problem[] => [
    { severity: 'error', code, message: `${message} ${nothing}`, ...(next === undefined ? {} : { next }) },
  ];
  if (isHostPath(path))
    return error(
      'host-path',
      `${path} belongs to the whole host and cannot be exchanged.`,
      'Name the directory, or the file, below it that the command changes.',
    );
  const outer = earlier.find((other) => overlaps(other, path));
  if (outer !== undefined)
    return error('overlap', `${path} and ${outer} overlap: the snapshot of one would hold the other.`);
  if (!facts || facts.type === 'missing') return error('no-such-path', `There is no ${path} on this host.`);
  if (!facts.driver) return error('unprotected', `No snapshot of ${path} can be taken: ${facts.reason}.`);
  if (entry?.driver === 'dump') return [];
  const copied = facts.driver === 'copy' && !facts.reflink;
  if (facts.sizeExceeded || (copied && facts.sizeBytes > copyLimitBytes))
    return error(
      'copy-too-large',
      `${path} is ${facts.sizeExceeded ? 'more than ' : ''}${formatBytes(facts.sizeBytes)} on ${facts.filesystem}: protecting it takes a full copy, above the limit of ${formatBytes(copyLimitBytes)}.`,
      'Put it on a btrfs subvolume, or raise the limit with --copy-limit.',
    );
  // The snapshot now, and room for the failed state beside it.
  if (copied && facts.sizeBytes * 2 > facts.freeBytes)
    return error(
      'no-space',
      `Copies of ${path} need ${formatBytes(facts.sizeBytes * 2)} (now, and to put it back); ${formatBytes(facts.freeBytes)} are free.`,
    );
  return facts.nested.length === 0
    ? []
    : [
        {
          severity: 'warning',
          code: 'nested',
          message: `${path} holds ${facts.nested.length} nested subvolumes or mounts that its snapshot does not include: ${facts.nested.slice(0, 3).join(', ')}.`,
        },
      ];
};

/**
 * The question with what the containers of the host tell: the data of a stack that was named alone, and whose lock is taken.
 * @param classes by path: what may be lost, or is not ours, is not asked for with the data of a stack.
 */
export const guardRequest = (
  question: GuardQuestion,
  containers: readonly ContainerFacts[],
  classes: KnownData['classes'] = {},
): GuardRequest => {
  const { stack } = question;
  const data =
    question.data.length > 0 || stack === undefined || isWithoutData(question)
      ? question.data
      : dataOfStack(stack, containers, classes);
  return { ...question, data, stack: stack ?? (guardTarget(data, containers) as StackName) };
};

/** What its containers may write to; the outermost where one path holds another. */
const dataOfStack = (
  stack: StackName,
  containers: readonly ContainerFacts[],
  classes: KnownData['classes'],
): string[] => {
  const paths = containers
    .filter(({ labels }) => stackOf(labels) === stack)
    .flatMap(({ mounts }) =>
      mounts.flatMap(({ type, source, readOnly }) =>
        type === 'tmpfs' || readOnly || isHostPath(source) || isLeftOut(classes[source]) ? [] : [source],
      ),
    );
  const all = [...new Set(paths)].sort();
  return all.filter((path) => !all.some((other) => path.startsWith(`${other}/`)));
};

const isLeftOut = (wish: DataWish | undefined): boolean => wish === 'discard' || wish === 'external';

/**
 * Whose lock a guard of these paths takes: that of the one stack whose containers see them. Where none does, or several do,
 * a name of its own, made from the first path.
 */
const guardTarget = (data: readonly string[], containers: readonly ContainerFacts[]): string => {
  const stacks = new Set(
    containers
      .filter(({ mounts }) => data.some((path) => mounts.some((mount) => reaches(mount, path))))
      .flatMap(({ labels }) => stackOf(labels) ?? []),
  );
  const [only] = stacks;
  if (only !== undefined && stacks.size === 1) return only;
  const base = data[0]?.split('/').findLast((part) => part !== '') ?? 'guard';
  return (
    base
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, '-')
      .replace(/^[-_]+/, '')
      .slice(0, 63) || 'guard'
  );
};
