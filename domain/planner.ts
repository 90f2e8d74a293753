/** Makes a plan: compares what is wanted with what is there. */
import { planData, protectedData } from './data.ts';
import { dependencyGraph, isOneShot, needsOf, type Need } from './dependencies.ts';
import { takerOf } from './dump-taker.ts';
import { phasesOf } from './graph.ts';
import { label, parseAsideName, serviceOf, stackOf } from './labels.ts';
import type { ServiceName } from './names.ts';
import { reaches } from './paths.ts';
import type {
  DataExchange,
  FilePlan,
  HealthKind,
  ReleaseKind,
  Plan,
  ResourcePlan,
  ServicePlan,
  Wanted,
} from './plan.ts';
import { preflight } from './preflight.ts';
import { isRestated } from './restated.ts';
import type { ServiceSpec, StackSpec } from './stack.ts';
import type { ContainerFacts, World } from './world.ts';

/** @returns the plan that turns `world` into `wanted`, with everything that is wrong in `problems`. */
export const planChange = (wanted: Wanted, world: World): Plan => {
  const { spec } = wanted;
  const own = world.containers.filter((container) => stackOf(container.labels) === spec.name);
  const restore = exchangesOf(wanted, world, own);
  const services = [...planServices({ ...wanted, restore }, world, own), ...planRemovals(wanted, own)];
  const data = planData(wanted, services, world);
  const plan: Plan = {
    format: 1,
    kind: wanted.kind,
    stack: spec.name,
    file: spec.file,
    host: world.host,
    engine: world.engine.kind,
    release: wanted.release,
    ...(world.runningRelease === undefined ? {} : { previousRelease: world.runningRelease }),
    services,
    networks: planResources(wanted.kind, spec.networks, world.networks),
    volumes: planResources(
      wanted.kind === 'remove' ? 'remove' : 'deploy',
      spec.volumes,
      world.volumes,
    ).filter(
      // A stack's volumes are its data: removing the stack keeps them.
      ({ action }) => action !== 'remove',
    ),
    files: [
      ...spec.files.map(({ path }): FilePlan => ({
        path,
        action: world.files[path]?.sameAsWanted ? 'keep' : 'write',
      })),
      ...wanted.obsoleteFiles.map((path): FilePlan => ({ path, action: 'remove' })),
    ],
    data,
    // What is not protected is not Baton's to take away.
    restore: wanted.discard ? protectedData(data).map(({ path }) => ({ path })) : restore,
    policy: spec.policy,
    ...(wanted.kind !== 'remove' && isRestated(wanted.running, spec) ? { restated: true } : {}),
    checks: spec.validate.length + spec.services.reduce((sum, { validate }) => sum + validate.length, 0),
    problems: [],
  };
  return { ...plan, problems: preflight(wanted, plan, world) };
};

const planResources = (
  kind: ReleaseKind,
  wanted: Record<string, { key: string; name: string; external: boolean }>,
  present: Record<string, unknown>,
): ResourcePlan[] =>
  Object.values(wanted)
    .filter(({ external, name }) => !external && (kind !== 'remove' || present[name] !== undefined))
    .map(({ key, name }) => ({
      key,
      name,
      action: kind === 'remove' ? 'remove' : present[name] ? 'keep' : 'create',
    }));

/** Each dump with the service that takes it in, where there is one: `preflight` tells of the others. */
const exchangesOf = (wanted: Wanted, world: World, own: ContainerFacts[]): DataExchange[] => {
  const services = wanted.spec.services.map(({ name: service }) => {
    const previous = currentContainer(own, service);
    return previous ? { service, previous } : { service };
  });
  return wanted.restore.map(({ kind, ...exchange }) => {
    const dump = kind && takerOf(wanted, services, world, { path: exchange.path, kind });
    return dump ? { ...exchange, dump } : exchange;
  });
};

/** With its exchanges as they are planned. */
type Wanting = Omit<Wanted, 'restore'> & Pick<Plan, 'restore'>;

const planServices = (wanted: Wanting, world: World, own: ContainerFacts[]): ServicePlan[] => {
  const { spec } = wanted;
  const plans = new Map<ServiceName, ServicePlan>();
  phasesOf(dependencyGraph(spec)).forEach((names, index) => {
    for (const service of spec.services.filter((one) => names.includes(one.name))) {
      const { name } = service;
      const current = currentContainer(own, name);
      const { action, reasons } = decide(wanted, service, world, current, plans);
      const image = world.images[name];
      const exactly = wanted.images?.[name];
      plans.set(name, {
        service: name,
        action,
        reasons,
        phase: index + 1,
        containerName: service.containerName,
        image: {
          reference: service.image,
          ...(exactly === undefined ? {} : { exactly }),
          ...(image?.state === 'present' ? { id: image.id } : {}),
          ...(image?.state === 'fetch' ? { fetch: image.how } : {}),
        },
        ...(current ? { previous: previousOf(current) } : {}),
        needs: needsOf(service).map((need) => ({ ...need, renewed: isRenewed(plans.get(need.service)) })),
        health: healthKind(spec, service, world),
        order: rolloutOrder(service),
        healthyDeadlineMs: deadlineOf(spec, service),
        minHealthyTimeMs: service.minHealthyTimeMs ?? spec.policy.minHealthyTimeMs,
        stopGraceMs: service.stopGracePeriodMs,
      });
    }
  });
  return [...plans.values()];
};

/**
 * A service's clock starts when its needs are met, so if none takes longer than `progress_deadline`, the roll-out as a whole
 * never goes longer than that without a service becoming healthy.
 */
