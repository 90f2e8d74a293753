/**
 * A plan: what would change from what runs to what is wanted. Pure data, computed before anything is touched.
 * `domain/planner.ts` makes one; `domain/data.ts` says which data is at stake; `domain/preflight.ts` what stands in the way.
 */
import type { DataPlan } from './data.ts';
import type { DatabaseKind } from './database.ts';
import type { Need } from './dependencies.ts';
import type { DumpTaker } from './dump-taker.ts';
import type { ReleaseId, ServiceName, StackName } from './names.ts';
import { isError, type Problem } from './problem.ts';
import type { SnapshotName } from './snapshot.ts';
import type { StackPolicy, StackSpec } from './stack.ts';

/** Operations that lead from one release of a stack to another, or to none. */
export type ReleaseKind = 'deploy' | 'undo' | 'remove';
/** `playbook`: one that Baton decided on; what it does to stacks are operations of their own. */
export type OperationKind = ReleaseKind | 'guard' | 'playbook';

/** `start`: the right container is there, stopped. `keep`: left alone. */
export type ServiceAction = 'create' | 'replace' | 'start' | 'keep' | 'remove';

/** How "healthy" will be known. `running` is weak: it ran without a restart for `min_healthy_time`. */
export type HealthKind = 'probe' | 'healthcheck' | 'completion' | 'running';

export type ServicePlan = {
  service: ServiceName;
  action: ServiceAction;
  /** Why, in words: `image changed`, `new`, `network owner "vpn" is replaced`. */
  reasons: string[];
  /** From 1; shown, not waited for. */
  phase: number;
  containerName: string;
  /** `exactly`: by digest, and from its end on what the reference names on this machine; absent: what that names already. */
  image: { reference: string; exactly?: string; id?: string; fetch?: 'pull' | 'build' };
  previous?: { id: string; name: string; running: boolean; imageId: string };
  needs: Need[];
  health: HealthKind;
  /** Whether the old container stops before the new one starts, or after it is healthy. */
  order: 'stop-first' | 'start-first';
  healthyDeadlineMs: number;
  minHealthyTimeMs: number;
  stopGraceMs: number;
};

export type ResourcePlan = { key: string; name: string; action: 'create' | 'keep' | 'remove' };
export type FilePlan = { path: string; action: 'write' | 'keep' | 'remove' };

export type Plan = {
  format: 1;
  kind: ReleaseKind;
  stack: StackName;
  file: string;
  host: string;
  engine: 'podman' | 'docker';
  /** The wanted release; preliminary while an image still has to be fetched. */
  release: ReleaseId;
  previousRelease?: ReleaseId;
  services: ServicePlan[];
  networks: ResourcePlan[];
  volumes: ResourcePlan[];
  files: FilePlan[];
  data: DataPlan[];
  /** Data that is exchanged: only for an undo or a removal with data. */
  restore: DataExchange[];
  policy: StackPolicy;
  /** Its health, checks or data are described in another way than those of the running release: that is validated, and recorded. */
  restated?: true;
  /** How many stack-level and service-level checks run after the roll-out. */
  checks: number;
  problems: Problem[];
};

/**
 * What takes the place of a path's data: a snapshot of it, or nothing. What is there now is kept as a snapshot.
 * @property dump the snapshot is a dump: that service begins empty, and takes it in.
 */
export type DataExchange = { path: string; snapshot?: SnapshotName; dump?: DumpTaker };

/** @property kind of the database, where the snapshot is a dump of one. */
export type WantedExchange = Omit<DataExchange, 'dump'> & { kind?: DatabaseKind };

/** What is wanted: a release's spec with the hash of each service (absent while its image is not here yet). */
export type Wanted = {
  kind: ReleaseKind;
  release: ReleaseId;
  spec: StackSpec;
  hashes: Partial<Record<ServiceName, string>>;
  /** Images that are given by digest: `docker.io/library/nginx@sha256:…`. */
  images?: Partial<Record<ServiceName, string>>;
  /** Plain copies above this size (bytes) are refused unless the owner says otherwise. */
  copyLimitBytes: number;
  /** Snapshots to put back with the release: only for an undo with data. */
  restore: WantedExchange[];
  /** The stack's data goes with it: only for a removal with data. */
  discard: boolean;
  /** The spec of the running release, for the order in which removed services stop. */
  running?: StackSpec;
  /** Files that the running release wrote and the wanted one does not. */
  obsoleteFiles: string[];
};

/** What the roll-out does to services that it touches. */
export const changingActions: readonly ServiceAction[] = ['create', 'replace', 'start', 'remove'];

/** True for a service that the roll-out touches. */
export const isChanging = (service: ServicePlan): boolean => changingActions.includes(service.action);

/** True where applying the plan would change nothing at all. */
export const isNoop = (plan: Plan): boolean =>
  !plan.services.some(isChanging) &&
  [...plan.networks, ...plan.volumes].every(({ action }) => action === 'keep') &&
  plan.files.every(({ action }) => action === 'keep') &&
  plan.restore.length === 0 &&
  plan.restated === undefined;

/** True where containers or data of before must be written down and snapshotted: not for the first release of a stack without data. */
export const hasBefore = ({ previousRelease, services, data }: Plan): boolean =>
  previousRelease !== undefined || services.some(({ previous }) => previous !== undefined) || data.length > 0;

/** True where networks or volumes are missing. */
export const makesResources = ({ networks, volumes }: Plan): boolean =>
  [...networks, ...volumes].some(({ action }) => action === 'create');

/** True where something forbids applying the plan. */
export const isRefused = (plan: Plan): boolean => plan.problems.some(isError);

/** True while images must be fetched before the plan is final. */
export const needsImages = (plan: Plan): boolean =>
  plan.services.some(({ image, action }) => image.fetch !== undefined && action !== 'remove');
