/**
 * An engine in memory, for the thousands of runs that a real one would take days for. It passes the contract of
 * test/activities/engine-contract.ts, which says what it keeps of a real one; what runs inside containers is not part of that.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { label } from '../../domain/labels.ts';
import {
  EngineError,
  type ContainerLoad,
  type ContainerMount,
  type ContainerSpec,
  type ContainerState,
  type Engine,
  type EngineInfo,
  type EngineUsage,
  type ImageState,
  type ListedImage,
  type NetworkState,
  type StreamResult,
  type VolumeState,
} from '../../activities/ports/engine.ts';

type Container = {
  id: string;
  name: string;
  spec: ContainerSpec;
  status: 'created' | 'running' | 'paused' | 'exited';
  restartPolicy: string;
  startedAt?: number;
  /** Its last start by a clock that nobody sets. */
  startedTick?: number;
  finishedAt?: number;
  exitCode?: number;
  log: string[];
  networks: Record<string, { aliases: string[] }>;
  /** Resolved by the end of the run under way. */
  ended: (() => void)[];
};

/** What a container's command does; see `programOf`. */
type Program = { writes?: string; readyAfterMs: number; exits?: number; says: string[] };

export const memoryEngineInfo: EngineInfo = {
  kind: 'docker',
  version: '0.0',
  rootless: false,
  cpus: 2,
  memoryBytes: 2 ** 30,
  storageDriver: 'memory',
  canPause: true,
  reach: 'directly',
  rootDirectory: '/',
};

export class MemoryEngine implements Engine {
  readonly kind = 'docker';
  readonly #containers = new Map<string, Container>();
  readonly #images = new Map<string, ImageState>();
  readonly #networks = new Map<string, NetworkState>();
  readonly #volumes = new Map<string, VolumeState>();
  /** Where volumes lie. */
  readonly #directory: string;
  /** Every container that was ever made, by name, in order. */
  readonly made: string[] = [];
  /** Every start, with the names of all that was ready at that moment. */
  readonly starts: { name: string; beside: string[] }[] = [];

