/** What was true before an operation, written down first, and compared with at the end of an unwind. */
import { parseAsideName, serviceOf, stackOf } from '../domain/labels.ts';
import type { OperationId, ServiceName } from '../domain/names.ts';
import type { Plan } from '../domain/plan.ts';
import type { Probe } from '../domain/stack.ts';
import type { Owner, Subject } from '../domain/subject.ts';
import { askHealth } from './health.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { ContainerBefore } from './ports/memory.ts';

/** Writes down every container of the stack. The first call of an operation wins, so a retry cannot record a half-changed state. */
export const captureBefore = async (
  ports: Ports,
  subject: Subject,
  plan: Plan,
): Promise<readonly ContainerBefore[]> => {
  const known = await ports.memory.getBefore(subject.operation);
  if (known) return known;
  const ids = new Set(plan.services.flatMap(({ previous }) => (previous ? [previous.id] : [])));
  const own = (await ports.engine.listContainers()).filter(
    ({ id, labels, name }) => ids.has(id) || (stackOf(labels) === subject.stack && !parseAsideName(name)),
  );
  const release =
    subject.previousRelease === undefined
      ? undefined
      : await ports.memory.getRelease(subject.stack, subject.previousRelease);
  return await capture(
    ports,
    subject.operation,
    own,
    (service) => release?.spec.services.find(({ name }) => name === (service as ServiceName))?.probe,
  );
};

/** Writes down how these containers are. @param probeOf how the health of one is asked, by its service; else by its own healthcheck. */
export const capture = async (
  ports: Ports,
  operation: OperationId,
  containers: readonly ContainerState[],
  probeOf: (service: string, container: ContainerState) => Probe | undefined | Promise<Probe | undefined>,
): Promise<readonly ContainerBefore[]> => {
  const before = await Promise.all(
    containers.map(async (container) => {
      const service = serviceOf(container.labels) ?? container.name;
      const probe = await probeOf(service, container);
      const health = await askHealth(
        {
          engine: ports.engine,
          reach: ports.engineInfo.reach,
          health: probe ? 'probe' : container.healthcheck ? 'healthcheck' : 'running',
          ...(probe ? { probe } : {}),
        },
        container,
      );
      return describe(container, service, health.state === 'healthy');
    }),
  );
  return await ports.memory.putBefore(operation, before);
};

const describe = (container: ContainerState, service: string, healthy: boolean): ContainerBefore => ({
  id: container.id,
  name: container.name,
  service,
  running: isRunning(container),
  paused: container.status === 'paused',
  healthy,
  imageId: container.imageId,
  restartPolicy: container.restartPolicy,
  networks: Object.keys(container.networks).sort(),
  mounts: container.mounts
    .map(({ source, target, readOnly }) => `${source}:${target}${readOnly ? ':ro' : ''}`)
    .sort(),
  ...(container.startedAt === undefined ? {} : { startedAt: container.startedAt }),
});

export const isRunning = ({ status }: Pick<ContainerState, 'status'>): boolean =>
  status === 'running' || status === 'restarting' || status === 'paused';

/** @returns every difference from what was written down, in words; empty where there is none. */
export const differencesFromBefore = async (
  ports: Ports,
  { operation }: Pick<Owner, 'operation'>,
): Promise<string[]> => {
  const before = (await ports.memory.getBefore(operation)) ?? [];
  const differences: string[] = [];
  for (const was of before) {
    const container = await ports.engine.inspectContainer(was.id);
    if (!container) {
      differences.push(`Container "${was.name}" of "${was.service}" is gone.`);
      continue;
    }
    const now = describe(container, was.service, was.healthy);
    for (const key of [
      'name',
      'running',
      'paused',
      'imageId',
      'restartPolicy',
      'networks',
      'mounts',
    ] as const)
      if (String(now[key]) !== String(was[key]))
        differences.push(`Container "${was.name}": ${key} was ${String(was[key])}, is ${String(now[key])}.`);
  }
  return differences;
};
