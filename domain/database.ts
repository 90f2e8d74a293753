/** Databases that are dumped: which kinds there are, how they are recognised, and which of them run. */
import { parseAsideName, serviceOf, stackOf } from './labels.ts';
import type { ServiceName } from './names.ts';
import type { DataWish, ServiceSpec, StackSpec } from './stack.ts';
import type { ContainerFacts } from './world.ts';

/** Whose server runs in a container, with its tools. */
export const databaseKinds = ['postgres', 'mariadb', 'mysql', 'redis'] as const;
export type DatabaseKind = (typeof databaseKinds)[number];

/** With those that have no server: see `domain/sqlite.ts`. */
export const dumpKinds = [...databaseKinds, 'sqlite'] as const;
export type DumpKind = (typeof dumpKinds)[number];

/** What each is dumped and restored through. */
export const dumpTools: Record<DatabaseKind, { dump: string; restore: string }> = {
  postgres: { dump: 'pg_dump', restore: 'pg_restore' },
  mariadb: { dump: 'mariadb-dump', restore: 'mariadb' },
  mysql: { dump: 'mysqldump', restore: 'mysql' },
  redis: { dump: 'redis-cli --rdb', restore: 'its start on that file' },
};

/** Names of images, without registry and tag. */
const images: Record<DatabaseKind, RegExp> = {
  postgres: /^(?:postgres(?:ql)?|postgis|pgvector|pgvecto-rs|timescaledb(?:-ha)?)$/,
  mariadb: /^mariadb$/,
  mysql: /^(?:mysql|percona)(?:-server)?$/,
  redis: /^(?:redis|valkey)$/,
};

/** By its image alone. @returns `undefined` for one that is not known. */
export const recognise = (image: string): DatabaseKind | undefined => {
  const name = image.replace(/@.*/, '').replace(/^.*\//, '').replace(/:.*/, '');
  return databaseKinds.find((kind) => images[kind].test(name));
};

/** @returns `undefined` where it is not to be dumped through a server, or nobody knows through which. */
export const kindOf = (wish: DataWish | undefined, image: string): DatabaseKind | undefined => {
  const kind = typeof wish === 'object' ? wish.dump : wish === 'dump' ? recognise(image) : undefined;
  return kind === 'sqlite' ? undefined : kind;
};

export const isDumpWish = (wish: DataWish | undefined): boolean =>
  wish === 'dump' || typeof wish === 'object';

/** A database that has a container, and whose files are declared to be dumped. */
export type RunningDatabase = {
  /** Its files, as mounted on the host. */
  path: string;
  kind: DatabaseKind;
  service: ServiceName;
  container: { id: string; name: string };
};

/** As {@link standingDatabases}, of those that run. */
export const runningDatabases = (
  spec: StackSpec,
  containers: readonly ContainerFacts[],
  classes: Record<string, DataWish> = {},
): RunningDatabase[] =>
  standingDatabases(
    spec,
    containers.filter(({ status }) => status === 'running'),
    classes,
  );

/**
 * Whether or not they run; of each path one: where several services mount it, the one whose image is that of such a database.
 * @param classes that data sets give to paths.
 */
export const standingDatabases = (
  spec: StackSpec,
  containers: readonly ContainerFacts[],
  classes: Record<string, DataWish> = {},
): RunningDatabase[] => {
  const byPath = new Map<string, RunningDatabase & { known: boolean }>();
  for (const service of spec.services) {
    const container = containers.find(
      ({ labels, name }) =>
        stackOf(labels) === spec.name && serviceOf(labels) === service.name && !parseAsideName(name),
    );
    for (const database of container ? databasesIn(service, container, classes) : []) {
      const other = byPath.get(database.path);
      if (!other || (database.known && !other.known)) byPath.set(database.path, database);
    }
  }
  return [...byPath.values()].map(({ known: _known, ...database }) => database);
};

const databasesIn = (
  { data, image, name }: ServiceSpec,
  { id, name: containerName, mounts }: ContainerFacts,
  classes: Record<string, DataWish>,
): (RunningDatabase & { known: boolean })[] =>
  mounts.flatMap(({ type, source, target, readOnly }) => {
    const kind = kindOf(data[target] ?? data[source] ?? classes[source], image);
    if (type === 'tmpfs' || readOnly || kind === undefined) return [];
    const known = recognise(image) === kind;
    return [{ path: source, kind, service: name, container: { id, name: containerName }, known }];
  });

/** The database that a service runs, whatever is said of its files: by what they are declared to be, else by its image. */
export const databaseOf = (
  spec: StackSpec,
  wanted: ServiceName,
  containers: readonly Pick<ContainerFacts, 'id' | 'name' | 'labels' | 'status'>[],
): Pick<RunningDatabase, 'kind' | 'service' | 'container'> | undefined => {
  const service = spec.services.find(({ name }) => name === wanted);
  const own = containers.find(
    ({ labels, name, status }) =>
      status === 'running' &&
      stackOf(labels) === spec.name &&
      serviceOf(labels) === wanted &&
      !parseAsideName(name),
  );
  if (!service || !own) return undefined;
  const declared = Object.values(service.data).flatMap((wish) => kindOf(wish, service.image) ?? []);
  const kind = declared[0] ?? recognise(service.image);
  return kind && { kind, service: wanted, container: { id: own.id, name: own.name } };
};
