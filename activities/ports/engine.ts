/**
 * The engine port: what runs containers. Podman and Docker pass the same contract suite (test/activities/engine-contract.ts).
 * Methods that change something converge: asked twice, they do nothing the second time. Every error is an {@link EngineError}.
 */
import type { Readable, Writable } from 'node:stream';
import type { MountSpec, NetworkAttachment, ServiceSpec } from '../../domain/stack.ts';

export type EngineKind = 'podman' | 'docker';

export type EngineInfo = {
  kind: EngineKind;
  version: string;
  rootless: boolean;
  cpus: number;
  memoryBytes: number;
  storageDriver: string;
  /** True where {@link Engine.pause} works (a cgroup freezer is there). */
  canPause: boolean;
  reach: Reach;
  /** Where images, volumes and containers lie on its machine. */
  rootDirectory: string;
};

/**
 * How containers are reached at their own address: `directly` from the host, `through` a command that runs another one where
 * they can be (a rootless engine's network namespace), or not at all, only by the `ports` they publish.
 */
export type Reach = 'directly' | 'ports' | { through: readonly string[] };

export type ContainerStatus =
  'created' | 'running' | 'paused' | 'restarting' | 'exited' | 'dead' | 'removing' | 'unknown';

export type ContainerState = {
  id: string;
  /** Without the leading slash. */
  name: string;
  /** Image id, `sha256:…`. */
  imageId: string;
  /** The reference it was created from. */
  imageName: string;
  status: ContainerStatus;
  /** Absent while it runs. */
  exitCode?: number;
  oomKilled: boolean;
  restartCount: number;
  pid: number;
  /** ISO 8601; absent if it never started. */
  startedAt?: string;
  finishedAt?: string;
  labels: Record<string, string>;
  restartPolicy: string;
  /** Absent where it may take all there is. */
  memoryLimitBytes?: number;
  /** By engine network name. `ipAddress` is empty while it is stopped. */
  networks: Record<string, { ipAddress: string; aliases: string[] }>;
  networkMode: string;
  mounts: {
    type: 'bind' | 'volume' | 'tmpfs';
    source: string;
    volume?: string;
    target: string;
    readOnly: boolean;
  }[];
  /** Published ports as configured (also while stopped). */
  ports: { hostIp: string; hostPort: number; containerPort: number; protocol: string }[];
  /** The effective healthcheck of container and image. */
  healthcheck?: {
    test: string[];
    timeoutMs: number;
    intervalMs: number;
    startPeriodMs: number;
    retries: number;
  };
};

/** What a running container takes. */
export type ContainerLoad = {
  id: string;
  /** Without the files that the kernel could let go at once, where the engine tells them apart. */
  memoryBytes: number;
  /** Of all processors together, since its last start. */
  cpuMs: number;
};

/** A container to create, with every template resolved and every name as the engine knows it. */
export type ContainerSpec = {
  name: string;
  /** Image id or reference that is present locally. */
  image: string;
  /** Resolved: no `${…}` left. `networks`, `mounts` keys are translated by the fields below. */
  service: Omit<ServiceSpec, 'environment' | 'mounts' | 'network' | 'secrets' | 'configs'>;
  environment: Record<string, string>;
  labels: Record<string, string>;
  mounts: ContainerMount[];
  network:
    | { mode: 'bridge'; attachments: (Omit<NetworkAttachment, 'network'> & { network: string })[] }
    | { mode: 'host' | 'none' }
    | { mode: 'container'; container: string };
};

/** A mount whose volume is the engine's name; secrets and configs arrive as read-only binds. */
export type ContainerMount =
  | Extract<MountSpec, { type: 'bind' | 'tmpfs' }>
  | (Extract<MountSpec, { type: 'volume' }> & { engineName?: string });

export type ImageState = {
  id: string;
  tags: string[];
  repoDigests: string[];
  sizeBytes: number;
  /** The image that it was built on, where that was here. */
  parent?: string;
  /** The image's own HEALTHCHECK, ENTRYPOINT, volumes and exposed ports. */
  healthcheck?: string[];
  volumes: string[];
  exposedPorts: string[];
  labels: Record<string, string>;
  /** ISO 8601: when it was built, wherever that was. */
  createdAt: string;
};

/** An image as it is listed: those that are only steps on the way to another one are left out. */
export type ListedImage = ImageState & {
  /** ISO 8601: when it was last given a tag here, as at a pull. Only Docker knows. */
  taggedAt?: string;
};

/** What takes room, as the engine counts it; what several share is counted for none. */
export type EngineUsage = {
  /** By image id. */
  images: Record<string, number>;
  /** By name. */
  volumes: Record<string, number>;
  /** Absent where the engine keeps none of its own. Times are ISO 8601. */
  buildCache?: { bytes: number; inUse: boolean; usedAt: string }[];
};

export type NetworkState = {
  id: string;
  name: string;
  driver: string;
  labels: Record<string, string>;
  subnets: string[];
  internal: boolean;
};
export type VolumeState = {
  name: string;
  driver: string;
  mountpoint: string;
  labels: Record<string, string>;
};

export type NetworkCreate = {
  name: string;
  driver?: string;
  driverOpts: Record<string, string>;
  internal: boolean;
  attachable: boolean;
  enableIpv6: boolean;
  ipam: { driver?: string; config: { subnet?: string; gateway?: string; ipRange?: string }[] };
  labels: Record<string, string>;
};

export type ExecResult = { exitCode: number; output: string };
/** `errors`: the last 64 KiB of stderr. */
export type StreamResult = { exitCode: number; errors: string };

export interface Engine {
  readonly kind: EngineKind;
  info(): Promise<EngineInfo>;

