/** The answer to "how are my stacks?": asked of the engine now, held against what was recorded. */
import { label, parseAsideName, serviceOf, stackOf } from '../domain/labels.ts';
import type { StackName } from '../domain/names.ts';
import type { Release, ReleaseRecord } from '../domain/release.ts';
import type { ServiceSpec } from '../domain/stack.ts';
import type { ServiceStatus, StackStatus } from '../domain/status.ts';
import { beating } from './activity.ts';
import { resolveCommand } from './container.ts';
import { askTwice } from './health.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { secretsOf } from './release.ts';

export const statusActivities = (ports: Ports) => ({
  /** One entry a stack; all of them where none is named. */
  async readStatus(stack?: StackName): Promise<StackStatus[]> {
    return await beating(async () => {
      const containers = await ports.engine.listContainers();
      const named = containers.flatMap(({ labels }) => stackOf(labels) ?? []);
      const recorded = await ports.memory.stacks();
      const stacks = stack === undefined ? [...new Set([...named, ...recorded])].sort() : [stack];
      return await Promise.all(
        stacks.map(async (name) => await statusOf(ports, name as StackName, containers)),
      );
    });
  },

  async readReleases(stack: StackName): Promise<ReleaseRecord[]> {
    return await beating(async () => await ports.memory.history(stack));
  },
});

export const statusOf = async (
  ports: Ports,
  stack: StackName,
  containers: ContainerState[],
): Promise<StackStatus> => {
  const history = await ports.memory.history(stack);
  const last = history.at(-1);
  const release = last && (await ports.memory.getRelease(stack, last.release));
  const own = containers.filter(({ labels }) => stackOf(labels) === stack);
  const services = await Promise.all(
    own.map(async (container) => await serviceStatus(ports, release, container)),
  );
  return {
    stack,
    host: ports.host,
    ...(last ? { release: last.release, committedAt: last.committedAt } : {}),
    services: services.sort((a, b) => (a.service < b.service ? -1 : 1)),
    drift: driftOf(own, release, history),
  };
};

const serviceStatus = async (
  ports: Ports,
  release: Release | undefined,
  found: ContainerState,
): Promise<ServiceStatus> => {
  const service = serviceOf(found.labels) ?? found.name;
  const spec = release?.spec.services.find(({ name }) => name === service);
  const probe =
    release && spec?.probe
      ? resolveCommand(spec.probe, (await secretsOf(ports, release)).resolve)
      : undefined;
  const { health, container } = await askTwice(
    {
      engine: ports.engine,
      reach: ports.engineInfo.reach,
      health: probe
        ? 'probe'
        : found.healthcheck
          ? 'healthcheck'
          : found.exitCode === 0
            ? 'completion'
            : 'running',
      ...(probe ? { probe } : {}),
    },
    found,
  );
  return {
    service,
    container: container.name,
    state:
      container.exitCode === undefined ? container.status : `${container.status} (${container.exitCode})`,
    healthy: health.state === 'healthy' ? 'healthy' : 'unhealthy',
    answer: health.answer,
    ...(health.tookMs === undefined ? {} : { latencyMs: health.tookMs }),
    ...(health.certificateUntil === undefined ? {} : { certificateUntil: health.certificateUntil }),
    image: imageName(release, spec, container),
    ...(container.labels[label.release] === undefined
      ? {}
      : { release: container.labels[label.release] ?? '' }),
    ...(container.startedAt === undefined ? {} : { startedAt: container.startedAt }),
  };
};

/** As the stack's file has it: an engine calls an image that has several names by any of them, or by its id. */
const imageName = (
  release: Release | undefined,
  spec: ServiceSpec | undefined,
  { imageId, imageName: called }: ContainerState,
): string => (spec && release?.images[spec.name] === imageId ? spec.image : called);

const driftOf = (own: ContainerState[], release: Release | undefined, history: ReleaseRecord[]): string[] => {
  const last = history.at(-1);
  if (!last) return [];
  if (!release)
    return [`Release ${last.release} is recorded, but its file is gone from the state directory.`];
  const drift: string[] = [];
  for (const { name } of release.spec.services)
    if (!own.some(({ labels }) => serviceOf(labels) === name))
      drift.push(`Service "${name}" has no container.`);
  for (const container of own) {
    const aside = parseAsideName(container.name);
    if (aside)
      drift.push(
        history.some(({ operation }) => operation === aside.operation)
          ? `Container "${container.name}" was replaced by operation ${aside.operation} and could not be removed; the next change of the stack removes it.`
          : `Container "${container.name}" was set aside by an operation that did not end, or is under way.`,
      );
    const wanted = release.images[serviceOf(container.labels) as keyof typeof release.images];
    if (wanted !== undefined && wanted !== container.imageId && !parseAsideName(container.name))
      drift.push(`Container "${container.name}" runs another image than release ${release.id} says.`);
  }
  return drift;
};
