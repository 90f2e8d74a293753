/**
 * Which data a change puts at stake, and what is done with each path.
 *
 * A changed service can write to its own mounts, and through the network to those of every service it depends on: a
 * migration runs in the application's container and ruins the database's files. So the data of everything that a changed
 * service reaches through `depends_on` is protected too (docs/decisions/0005).
 */
import { isDumpWish, type RunningDatabase } from './database.ts';
import { asSqlite, isSqliteWish } from './sqlite.ts';
import { dependencyGraph } from './dependencies.ts';
import { reachableFrom, reversed } from './graph.ts';
import { carriedVolumes, ownWish, wishOf, writableMounts, type Mounted } from './mounted-data.ts';
import type { ServiceName } from './names.ts';
import type { ServicePlan, Wanted } from './plan.ts';
import type { SnapshotDriver } from './snapshot.ts';
import type { DataClass, DataWish, StackSpec } from './stack.ts';
import type { PathFacts, World } from './world.ts';

export type DataPlan = {
  /** As mounted on the host. */
  path: string;
  /** The engine's volume, where it is one. */
  volume?: string;
  class: DataClass;
  /** Absent for `discard`, `external`, and a path that does not exist yet. */
  driver?: SnapshotDriver;
  existed: boolean;
  /** Services of this stack that write to it. */
  services: ServiceName[];
  /** Changed services that can reach it: one of these must have run before it is put back. */
  reachedBy: ServiceName[];
  /** Why it is treated so, and what to know: `nested subvolumes are not included: …`. */
  notes: string[];
  sizeBytes: number;
  /** Only of class `dump`, through a server. */
  dump?: DumpPlan;
  /** Only of class `dump`, of SQLite: how many there are. Its driver is one of files. */
  sqlite?: { databases: number };
  /** A database that does not run: its files are snapshotted, and it must not start before that. */
  cold?: true;
};

/** Through which container a path is dumped, and who must be away while it is restored. */
export type DumpPlan = Omit<RunningDatabase, 'path'> & {
  /** Services that reach it through `depends_on`. */
  clients: ServiceName[];
};

/** What a snapshot is taken of: there already, and with a driver that can put it back. */
export const protectedData = <Entry extends Pick<DataPlan, 'class' | 'existed' | 'driver'>>(
  data: readonly Entry[],
): (Entry & { driver: SnapshotDriver })[] =>
  data.flatMap((entry) =>
    isProtected(entry) && entry.existed && entry.driver !== undefined
      ? [{ ...entry, driver: entry.driver }]
      : [],
  );

/** Whether its class asks for it. */
export const isProtected = ({ class: kind }: Pick<DataPlan, 'class'>): boolean =>
  kind === 'snapshot' || kind === 'dump';

/** What is dumped and restored through a database's server. */
export const dumpedData = <Entry extends Pick<DataPlan, 'class' | 'dump'>>(
  data: readonly Entry[],
): (Entry & { dump: DumpPlan })[] =>
  data.flatMap((entry) =>
    entry.class === 'dump' && entry.dump !== undefined ? [{ ...entry, dump: entry.dump }] : [],
  );

/** Mounts of the host itself: nothing below these is a stack's data. */
const hostPaths = [
  '/dev',
  '/proc',
  '/sys',
  '/run',
  '/var/run',
  '/boot',
  '/lib/modules',
  '/etc/localtime',
  '/etc/timezone',
];

export const isHostPath = (path: string): boolean =>
  path === '/' || path === '/etc' || hostPaths.some((host) => path === host || path.startsWith(`${host}/`));

