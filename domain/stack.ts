/**
 * A stack as Baton works with it: a Compose file, normalised. Durations are milliseconds, sizes bytes, paths absolute.
 *
 * Structural fields (image, ports, mounts, names, networks, limits …) are already interpolated. Fields that commonly
 * carry secrets keep their `${VAR}` references as {@link Template}s: only the activity that hands them to the engine
 * resolves them, so no secret is ever part of a payload, a plan or a release.
 */
import type { Check } from './check.ts';
import type { DumpKind } from './database.ts';
import type { ServiceName, StackName } from './names.ts';
import type { RestoreWish } from './restore-test.ts';

/** Text in which `${VAR}` references (and `$$`) still stand as written. Resolved by `resolveTemplate`. */
export type Template = string;

/** Where something was written. `line` and `column` count from 1. */
export type Location = { file: string; line: number; column: number };

export type StackSpec = {
  name: StackName;
  /** The file it was read from. */
  file: string;
  /** Files that variables come from, in order (`.env` beside the file, or `--env-file`). */
  envFiles: string[];
  services: ServiceSpec[];
  /** Networks by the key used in the file. */
  networks: Record<string, NetworkSpec>;
  /** Named volumes by the key used in the file. */
  volumes: Record<string, VolumeSpec>;
  /** `secrets:` and `configs:`, by key. */
  secrets: Record<string, ContentSource>;
  configs: Record<string, ContentSource>;
  /** `x-baton.files`: configuration outside the containers that is written whole with the release. */
  files: ManagedFile[];
  /** `x-baton.requires`: stacks that must be running and healthy first. */
  requires: StackName[];
  /** `x-baton.validate`: the stack's own checks, run after every service is healthy. */
  validate: Check[];
  policy: StackPolicy;
};

export type StackPolicy = {
  /** How long everything must stay healthy after the roll-out before it is committed. Default 10 s (Nomad's `min_healthy_time`). */
  minHealthyTimeMs: number;
  /** How long one service may take from start to healthy. Default 5 min (Nomad's `healthy_deadline`). */
  healthyDeadlineMs: number;
  /** How long the whole roll-out may go without any service becoming healthy. Default 10 min (Nomad's `progress_deadline`). */
  progressDeadlineMs: number;
  /** What happens after a failure: put everything back, or stop where it is and ask a person. */
  rollback: 'auto' | 'hold';
};

export type ServiceSpec = {
  name: ServiceName;
  at: Location;
  image: string;
  build?: BuildSpec;
  pullPolicy: 'missing' | 'always' | 'never' | 'build';
  platform?: string;
  /** `container_name`, or `<stack>-<service>-1` as Compose would name it. */
  containerName: string;
  /** True where the file fixed the name, so that two copies cannot run side by side. */
  fixedName: boolean;
  entrypoint?: Template[];
  command?: Template[];
  /** A `null` value passes the variable through from the environment, or leaves it unset there. */
  environment: Record<string, Template | null>;
  envFiles: { path: string; required: boolean; format?: 'raw'; at: Location }[];
  labels: Record<string, Template>;
  ports: PortSpec[];
  expose: string[];
  mounts: MountSpec[];
  network: NetworkMode;
  dependsOn: Dependency[];
  healthcheck?: HealthcheckSpec | 'disabled';
  restart: { policy: 'no' | 'always' | 'on-failure' | 'unless-stopped'; maximumRetryCount?: number };
  user?: string;
  workingDir?: string;
  hostname?: string;
  domainname?: string;
  macAddress?: string;
  capAdd: string[];
  capDrop: string[];
  devices: { source: string; target: string; permissions: string }[];
  deviceCgroupRules: string[];
  /** GPUs and the like: `gpus:` and `deploy.resources.reservations.devices`. */
  deviceRequests: {
    driver?: string;
    count?: number;
    deviceIds?: string[];
    capabilities: string[];
    options?: Record<string, string>;
  }[];
  privileged: boolean;
  readOnly: boolean;
  securityOpt: string[];
  sysctls: Record<string, string>;
  ulimits: Record<string, { soft: number; hard: number }>;
  shmSizeBytes?: number;
  extraHosts: { host: string; address: string }[];
  dns: string[];
  dnsSearch: string[];
  dnsOpt: string[];
  groupAdd: string[];
  init?: boolean;
  tty: boolean;
  stdinOpen: boolean;
  pid?: string;
  ipc?: string;
  uts?: string;
  usernsMode?: string;
  cgroup?: string;
  cgroupParent?: string;
  runtime?: string;
  stopSignal?: string;
  /** Default 10 s, as Compose. */
  stopGracePeriodMs: number;
  logging?: { driver?: string; options: Record<string, string> };
  resources: ResourceLimits;
  annotations: Record<string, string>;
  storageOpt: Record<string, string>;
  secrets: ContentMount[];
  configs: ContentMount[];
  /** `deploy.update_config.order`: whether the new container may start before the old one stops. */
  updateOrder: 'stop-first' | 'start-first';
  /** `deploy.update_config.failure_action`, where given. */
  failureAction?: 'rollback' | 'pause' | 'continue';
  /** `x-baton` of the service. */
  probe?: Probe;
  /** `x-baton.validate` of the service, run once it is healthy. */
  validate: Check[];
  /** `x-baton.data`: class by path in the container, or by host path. */
  data: Record<string, DataWish>;
  /** `x-baton.restore_test`. */
  restoreTest?: RestoreWish;
  /** `x-baton.changelog`: where the changes of its image are told. */
  changelog?: string;
  minHealthyTimeMs?: number;
  healthyDeadlineMs?: number;
};