const deadlineOf = ({ policy }: StackSpec, service: ServiceSpec): number =>
  Math.min(service.healthyDeadlineMs ?? policy.healthyDeadlineMs, policy.progressDeadlineMs);

const previousOf = ({ id, name, running, imageId }: ContainerFacts) => ({ id, name, running, imageId });

const currentContainer = (own: ContainerFacts[], service: ServiceName): ContainerFacts | undefined =>
  own.find(({ labels, name }) => serviceOf(labels) === service && !parseAsideName(name));

type Decision = Pick<ServicePlan, 'action' | 'reasons'>;

const decide = (
  wanted: Wanting,
  service: ServiceSpec,
  world: World,
  current: ContainerFacts | undefined,
  earlier: ReadonlyMap<ServiceName, ServicePlan>,
): Decision => {
  if (!current) return { action: 'create', reasons: ['new'] };
  const reasons = [...changeReasons(wanted, service, world, current), ...followed(service, earlier)];
  if (reasons.length > 0) return { action: 'replace', reasons };
  const completed = isOneShot(wanted.spec, service) && !current.running && current.exitCode === 0;
  // What has a path open sees the old directory until it starts again.
  if (current.running && uses(current, wanted.restore))
    return { action: 'start', reasons: ['its data is put back'] };
  if (current.running && wanted.restore.some(({ dump }) => dump?.clients.includes(service.name)))
    return { action: 'start', reasons: ['the data of its database is put back'] };
  if (current.running || completed) return { action: 'keep', reasons: [] };
  return { action: 'start', reasons: [`is ${current.status}`] };
};

const uses = ({ mounts }: ContainerFacts, paths: readonly { path: string }[]): boolean =>
  paths.some(({ path }) => mounts.some((mount) => reaches(mount, path)));

const changeReasons = (
  wanted: Wanted,
  service: ServiceSpec,
  world: World,
  current: ContainerFacts,
): string[] => {
  const image = world.images[service.name];
  if (image?.state === 'fetch') return [image.how === 'build' ? 'image is built' : 'image is pulled'];
  const reasons: string[] = [];
  if (image?.state === 'present' && image.id !== current.imageId) reasons.push('image changed');
  const hash = current.labels[label.hash];
  if (hash === undefined) reasons.push('was not made by Baton');
  else if (hash !== wanted.hashes[service.name] && reasons.length === 0)
    reasons.push('configuration changed');
  return reasons;
};

const isRenewed = (plan: ServicePlan | undefined): boolean =>
  plan?.action === 'create' || plan?.action === 'replace';

/** Reasons that come from other services: a replaced network owner, or `depends_on` with `restart: true`. */
const followed = (service: ServiceSpec, earlier: ReadonlyMap<ServiceName, ServicePlan>): string[] => {
  const { network } = service;
  const owner = network.mode === 'service' ? earlier.get(network.service) : undefined;
  return [
    ...(owner && isRenewed(owner) ? [`network owner "${owner.service}" is replaced`] : []),
    // A namespace ends with its owner, so one that is started again has another.
    ...(owner?.action === 'start' ? [`network owner "${owner.service}" is started again`] : []),
    ...service.dependsOn
      .filter((need) => need.restart && isRenewed(earlier.get(need.service)))
      .map((need) => `"${need.service}" is replaced and asks for a restart`),
  ];
};

const planRemovals = ({ spec, running }: Wanted, own: ContainerFacts[]): ServicePlan[] => {
  const wanted = new Set<string>(spec.services.map(({ name }) => name));
  return own
    .filter(({ labels, name }) => !wanted.has(serviceOf(labels) ?? '') && !parseAsideName(name))
    .map((container) => ({
      service: (serviceOf(container.labels) ?? container.name) as ServiceName,
      action: 'remove',
      reasons: ['is not in the stack any more'],
      phase: 0,
      containerName: container.name,
      image: { reference: container.imageId, id: container.imageId },
      previous: previousOf(container),
      needs: needsWhileRunning(running, serviceOf(container.labels)),
      health: 'running',
      order: 'stop-first',
      healthyDeadlineMs: spec.policy.healthyDeadlineMs,
      minHealthyTimeMs: spec.policy.minHealthyTimeMs,
      stopGraceMs: 10_000,
    }));
};

const needsWhileRunning = (running: StackSpec | undefined, name: string | undefined): Need[] => {
  const service = running?.services.find((candidate) => candidate.name === name);
  return service ? needsOf(service) : [];
};

const healthKind = (spec: StackSpec, service: ServiceSpec, world: World): HealthKind => {
  if (isOneShot(spec, service)) return 'completion';
  if (service.probe) return 'probe';
  if (service.healthcheck === 'disabled') return 'running';
  if (service.healthcheck?.test) return 'healthcheck';
  const image = world.images[service.name];
  return image?.state === 'present' && image.hasHealthcheck ? 'healthcheck' : 'running';
};

/**
 * Two copies side by side are possible only where nothing is shared that one of them must own alone: a fixed name, a host
 * port, an address, writable data, a network namespace. Everything else stops first.
 */
const rolloutOrder = (service: ServiceSpec): ServicePlan['order'] => {
  const { network } = service;
  const ownsAddress =
    network.mode !== 'bridge' ||
    network.attachments.some((at) => at.ipv4Address ?? at.ipv6Address ?? at.macAddress) ||
    service.macAddress !== undefined;
  const ownsData = service.mounts.some((mount) => mount.type !== 'tmpfs' && !mount.readOnly);
  const ownsHost = service.fixedName || service.ports.some(({ published }) => published !== undefined);
  const devices = service.devices.length > 0 || service.deviceRequests.length > 0;
  return ownsAddress || ownsData || ownsHost || devices ? 'stop-first' : 'start-first';
};