  /** All containers that have every one of `labels`, as `key` or `key=value`; stopped ones included. */
  listContainers(filter?: { labels?: readonly string[] }): Promise<ContainerState[]>;
  /** @returns `undefined` where there is none. */
  inspectContainer(idOrName: string): Promise<ContainerState | undefined>;
  /**
   * Made, and connected to all its networks, but not started. One of that name that the same operation made is completed.
   * @returns its id. Fails with `name-taken` where something else has the name.
   */
  createContainer(spec: ContainerSpec): Promise<string>;
  /** No-op where it runs. Fails with `port-taken` naming the port where the host port is not free. */
  startContainer(id: string): Promise<void>;
  /** No-op where it is stopped. Sends the stop signal, kills after `graceMs`. */
  stopContainer(id: string, graceMs: number): Promise<void>;
  /** No-op where it is paused. */
  pauseContainer(id: string): Promise<void>;
  /** No-op where it is not paused. */
  unpauseContainer(id: string): Promise<void>;
  renameContainer(id: string, name: string): Promise<void>;
  /** @returns false where this engine cannot change the policy of a container that exists. */
  setRestartPolicy(id: string, policy: ContainerState['restartPolicy']): Promise<boolean>;
  /** No-op where it is gone. Removes a running one too. Anonymous volumes are kept unless asked. */
  removeContainer(id: string, options?: { anonymousVolumes?: boolean }): Promise<void>;
  /** Of all that run, in as few calls as the engine has for it; one that ends meanwhile is left out. */
  readLoads(): Promise<ContainerLoad[]>;
  /** Resolves when a container that is running stops, or at once where it is not running. */
  waitContainer(id: string, signal?: AbortSignal): Promise<{ exitCode: number }>;
  /** Runs a command inside; the last 64 KiB of stdout and stderr come back. Rejects with `timeout` after `timeoutMs`. */
  exec(id: string, command: string[], options: { timeoutMs: number; user?: string }): Promise<ExecResult>;
  /**
   * Runs a command inside for as long as it takes: what it says goes to `output` as it comes, its stdin is `input`. Nothing
   * of both is held in memory. Rejects where `input` or `output` fails, and where `signal` is raised; the command itself
   * may run on then.
   */
  execStream(
    id: string,
    command: string[],
    options: { input?: Readable; output?: Writable; signal?: AbortSignal },
  ): Promise<StreamResult>;
  /** The last `tail` lines of stdout and stderr together. */
  logs(id: string, options: { tail: number; since?: string }): Promise<string>;

  inspectImage(reference: string): Promise<ImageState | undefined>;
  /** Asks the registry, without pulling. @returns false where the registry says there is none; rejects `unreachable` where none answers. */
  imageExistsRemotely(reference: string): Promise<boolean>;
  /** @param options.platform such as `linux/arm64`; absent: the engine's own. */
  pullImage(
    reference: string,
    onProgress: (line: string) => void,
    options?: { signal?: AbortSignal; platform?: string },
  ): Promise<ImageState>;
  buildImage(
    build: {
      contextDir: string;
      dockerfile?: string;
      dockerfileInline?: string;
      args: Record<string, string>;
      target?: string;
      labels: Record<string, string>;
      noCache: boolean;
      pull: boolean;
      tag: string;
      platform?: string;
      network?: string;
      shmSizeBytes?: number;
      extraHosts?: { host: string; address: string }[];
    },
    onProgress: (line: string) => void,
    signal?: AbortSignal,
  ): Promise<ImageState>;
  tagImage(id: string, reference: string): Promise<void>;
  /** Removes one tag (and the image when it was the last). No-op where it is gone. */
  untagImage(reference: string): Promise<void>;
  listImages(): Promise<ListedImage[]>;
  /**
   * With all its tags. No-op where it is gone; fails with `in-use`, its tags as they were, where a container has it or another
   * image is built on it. @param options.parents whether those it was built on go too, where nothing else has them.
   */
  removeImage(id: string, options: { parents: 'remove' | 'keep' }): Promise<void>;
  /** It looks at each layer and volume: seconds, or minutes on a slow disk. */
  readUsage(): Promise<EngineUsage>;
  /**
   * What builds have left and none has used for `olderThanMs`. No-op where there is none.
   * @returns the bytes that the engine says it freed. Fails with `unsupported` where it keeps none of its own.
   */
  pruneBuildCache(options: { olderThanMs: number }): Promise<number>;

  inspectNetwork(name: string): Promise<NetworkState | undefined>;
  createNetwork(network: NetworkCreate): Promise<NetworkState>;
  /** No-op where it is gone; fails with `in-use` where containers are attached. */
  removeNetwork(name: string): Promise<void>;

  inspectVolume(name: string): Promise<VolumeState | undefined>;
  createVolume(volume: {
    name: string;
    driver?: string;
    driverOpts: Record<string, string>;
    labels: Record<string, string>;
  }): Promise<VolumeState>;
  /** No-op where it is gone; fails with `in-use` where a container has it. */
  removeVolume(name: string): Promise<void>;
  /** That no container has, running or not. */
  listDanglingVolumes(): Promise<VolumeState[]>;

  /** Closes connections, and ends what this object started itself (an API service of its own). */
  close(): Promise<void>;
}

export type EngineErrorCode =
  | 'not-found'
  | 'name-taken'
  | 'port-taken'
  | 'in-use'
  | 'invalid'
  | 'unauthorized'
  | 'unreachable'
  | 'timeout'
  | 'no-space'
  | 'unsupported'
  | 'internal';

/** What the engine said no to. Which codes are worth another try is told in `workflows/activities.ts`. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly code: EngineErrorCode;
  constructor(code: EngineErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