export type BuildSpec = {
  context: string;
  dockerfile?: string;
  dockerfileInline?: string;
  args: Record<string, Template | null>;
  target?: string;
  labels: Record<string, string>;
  network?: string;
  noCache: boolean;
  pull: boolean;
  extraHosts: { host: string; address: string }[];
  shmSizeBytes?: number;
  tags: string[];
};

export type PortSpec = {
  /** Container port, 1–65535. */
  target: number;
  /** Host port; absent: the engine picks one. */
  published?: number;
  hostIp?: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  at: Location;
};

export type MountSpec =
  | {
      type: 'bind';
      source: string;
      target: string;
      readOnly: boolean;
      selinux?: 'z' | 'Z';
      propagation?: string;
      /** Short syntax makes a missing host directory; long syntax refuses, unless `create_host_path` says so. */
      createHostPath: boolean;
      at: Location;
    }
  | {
      type: 'volume';
      /** Key in `volumes:`; absent: an anonymous volume. */
      volume?: string;
      target: string;
      readOnly: boolean;
      selinux?: 'z' | 'Z';
      noCopy: boolean;
      subpath?: string;
      at: Location;
    }
  | {
      type: 'tmpfs';
      target: string;
      readOnly: boolean;
      sizeBytes?: number;
      mode?: number;
      options?: string;
      at: Location;
    };

export type NetworkMode =
  | { mode: 'bridge'; attachments: NetworkAttachment[] }
  | { mode: 'host' }
  | { mode: 'none' }
  | { mode: 'service'; service: ServiceName }
  | { mode: 'container'; container: string };

export type NetworkAttachment = {
  /** Key in {@link StackSpec.networks}. */
  network: string;
  aliases: string[];
  ipv4Address?: string;
  ipv6Address?: string;
  linkLocalIps?: string[];
  macAddress?: string;
  driverOpts?: Record<string, string>;
  priority?: number;
};

export type Dependency = {
  service: ServiceName;
  condition: 'service_started' | 'service_healthy' | 'service_completed_successfully';
  /** Recreate or restart this service when the one it depends on was replaced. */
  restart: boolean;
  /** False: warn, not fail, where the other service is not there. */
  required: boolean;
};

export type HealthcheckSpec = {
  /** `['CMD', …]` or `['CMD-SHELL', script]`. Absent: the image's own test with the timings below. */
  test?: Template[];
  intervalMs?: number;
  timeoutMs?: number;
  startPeriodMs?: number;
  retries?: number;
};

export type ResourceLimits = {
  memoryBytes?: number;
  memoryReservationBytes?: number;
  /** -1: unlimited. */
  memorySwapBytes?: number;
  memorySwappiness?: number;
  cpus?: number;
  cpuShares?: number;
  cpuQuota?: number;
  cpuPeriodUs?: number;
  cpuset?: string;
  pidsLimit?: number;
  oomScoreAdj?: number;
  oomKillDisable?: boolean;
  blkioWeight?: number;
};

export type NetworkSpec = {
  key: string;
  /** The name the engine knows: `name:`, or `<stack>_<key>`. */
  name: string;
  external: boolean;
  driver?: string;
  driverOpts: Record<string, string>;
  internal: boolean;
  attachable: boolean;
  enableIpv6: boolean;
  ipam: { driver?: string; config: { subnet?: string; gateway?: string; ipRange?: string }[] };
  labels: Record<string, string>;
  at: Location;
};

export type VolumeSpec = {
  key: string;
  /** The name the engine knows: `name:`, or `<stack>_<key>`. */
  name: string;
  external: boolean;
  driver?: string;
  driverOpts: Record<string, string>;
  labels: Record<string, string>;
  at: Location;
};

/** Where the content of a secret or a config comes from. Content itself is read only by the worker. */
export type ContentSource = { at: Location } & (
  | { from: 'file'; path: string }
  | { from: 'environment'; variable: string }
  | { from: 'content'; content: Template }
  | { from: 'external'; name: string }
);

/** A secret or config as one service sees it. */
export type ContentMount = { source: string; target: string; uid?: string; gid?: string; mode?: number };

/** One file of `x-baton.files`. Exactly one of `content` and `source`. */
export type ManagedFile = {
  /** Where it is written on the host. */
  path: string;
  content?: Template;
  /** A file that is copied, relative paths taken from the stack's directory. */
  source?: string;
  /** Octal permission bits, default 0644. */
  mode?: number;
  at: Location;
};

/** A question that is answered "healthy" or not, asked from the worker's host unless it is an `exec`. */
export type Probe = { at?: Location; timeoutMs?: number } & (
  | {
      type: 'http';
      /** Asked on this service's container; absent at stack level: `host` names where. */
      service?: ServiceName;
      host?: string;
      scheme: 'http' | 'https';
      port: number;
      path: string;
      /** Expected status; default any from 200 to 399. */
      status?: number;
      /** Text that the body must hold. */
      bodyContains?: string;
      /** What is sent. */
      headers?: Record<string, string>;
      /** What must come back: each header holds this text. */
      responseHeaders?: Record<string, string>;
      /** The answer, whole, within this time. */
      withinMs?: number;
    }
  | { type: 'tcp'; service?: ServiceName; host?: string; port: number }
  | {
      type: 'exec';
      service: ServiceName;
      command: Template[];
      /** Text that its output must hold; so far only a restore test asks for it. */
      contains?: string;
    }
);

/** What is done with a mounted path: see "Data classes" in docs/concepts.md. */
export type DataClass = 'snapshot' | 'dump' | 'discard' | 'external';
/** As a stack says it: the kind of a database may be named with its class. */
export type DataWish = DataClass | { dump: DumpKind };