/** @returns one entry for each writable path that the change can reach, outermost path where two overlap. */
export const planData = (wanted: Wanted, services: ServicePlan[], world: World): DataPlan[] => {
  const { spec } = wanted;
  const changed = services
    .filter(({ action }) => action !== 'keep' && action !== 'start')
    .map(({ service }) => service);
  const graph = dependencyGraph(spec);
  const reached = reachableFrom(graph, changed);
  const users = reversed(graph);
  const byPath = new Map<string, DataPlan>();
  const mounts = [...writableMounts(spec, world), ...carriedVolumes(spec, services, world)];
  const add = (mounted: Mounted, reachedBy: ServiceName[]): void => {
    const existing = byPath.get(mounted.path);
    if (existing) merge(existing, mounted.service.name, reachedBy);
    else byPath.set(mounted.path, entryFor(spec, mounted, reachedBy, world));
  };
  for (const mounted of mounts) {
    const { name: service } = mounted.service;
    if (reached.has(service))
      add(
        mounted,
        [...reachableFrom(users, [service])].filter((name) => changed.includes(name)),
      );
  }
  for (const removed of services.filter(({ action }) => action === 'remove'))
    addRemoved(byPath, removed, world);
  // What no changed service reaches, and is exchanged all the same.
  for (const { path } of wanted.restore.filter((one) => !byPath.has(one.path))) {
    for (const mounted of mounts.filter((one) => one.path === path)) add(mounted, [mounted.service.name]);
    if (!byPath.has(path))
      byPath.set(path, { path, services: [], reachedBy: [], ...classifyUnnamed(path, world) });
  }
  const declared = (isSo: typeof isDumpWish): Set<string> =>
    new Set(mounts.flatMap((mounted) => (isSo(wishOf(mounted, world.classes)) ? [mounted.path] : [])));
  const [dumped, sqlite] = [declared(isDumpWish), declared(isSqliteWish)];
  return withoutOverlap(
    [...byPath.values()].map((entry) => {
      if (sqlite.has(entry.path)) return asSqlite(entry, world.sqlite?.[entry.path]);
      return dumped.has(entry.path) ? asDump(entry, wanted, world) : entry;
    }),
  );
};

/** A path that is declared as a dump: through its database where that runs; else its files are at rest, and are snapshotted. */
const asDump = (entry: DataPlan, wanted: Wanted, world: World): DataPlan => {
  const { driver: _driver, ...rest } = entry;
  const files = { ...rest, ...classify('dump', entry.path, world.paths[entry.path]) };
  const database = world.databases?.[entry.path];
  if (!files.existed) return files;
  if (!database)
    return {
      ...files,
      cold: true,
      notes: [...files.notes, 'declared as a dump, but its database does not run: its files are snapshotted'],
    };
  const { kind, service, container } = database;
  return {
    ...files,
    class: 'dump',
    // What cannot be exchanged cannot be emptied either.
    ...(files.driver === undefined ? {} : { driver: 'dump' }),
    notes: files.driver === undefined ? files.notes : [],
    sizeBytes: database.answers ? database.sizeBytes : files.sizeBytes,
    dump: { kind, service, container, clients: clientsOf(service, specsOf(wanted)) },
  };
};

/** As it is wanted, and as it runs now. */
export const specsOf = ({ spec, running }: Wanted): StackSpec[] => [spec, ...(running ? [running] : [])];

/** What reaches a service through `depends_on`, in any of these. */
export const clientsOf = (service: ServiceName, specs: readonly StackSpec[]): ServiceName[] => {
  const clients = specs.flatMap((one) => [...reachableFrom(reversed(dependencyGraph(one)), [service])]);
  return [...new Set(clients)].filter((name) => name !== service);
};

const merge = (entry: DataPlan, service: ServiceName, reachedBy: ServiceName[]): void => {
  entry.services = [...new Set([...entry.services, service])];
  entry.reachedBy = [...new Set([...entry.reachedBy, ...reachedBy])];
};

