/** Worlds to plan against: made from a stack, as if its release ran. */
import type { ReleaseId, ServiceName } from '../../domain/names.ts';
import type { ReleaseKind, Plan, Wanted } from '../../domain/plan.ts';
import { planChange } from '../../domain/planner.ts';
import { containerLabels } from '../../domain/labels.ts';
import type { OperationId } from '../../domain/names.ts';
import type { StackSpec } from '../../domain/stack.ts';
import type { ContainerFacts, ImageFacts, PathFacts, World } from '../../domain/world.ts';

export const release = '0123456789ab' as ReleaseId;
const operation = '00000000' as OperationId;
const imageId = (reference: string): string => `sha256:${reference}`;

/** What its container would be made from: here, the service itself. */
export const hashesOf = (spec: StackSpec): Record<ServiceName, string> =>
  Object.fromEntries(
    spec.services.map((service) => [
      service.name,
      JSON.stringify({ ...service, dependsOn: [], at: undefined }),
    ]),
  );

export const wantedOf = (spec: StackSpec, more: Partial<Wanted> = {}): Wanted => ({
  kind: 'deploy' satisfies ReleaseKind,
  release,
  spec,
  hashes: hashesOf(spec),
  copyLimitBytes: 2 ** 30,
  restore: [],
  discard: false,
  obsoleteFiles: [],
  ...more,
});

const path = (more: Partial<PathFacts> = {}): PathFacts => ({
  type: 'directory',
  realPath: '/',
  filesystem: 'btrfs',
  driver: 'btrfs',
  reason: 'a btrfs subvolume',
  reflink: true,
  nested: [],
  noCow: false,
  sizeBytes: 0,
  sizeExceeded: false,
  freeBytes: 2 ** 40,
  ...more,
});

/** A host with nothing on it, on which every image is present and every path a subvolume. */
export const emptyWorld = (spec: StackSpec, more: Partial<World> = {}): World => ({
  host: 'host',
  engine: {
    kind: 'podman',
    version: '5.0.0',
    rootless: false,
    cpus: 2,
    memoryBytes: 2 ** 34,
    canPause: true,
    canReachContainers: true,
  },
  containers: [],
  images: Object.fromEntries(
    spec.services.map(({ name, image }) => [
      name,
      { state: 'present', id: imageId(image), hasHealthcheck: false, volumes: [] },
    ]),
  ),
  networks: Object.fromEntries(
    Object.values(spec.networks)
      .filter(({ external }) => external)
      .map(({ name }) => [name, { labels: {}, driver: 'bridge', subnets: [] }]),
  ),
  volumes: {},
  paths: Object.fromEntries(
    spec.services.flatMap(({ mounts }) =>
      mounts.flatMap((mount) => (mount.type === 'bind' ? [[mount.source, path()]] : [])),
    ),
  ),
  listeners: {},
  files: {},
  runningStacks: [],
  committed: [],
  takenBack: [],
  ...more,
});

/** Every image is present, except for these. */
export const imagesBut = (spec: StackSpec, others: Record<string, ImageFacts>): World['images'] => ({
  ...emptyWorld(spec).images,
  ...others,
});

/** The container of each service, running as its spec says. */
export const containersOf = (spec: StackSpec, more: Partial<ContainerFacts> = {}): ContainerFacts[] => {
  const hashes = hashesOf(spec);
  return spec.services.map((service) => ({
    id: `id-${spec.name}-${service.name}`,
    name: service.containerName,
    imageId: imageId(service.image),
    running: true,
    status: 'running',
    labels: containerLabels({
      stack: spec.name,
      service: service.name,
      release,
      operation,
      hash: hashes[service.name] ?? '',
      file: spec.file,
    }),
    ports: service.ports.flatMap(({ published, hostIp = '', protocol }) =>
      published === undefined ? [] : [{ hostIp, hostPort: published, protocol }],
    ),
    mounts: service.mounts.flatMap((mount) =>
      mount.type === 'bind'
        ? [{ type: 'bind' as const, source: mount.source, target: mount.target, readOnly: mount.readOnly }]
        : [],
    ),
    ...more,
  }));
};

/** The world in which the stack's release runs. */
export const runningWorld = (spec: StackSpec, more: Partial<World> = {}): World => {
  const networks = Object.values(spec.networks).map(({ name }) => [
    name,
    { labels: {}, driver: 'bridge', subnets: [] },
  ]);
  const volumes = Object.values(spec.volumes).map(({ name }) => [name, { mountpoint: `/volumes/${name}` }]);
  return emptyWorld(spec, {
    containers: containersOf(spec),
    networks: Object.fromEntries(networks) as World['networks'],
    volumes: Object.fromEntries(volumes) as World['volumes'],
    runningRelease: release,
    ...more,
  });
};

export const actions = (plan: Plan): Record<string, string> =>
  Object.fromEntries(plan.services.map(({ service, action }) => [service, action]));

export const plan = (spec: StackSpec, world: World, more: Partial<Wanted> = {}): Plan =>
  planChange(wantedOf(spec, more), world);