  constructor(directory: string, images: readonly string[]) {
    this.#directory = directory;
    for (const reference of images) {
      const id = `sha256:${hex(32)}`;
      this.#images.set(id, {
        id,
        tags: [reference],
        repoDigests: [],
        sizeBytes: 1,
        volumes: [],
        exposedPorts: [],
        labels: {},
        createdAt: longAgo,
      });
    }
  }

  info(): Promise<EngineInfo> {
    return Promise.resolve(memoryEngineInfo);
  }

  listContainers({ labels: asked = [] }: { labels?: readonly string[] } = {}): Promise<ContainerState[]> {
    const wanted = [...this.#containers.values()].filter(({ spec: { labels } }) =>
      asked.every((label) => {
        const [key = '', value] = label.split('=');
        return value === undefined ? key in labels : labels[key] === value;
      }),
    );
    return Promise.resolve(wanted.map((container) => this.#state(container)));
  }

  inspectContainer(idOrName: string): Promise<ContainerState | undefined> {
    const container = this.#find(idOrName);
    return Promise.resolve(container && this.#state(container));
  }

  createContainer(spec: ContainerSpec): Promise<string> {
    const attachments = spec.network.mode === 'bridge' ? spec.network.attachments : [];
    for (const { network } of attachments)
      if (!this.#networks.has(network)) return refuse('not-found', `There is no network "${network}".`);
    const sameName = this.#find(spec.name);
    const own = spec.labels[label.operation];
    if (sameName && (own === undefined || sameName.spec.labels[label.operation] !== own))
      return refuse('name-taken', `The name "${spec.name}" is in use by ${sameName.id.slice(0, 12)}.`);
    const container: Container = sameName ?? {
      id: hex(32),
      name: spec.name,
      spec,
      status: 'created',
      restartPolicy: spec.service.restart.policy,
      log: [],
      networks: {},
      ended: [],
    };
    for (const { network, aliases } of attachments) container.networks[network] = { aliases };
    if (!sameName) this.made.push(spec.name);
    this.#containers.set(container.id, container);
    return Promise.resolve(container.id);
  }

  async startContainer(id: string): Promise<void> {
    const container = this.#must(id);
    if (container.status === 'running' || container.status === 'paused') return;
    const taken = this.#portTaken(container);
    if (taken !== undefined) await refuse('port-taken', `Port ${taken} is in use.`);
    for (const mount of container.spec.mounts)
      if (mount.type === 'bind' && mount.createHostPath && !existsSync(mount.source))
        await mkdir(mount.source, { recursive: true });
    const program = programOf(container.spec.service.command ?? []);
    const ready = [...this.#containers.values()].filter((other) => isReady(other));
    this.starts.push({ name: container.name, beside: ready.map(({ name }) => name) });
    container.status = 'running';
    container.startedAt = Date.now();
    container.startedTick = performance.now();
    delete container.finishedAt;
    delete container.exitCode;
    container.log.push(...program.says);
    if (program.writes !== undefined)
      for (const mount of container.spec.mounts)
        if (mount.type !== 'tmpfs' && !mount.readOnly)
          await writeOnce(join(this.#sourceOf(mount), 'rows'), program.writes);
    if (program.exits !== undefined) end(container, program.exits);
  }

  stopContainer(id: string): Promise<void> {
    const container = this.#must(id);
    if (container.status === 'running' || container.status === 'paused') end(container, 137);
    return Promise.resolve();
  }

  pauseContainer(id: string): Promise<void> {
    const container = this.#must(id);
    if (container.status === 'running') container.status = 'paused';
    return Promise.resolve();
  }

  unpauseContainer(id: string): Promise<void> {
    const container = this.#must(id);
    if (container.status === 'paused') container.status = 'running';
    return Promise.resolve();
  }

  renameContainer(id: string, name: string): Promise<void> {
    const container = this.#must(id);
    const other = this.#find(name);
    if (other && other !== container) return refuse('name-taken', `The name "${name}" is in use.`);
    container.name = name;
    return Promise.resolve();
  }

  setRestartPolicy(id: string, policy: string): Promise<boolean> {
    this.#must(id).restartPolicy = policy;
    return Promise.resolve(true);
  }

  removeContainer(id: string): Promise<void> {
    const container = this.#find(id);
    if (container) {
      if (container.status !== 'exited') end(container, 137);
      this.#containers.delete(container.id);
    }
    return Promise.resolve();
  }

  async waitContainer(id: string, signal?: AbortSignal): Promise<{ exitCode: number }> {
    const container = this.#must(id);
    if (container.status === 'running' || container.status === 'paused')
      await new Promise<void>((resolve) => {
        container.ended.push(resolve);
        signal?.addEventListener('abort', () => {
          resolve();
        });
      });
    return { exitCode: container.exitCode ?? 0 };
  }

  /** Knows one command, `ready`: has it come up? */
  exec(id: string, command: string[]): Promise<{ exitCode: number; output: string }> {
    const container = this.#must(id);
    if (container.status !== 'running') return refuse('invalid', `Container ${container.name} does not run.`);
    if (command[0] !== 'ready') return refuse('unsupported', `Nothing here runs ${command.join(' ')}.`);
    const ready = isReady(container);
    return Promise.resolve({ exitCode: ready ? 0 : 1, output: ready ? 'ready' : 'not yet' });
  }

  /** Nothing runs in here. */
  execStream(_id: string, command: string[]): Promise<StreamResult> {
    return refuse('unsupported', `Nothing here runs ${command.join(' ')}.`);
  }

  logs(id: string, { tail }: { tail: number }): Promise<string> {
    return Promise.resolve(this.#must(id).log.slice(-tail).join('\n'));
  }

  inspectImage(reference: string): Promise<ImageState | undefined> {
    const found = [...this.#images.values()].find(
      ({ id, tags }) => id === reference || tags.includes(reference),
    );
    return Promise.resolve(found && { ...found, tags: [...found.tags] });
  }

  imageExistsRemotely(): Promise<boolean> {
    return refuse('unreachable', 'No registry answers.');
  }

  pullImage(): Promise<ImageState> {
    return refuse('unreachable', 'No registry answers.');
  }

  /** Of nothing: another image each time. */
  buildImage({ tag, labels }: Parameters<Engine['buildImage']>[0]): Promise<ImageState> {
    const id = `sha256:${hex(32)}`;
    for (const image of this.#images.values()) image.tags = image.tags.filter((other) => other !== tag);
    const made = {
      id,
      tags: [tag],
      repoDigests: [],
      sizeBytes: 1,
      volumes: [],
      exposedPorts: [],
      labels,
      createdAt: longAgo,
    };
    this.#images.set(id, made);
    return Promise.resolve(made);
  }

  async tagImage(id: string, reference: string): Promise<void> {
    const image = this.#images.get(id);
    if (!image) return await refuse('not-found', `There is no image ${id}.`);
    await this.untagImage(reference);
    image.tags.push(reference);
  }

  untagImage(reference: string): Promise<void> {
    for (const image of this.#images.values()) image.tags = image.tags.filter((tag) => tag !== reference);
    return Promise.resolve();
  }

  listImages(): Promise<ListedImage[]> {
    return Promise.resolve(structuredClone([...this.#images.values()]));
  }

  removeImage(id: string): Promise<void> {
    if ([...this.#containers.values()].some(({ spec }) => spec.image === id))
      return refuse('in-use', `Image ${id} is in use.`);
    this.#images.delete(id);
    return Promise.resolve();
  }

  /** A mebibyte each, and one processor all the time. */
  readLoads(): Promise<ContainerLoad[]> {
    const running = [...this.#containers.values()].filter(({ status }) => status === 'running');
    return Promise.resolve(
      running.map(({ id, startedTick = 0 }) => ({
        id,
        memoryBytes: 2 ** 20,
        cpuMs: performance.now() - startedTick,
      })),
    );
  }

  readUsage(): Promise<EngineUsage> {
    const bytes = [...this.#images.values()].map(({ id, sizeBytes }) => [id, sizeBytes] as const);
    return Promise.resolve({ images: Object.fromEntries(bytes), volumes: {}, buildCache: [] });
  }

  pruneBuildCache(): Promise<number> {
    return Promise.resolve(0);
  }

  inspectNetwork(name: string): Promise<NetworkState | undefined> {
    return Promise.resolve(this.#networks.get(name));
  }

  createNetwork(network: Parameters<Engine['createNetwork']>[0]): Promise<NetworkState> {
    const known = this.#networks.get(network.name);
    const { name, labels, internal } = network;
    const made = known ?? { id: hex(32), name, driver: 'bridge', labels, subnets: [], internal };
    this.#networks.set(name, made);
    return Promise.resolve(made);
  }

  removeNetwork(name: string): Promise<void> {
    if ([...this.#containers.values()].some(({ networks }) => name in networks))
      return refuse('in-use', `Network "${name}" is in use.`);
    this.#networks.delete(name);
    return Promise.resolve();
  }

  inspectVolume(name: string): Promise<VolumeState | undefined> {
    return Promise.resolve(this.#volumes.get(name));
  }

  createVolume({ name, labels }: Parameters<Engine['createVolume']>[0]): Promise<VolumeState> {
    const made = this.#volumes.get(name) ?? {
      name,
      driver: 'local',
      labels,
      mountpoint: join(this.#directory, name),
    };
    this.#volumes.set(name, made);
    return Promise.resolve(made);
  }

  removeVolume(name: string): Promise<void> {
    const used = [...this.#containers.values()].some(({ spec }) =>
      spec.mounts.some((mount) => mount.type === 'volume' && mount.engineName === name),
    );
    if (used) return refuse('in-use', `Volume "${name}" is in use.`);
    this.#volumes.delete(name);
    return Promise.resolve();
  }

  listDanglingVolumes(): Promise<VolumeState[]> {
    const used = new Set(
      [...this.#containers.values()].flatMap(({ spec }) =>
        spec.mounts.flatMap((mount) => (mount.type === 'volume' ? [mount.engineName] : [])),
      ),
    );
    return Promise.resolve([...this.#volumes.values()].filter(({ name }) => !used.has(name)));
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #find(idOrName: string): Container | undefined {
    return (
      this.#containers.get(idOrName) ?? [...this.#containers.values()].find(({ name }) => name === idOrName)
    );
  }

  #must(id: string): Container {
    const container = this.#find(id);
    if (!container) throw new EngineError('not-found', `There is no container ${id}.`);
    return container;
  }

  #portTaken({ id, spec }: Container): number | undefined {
    const ports = spec.service.ports.flatMap(({ published }) => published ?? []);
    const others = [...this.#containers.values()].filter(
      (other) => other.id !== id && (other.status === 'running' || other.status === 'paused'),
    );
    const held = new Set(
      others.flatMap((other) => other.spec.service.ports.flatMap(({ published }) => published ?? [])),
    );
    return ports.find((port) => held.has(port));
  }

  #sourceOf(mount: Exclude<ContainerMount, { type: 'tmpfs' }>): string {
    return mount.type === 'bind' ? mount.source : join(this.#directory, mount.engineName ?? '');
  }

  #state(container: Container): ContainerState {
    const { id, name, spec, status, startedAt, finishedAt, exitCode, restartPolicy } = container;
    const runs = status === 'running' || status === 'paused';
    return {
      id,
      name,
      imageId: spec.image,
      imageName: spec.image,
      status,
      oomKilled: false,
      restartCount: 0,
      pid: runs ? Number.parseInt(id.slice(0, 6), 16) : 0,
      labels: spec.labels,
      restartPolicy,
      networks: Object.fromEntries(
        Object.entries(container.networks).map(([network, { aliases }]) => [
          network,
          { ipAddress: runs ? '10.0.0.1' : '', aliases },
        ]),
      ),
      networkMode:
        spec.network.mode === 'container' ? `container:${spec.network.container}` : spec.network.mode,
      mounts: spec.mounts.map((mount) => ({
        type: mount.type,
        source: mount.type === 'tmpfs' ? '' : this.#sourceOf(mount),
        ...(mount.type === 'volume' && mount.engineName !== undefined ? { volume: mount.engineName } : {}),
        target: mount.target,
        readOnly: mount.readOnly,
      })),
      ports: spec.service.ports.flatMap(({ hostIp = '', published, target, protocol }) =>
        published === undefined ? [] : [{ hostIp, hostPort: published, containerPort: target, protocol }],
      ),
      ...(exitCode === undefined || runs ? {} : { exitCode }),
      ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt).toISOString() }),
      ...(finishedAt === undefined ? {} : { finishedAt: new Date(finishedAt).toISOString() }),
    };
  }
}

/** As an application that migrates its data: once for a version. */
const writeOnce = async (file: string, version: string): Promise<void> => {
  const rows = await readFile(file, 'utf8').catch(() => '');
  if (!rows.split(' ').includes(version)) await appendFile(file, `${version} `);
};

/**
 * `serve VERSION READY_MS` writes its version to all its data and is ready after that time; `break VERSION` writes, and ends;
 * of a shell's command, what it echoes and its exit code; anything else runs on.
 */
const programOf = ([name, version = '', readyMs = '0']: string[]): Program => {
  switch (name) {
    case 'serve':
      return { writes: version, readyAfterMs: Number(readyMs), says: [`serving ${version}`] };
    case 'break':
      return { writes: version, readyAfterMs: 0, exits: 1, says: [`${version} is broken`] };
    case 'sh': {
      const said = [...readyMs.matchAll(/echo (\S+)/g)].map(([, word = '']) => word);
      return { readyAfterMs: 0, exits: Number(/exit (\d+)/.exec(readyMs)?.[1] ?? 0), says: said };
    }
    default:
      return { readyAfterMs: 0, says: [] };
  }
};

const isReady = ({ status, startedTick = 0, spec }: Container): boolean =>
  status === 'running' &&
  performance.now() - startedTick >= programOf(spec.service.command ?? []).readyAfterMs;

const end = (container: Container, exitCode: number): void => {
  container.status = 'exited';
  container.exitCode = exitCode;
  container.finishedAt = Date.now();
  for (const tell of container.ended.splice(0)) tell();
};

/** Nobody asks how old its images are. */
const longAgo = new Date(0).toISOString();

const hex = (bytes: number): string => randomBytes(bytes).toString('hex');

const refuse = <T>(code: EngineError['code'], message: string): Promise<T> =>
  Promise.reject(new EngineError(code, message));