const addRemoved = (byPath: Map<string, DataPlan>, removed: ServicePlan, world: World): void => {
  const containers = world.containers.filter(({ id }) => id === removed.previous?.id);
  for (const mount of containers.flatMap(({ mounts }) => mounts)) {
    if (mount.type === 'tmpfs' || mount.readOnly) continue;
    const existing = byPath.get(mount.source);
    if (existing) merge(existing, removed.service, [removed.service]);
    else
      byPath.set(mount.source, {
        path: mount.source,
        ...(mount.volume === undefined ? {} : { volume: mount.volume }),
        services: [removed.service],
        reachedBy: [removed.service],
        ...classifyUnnamed(mount.source, world),
      });
  }
};

const entryFor = (
  spec: StackSpec,
  { path, volume, service, mount }: Mounted,
  reachedBy: ServiceName[],
  world: World,
): DataPlan => {
  const own = ownWish(service, mount.target, path);
  const asked = own ?? world.classes?.[path];
  const entry: DataPlan = {
    path,
    ...(volume === undefined ? {} : { volume }),
    services: [service.name],
    reachedBy,
    ...classify(asked, path, world.paths[path], own === undefined ? 'the data set' : 'the stack'),
  };
  const sharer = asked === undefined ? foreignWriter(spec, path, world) : undefined;
  if (sharer === undefined || entry.class !== 'snapshot') return entry;
  const { driver: _driver, ...unprotected } = entry;
  return {
    ...unprotected,
    class: 'external',
    notes: [`container "${sharer}" of another stack writes here too`],
  };
};

/** A running container outside the stack that can write to the same path. */
const foreignWriter = (spec: StackSpec, path: string, world: World): string | undefined =>
  world.containers.find(
    ({ labels, running, mounts }) =>
      running &&
      labels['dev.baton.stack'] !== spec.name &&
      labels['com.docker.compose.project'] !== spec.name &&
      mounts.some((mount) => !mount.readOnly && mount.source === path),
  )?.name;

type Classified = Pick<DataPlan, 'class' | 'existed' | 'notes' | 'sizeBytes' | 'driver'>;

/** @param says who asks for it. */
const classify = (
  asked: DataWish | undefined,
  path: string,
  facts: PathFacts | undefined,
  says = 'the stack',
): Classified => {
  const base = { existed: facts !== undefined && facts.type !== 'missing', sizeBytes: facts?.sizeBytes ?? 0 };
  if (asked === 'discard' || asked === 'external')
    return { ...base, class: asked, notes: [`as ${says} says`] };
  if (asked === undefined && (isHostPath(path) || facts?.type === 'socket' || facts?.type === 'device'))
    return { ...base, class: 'external', notes: ['belongs to the host'] };
  if (!facts || facts.type === 'missing')
    return { ...base, class: 'snapshot', notes: ['does not exist yet'] };
  const notes = [facts.reason];
  if (facts.noCow) notes.push('is NOCOW: its snapshot holds the data, without checksums');
  return { ...base, class: 'snapshot', notes, ...(facts.driver ? { driver: facts.driver } : {}) };
};

/** Of what no service of the wanted release mounts: a data set alone may say something of it. */
const classifyUnnamed = (path: string, { classes, paths }: World): Classified =>
  classify(classes?.[path], path, paths[path], 'the data set');

/** Its snapshot holds all that is below it. */
const isOfFiles = ({ class: kind, sqlite }: DataPlan): boolean => kind === 'snapshot' || sqlite !== undefined;

/** Sorted by path. Where one path holds another, the outer one's snapshot is enough; two would tear when put back. */
const withoutOverlap = (entries: DataPlan[]): DataPlan[] => {
  const kept: DataPlan[] = [];
  for (const entry of entries.sort((a, b) => (a.path < b.path ? -1 : 1))) {
    const outer = kept.find((other) => isOfFiles(other) && entry.path.startsWith(`${other.path}/`));
    if (!outer || !isOfFiles(entry) || (entry.sqlite && !outer.sqlite)) kept.push(entry);
    else for (const service of entry.services) merge(outer, service, entry.reachedBy);
  }
  return kept;
};
