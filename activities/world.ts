/** Looking at a host, before a plan. Nothing here changes anything. */
import { readFile } from 'node:fs/promises';
import { parseAsideName, serviceOf, stackOf } from '../domain/labels.ts';
import type { ReleaseId, ServiceName } from '../domain/names.ts';
import { takenBack, type Release } from '../domain/release.ts';
import type { SqliteFacts } from '../domain/sqlite.ts';
import type { DataWish, ServiceSpec, StackSpec } from '../domain/stack.ts';
import { runningDatabases } from '../domain/database.ts';
import { sqlitePaths } from '../domain/mounted-data.ts';
import type { ContainerFacts, DatabaseFacts, ImageFacts, PathFacts, World } from '../domain/world.ts';
import { isRunning } from './before.ts';
import { askDatabase } from './dump.ts';
import { hasHealthcheck, keptTag } from './image.ts';
import { fileFacts } from './managed-file.ts';
import { EngineError, type ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { Secrets } from './secrets.ts';

export type Looking = {
  spec: StackSpec;
  secrets: Secrets;
  /** A release whose images count, not what its references resolve to now. */
  pinned?: Release;
  /** Images that count instead, by digest. */
  exactly?: Partial<Record<ServiceName, string>>;
  runningRelease?: ReleaseId;
  options: { build: boolean; pull: boolean; copyLimitBytes: number };
  /** Classes that data sets give to paths. */
  classes: Record<string, DataWish>;
  /** Paths whose data is exchanged, mounted or not. */
  exchanged: readonly string[];
  /** Images were fetched a moment ago: "always" is satisfied. */
  settling: boolean;
};

export const lookAtWorld = async (ports: Ports, looking: Looking): Promise<World> => {
  const { spec, secrets, runningRelease } = looking;
  const [seen, history, images, networks, taken, files] = await Promise.all([
    runningAndData(ports, looking),
    ports.memory.history(spec.name),
    imageFacts(ports, looking),
    presentOf(Object.values(spec.networks), (network) => ports.engine.inspectNetwork(network)),
    listeners(),
    fileFacts(ports.files, spec.files, secrets),
  ]);
  return {
    host: ports.host,
    engine: { ...ports.engineInfo, canReachContainers: ports.engineInfo.reach !== 'ports' },
    ...seen,
    images,
    networks,
    classes: looking.classes,
    listeners: taken,
    files,
    runningStacks: runningStacks(seen.containers),
    committed: history.map(({ operation }) => operation),
    takenBack: takenBack(history),
    ...(runningRelease === undefined ? {} : { runningRelease }),
  };
};

/** What of a host depends on what runs there, or on what keeps its data. */
const runningAndData = async (
  ports: Ports,
  looking: Looking,
): Promise<Pick<World, 'containers' | 'volumes' | 'paths' | 'databases' | 'sqlite'>> => {
  const { spec, classes } = looking;
  const [states, volumes] = await Promise.all([
    ports.engine.listContainers(),
    presentOf(Object.values(spec.volumes), (volume) => ports.engine.inspectVolume(volume)),
  ]);
  const containers = states.map(toFacts);
  const [databases, paths, sqlite] = await Promise.all([
    databaseFacts(ports, looking, containers),
    pathFacts(ports, looking, volumes, containers),
    sqliteFacts(ports, sqlitePaths(spec, { volumes, classes })),
  ]);
  return { containers, volumes, paths, sqlite, ...(databases ? { databases } : {}) };
};

export const toFacts = (state: ContainerState): ContainerFacts => ({
  id: state.id,
  name: state.name,
  imageId: state.imageId,
  running: isRunning(state),
  status: state.status,
  ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
  labels: state.labels,
  ports: state.ports,
  mounts: state.mounts,
});

/** What there is of those that a stack names. */
const presentOf = async <T>(
  named: { name: string }[],
  inspect: (name: string) => Promise<T | undefined>,
): Promise<Record<string, T>> => {
  const found = await Promise.all(named.map(async ({ name }) => [name, await inspect(name)] as const));
  return Object.fromEntries(found.flatMap(([name, state]) => (state === undefined ? [] : [[name, state]])));
};

const imageFacts = async (given: Ports, looking: Looking): Promise<World['images']> => {
  const ports = { engine: askingOnce(given.engine) };
  const facts = await Promise.all(
    looking.spec.services.map(
      async (service) => [service.name, await imageOf(ports, looking, service)] as const,
    ),
  );
  return Object.fromEntries(facts);
};

type ImageAsking = { engine: Pick<Ports['engine'], 'inspectImage' | 'imageExistsRemotely'> };

/** Services share images, and an engine takes a while to tell of one with many tags. */
const askingOnce = (engine: Ports['engine']): ImageAsking['engine'] => {
  const once = <T>(ask: (reference: string) => Promise<T>): ((reference: string) => Promise<T>) => {
    const answers = new Map<string, Promise<T>>();
    return async (reference) => {
      const answer = answers.get(reference) ?? ask(reference);
      answers.set(reference, answer);
      return await answer;
    };
  };
  return {
    inspectImage: once(async (reference) => await engine.inspectImage(reference)),
    imageExistsRemotely: once(async (reference) => await engine.imageExistsRemotely(reference)),
  };
};

const imageOf = async (ports: ImageAsking, looking: Looking, service: ServiceSpec): Promise<ImageFacts> => {
  const { pinned, options, settling } = looking;
  const exactly = looking.exactly?.[service.name];
  if (exactly !== undefined) {
    const image = await ports.engine.inspectImage(exactly);
    return image ? imagePresent(image) : { state: 'fetch', how: 'pull' };
  }
  if (pinned) return await pinnedImage(ports, pinned, service.name);
  const here = await ports.engine.inspectImage(service.image);
  const wantsBuild = service.build !== undefined && (options.build || service.pullPolicy === 'build');
  const wantsPull = service.build === undefined && (options.pull || service.pullPolicy === 'always');
  if (!settling && wantsBuild) return { state: 'fetch', how: 'build' };
  if (here && (settling || !wantsPull)) return imagePresent(here);
  if (service.build) return { state: 'fetch', how: 'build' };
  if (service.pullPolicy === 'never')
    return { state: 'unavailable', why: 'it is not on this host, and pull_policy is "never"' };
  return await remoteImage(ports, service.image);
};

const imagePresent = (image: { id: string; healthcheck?: string[]; volumes: string[] }): ImageFacts => ({
  state: 'present',
  id: image.id,
  hasHealthcheck: hasHealthcheck(image),
  volumes: image.volumes,
});

const pinnedImage = async (
  ports: ImageAsking,
  release: Release,
  service: ServiceName,
): Promise<ImageFacts> => {
  const id = release.images[service];
  const here =
    (id && (await ports.engine.inspectImage(id))) ??
    (await ports.engine.inspectImage(keptTag(release.spec.name, service, release.id)));
  if (!here)
    return { state: 'unavailable', why: `the image of release ${release.id} is not on this host any more` };
  return imagePresent(here);
};

const remoteImage = async (ports: ImageAsking, reference: string): Promise<ImageFacts> => {
  try {
    if (await ports.engine.imageExistsRemotely(reference)) return { state: 'fetch', how: 'pull' };
    return { state: 'unavailable', why: 'it is not on this host, and its registry has none of that name' };
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    return { state: 'unavailable', why: `it is not on this host, and ${error.message}` };
  }
};

const pathFacts = async (
  ports: Ports,
  { spec, options, exchanged }: Looking,
  volumes: Record<string, { mountpoint: string }>,
  containers: ContainerFacts[],
): Promise<Record<string, PathFacts>> => {
  const mounted = spec.services.flatMap(({ mounts }) =>
    mounts.flatMap((mount) => (mount.type === 'bind' && !mount.readOnly ? [mount.source] : [])),
  );
  const held = containers
    .filter(({ labels }) => stackOf(labels) === spec.name)
    .flatMap(({ mounts }) =>
      mounts.flatMap(({ type, source, readOnly }) => (type === 'tmpfs' || readOnly ? [] : [source])),
    );
  const paths = new Set([
    ...mounted,
    ...held,
    ...Object.values(volumes).map(({ mountpoint }) => mountpoint),
    ...exchanged,
  ]);
  const facts = await Promise.all(
    [...paths].map(
      async (path) =>
        [path, await ports.snapshots.inspect(path, { sizeLimitBytes: options.copyLimitBytes })] as const,
    ),
  );
  return Object.fromEntries(facts);
};

/** Asked one after the other: each is asked inside its container. */
const databaseFacts = async (
  ports: Ports,
  { spec, secrets, classes }: Looking,
  containers: ContainerFacts[],
): Promise<World['databases']> => {
  const found = runningDatabases(spec, containers, classes);
  if (found.length === 0) return undefined;
  const facts: Record<string, DatabaseFacts> = {};
  for (const database of found)
    facts[database.path] = { ...database, ...(await askDatabase(ports, database, secrets.redact)) };
  return facts;
};

/** By path. */
export const sqliteFacts = async (
  { snapshots }: Ports,
  paths: readonly string[],
): Promise<Record<string, SqliteFacts>> => {
  const facts = await Promise.all(paths.map(async (path) => [path, await snapshots.sqliteIn(path)] as const));
  return Object.fromEntries(facts);
};

/** Stacks all of whose containers run, or have completed. */
const runningStacks = (containers: ContainerFacts[]): string[] => {
  const byStack = new Map<string, boolean>();
  for (const { labels, running, exitCode, name } of containers) {
    const stack = stackOf(labels);
    if (stack === undefined || serviceOf(labels) === undefined || parseAsideName(name)) continue;
    byStack.set(stack, (byStack.get(stack) ?? true) && (running || exitCode === 0));
  }
  return [...byStack].flatMap(([stack, healthy]) => (healthy ? [stack] : []));
};

/** TCP state "listen" and UDP state "unconnected", as /proc/net words them (proc_net_tcp.txt in the kernel's documentation). */
const tables = [
  { file: '/proc/net/tcp', protocol: 'tcp', state: '0A' },
  { file: '/proc/net/tcp6', protocol: 'tcp', state: '0A' },
  { file: '/proc/net/udp', protocol: 'udp', state: '07' },
  { file: '/proc/net/udp6', protocol: 'udp', state: '07' },
] as const;

/** Host ports in use, by `port/protocol`. */
const listeners = async (): Promise<Record<string, string>> => {
  const texts = await Promise.all(
    tables.map(async (table) => ({ ...table, text: await readFile(table.file, 'utf8').catch(() => '') })),
  );
  const found: Record<string, string> = {};
  for (const { text, protocol, state } of texts) {
    for (const line of text.split('\n').slice(1)) {
      const [, local, , status] = line.trim().split(/\s+/);
      const port = Number.parseInt(local?.split(':').at(-1) ?? '', 16);
      if (status === state && port > 0) found[`${port}/${protocol}`] = `listening on port ${port}`;
    }
  }
  return found;
};
