/** What is true on a host at the moment of planning. Facts only; `domain/plan.ts` decides. */
import type { ReleaseId, ServiceName } from './names.ts';
import type { RunningDatabase } from './database.ts';
import type { SqliteFacts } from './sqlite.ts';
import type { TakenBack } from './release.ts';
import type { FileDriver } from './snapshot.ts';
import type { DataWish } from './stack.ts';

export type World = {
  host: string;
  engine: EngineFacts;
  /** Every container on the engine, running or not. */
  containers: ContainerFacts[];
  /** What each service's image resolves to, by service. */
  images: Record<ServiceName, ImageFacts>;
  /** Engine networks and volumes that the stack names, by engine name; missing ones are absent. */
  networks: Record<string, { labels: Record<string, string>; driver: string; subnets: string[] }>;
  volumes: Record<string, { mountpoint: string }>;
  /** Every path that a service mounts, by the path as mounted. */
  paths: Record<string, PathFacts>;
  /** Databases that run and are declared to be dumped, by the path of their files. */
  databases?: Record<string, DatabaseFacts>;
  /** What is declared to be dumped as SQLite, by path. */
  sqlite?: Record<string, SqliteFacts>;
  /** Classes that data sets give to paths; what a stack says of its own counts before. */
  classes?: Record<string, DataWish>;
  /** Host ports that something listens on which is not a container, by `port/protocol`. */
  listeners: Record<string, string>;
  /** Managed files: what is on the disk now. */
  files: Record<string, { exists: boolean; sameAsWanted: boolean; writable: boolean }>;
  /** Stacks that run healthy on this host, for `requires`. */
  runningStacks: string[];
  /** Operations of this stack that were committed: what they set aside only waits to be dropped. */
  committed: string[];
  /** Releases of it that were taken back. */
  takenBack: TakenBack[];
  /** The release that was committed last, where one was. */
  runningRelease?: ReleaseId;
};

export type EngineFacts = {
  kind: 'podman' | 'docker';
  version: string;
  rootless: boolean;
  cpus: number;
  memoryBytes: number;
  canPause: boolean;
  /** False where containers answer at the ports they publish only. */
  canReachContainers: boolean;
};

/** A running database, as its own tool tells of it; `why` where it does not. */
export type DatabaseFacts = RunningDatabase &
  ({ answers: true; sizeBytes: number } | { answers: false; why: string });

export type ContainerFacts = {
  id: string;
  name: string;
  imageId: string;
  running: boolean;
  /** Its state as the engine words it. */
  status: string;
  exitCode?: number;
  labels: Record<string, string>;
  /** Host side of published ports. */
  ports: { hostIp: string; hostPort: number; protocol: string }[];
  mounts: {
    type: 'bind' | 'volume' | 'tmpfs';
    source: string;
    volume?: string;
    target: string;
    readOnly: boolean;
  }[];
};

export type ImageFacts =
  | { state: 'present'; id: string; hasHealthcheck: boolean; volumes: string[] }
  /** Not here, but to be had by pulling or building. */
  | { state: 'fetch'; how: 'pull' | 'build' }
  | { state: 'unavailable'; why: string };

/** See `activities/ports/snapshots.ts` for what each fact means. */
export type PathFacts = {
  type: 'directory' | 'file' | 'socket' | 'device' | 'other' | 'missing';
  realPath: string;
  filesystem: string;
  driver?: FileDriver | undefined;
  /** Why this driver, or why none. */
  reason: string;
  reflink: boolean;
  nested: string[];
  noCow: boolean;
  sizeBytes: number;
  sizeExceeded: boolean;
  freeBytes: number;
};
