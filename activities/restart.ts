/** Restarting services that are ill: each once, and only the next when it is healthy. */
import { parseAsideName, serviceOf, stackOf } from '../domain/labels.ts';
import type { StackName } from '../domain/names.ts';
import type { Problem } from '../domain/problem.ts';
import { restartOrder, type RestartWish, type ServiceRestart } from '../domain/restart.ts';
import type { Owner } from '../domain/subject.ts';
import { beating, permanent } from './activity.ts';
import { capture, isRunning } from './before.ts';
import { stopGraceMs } from './data.ts';
import { waitHealthy } from './health.ts';
import type { Ports } from './ports/index.ts';
import { runningRelease, secretsOf } from './release.ts';
import { probeOf } from './user.ts';

export const restartActivities = (ports: Ports) => ({
  /** How they are, before any of them is touched; the first call of an operation wins. */
  async noteServices({ operation }: Owner, services: ServiceRestart[]): Promise<void> {
    await beating(async () => {
      if (await ports.memory.getBefore(operation)) return;
      const own = await Promise.all(services.map(async ({ id, name }) => await present(ports, id, name)));
      await capture(ports, operation, own, async (_service, container) => await probeOf(ports, container));
    });
  },

  /** Stops and starts it once, and waits until it is healthy. @returns `left` where it was healthy and need not be restarted. */
  async restartService(owner: Owner, service: ServiceRestart): Promise<'restarted' | 'left'> {
    return await beating(async (signal) => {
      const { id, name, deadlineMs, ifUnhealthy } = service;
      const before = (await ports.memory.getBefore(owner.operation))?.find((one) => one.id === id);
      if (!before) throw permanent('NotNoted', `How "${name}" was before is not on record.`);
      if (ifUnhealthy && before.healthy) return 'left';
      const container = await present(ports, id, name);
      await ports.engine.unpauseContainer(id);
      // What has started since it was noted was restarted by an earlier try, or by its engine.
      if (isRunning(container) && container.startedAt === before.startedAt)
        await ports.engine.stopContainer(id, stopGraceMs);
      await ports.engine.startContainer(id);
      const probe = await probeOf(ports, container);
      await waitHealthy(
        {
          engine: ports.engine,
          reach: ports.engineInfo.reach,
          containerId: id,
          service: service.service,
          health: probe ? 'probe' : container.healthcheck ? 'healthcheck' : 'running',
          ...(probe ? { probe } : {}),
          deadlineMs,
          redact: await redactOf(ports, owner.stack),
        },
        signal,
      );
      return 'restarted';
    });
  },
});

const present = async ({ engine }: Ports, id: string, name: string) => {
  const container = await engine.inspectContainer(id);
  if (container) return container;
  throw permanent('ContainerGone', `Container "${name}" is gone: something outside removed it.`);
};

/** The log of what does not become healthy ends in a report. */
const redactOf = async (ports: Ports, stack: StackName): Promise<(text: string) => string> => {
  const release = await runningRelease(ports, stack);
  return release ? (await secretsOf(ports, release)).redact : (text) => text;
};

/** Looks only. */
export const planRestarts = async (
  ports: Ports,
  stack: StackName,
  wish: RestartWish,
): Promise<{ services: ServiceRestart[]; problems: Problem[] }> => {
  const release = await runningRelease(ports, stack);
  const order = release ? restartOrder(release.spec, wish) : [];
  if (order.length === 0) return { services: [], problems: [nothingToRestart(stack, wish)] };
  const containers = await ports.engine.listContainers();
  const found = order.map(({ service, ...rest }) => {
    const own = containers.find(
      ({ labels, name }) =>
        stackOf(labels) === stack && serviceOf(labels) === service && !parseAsideName(name),
    );
    return { service, own, ...rest };
  });
  return {
    services: found.flatMap(({ own, ...rest }) => (own ? [{ ...rest, id: own.id, name: own.name }] : [])),
    problems: found.flatMap(({ service, own }) => (own ? [] : [noContainer(stack, service)])),
  };
};

const nothingToRestart = (stack: StackName, { service }: RestartWish): Problem => ({
  severity: 'error',
  code: 'no-such-service',
  message: `No release of "${stack}" on record has a service "${service}" that stays running. Nothing was changed.`,
  next: `baton status ${stack}`,
});

const noContainer = (stack: StackName, service: string): Problem => ({
  severity: 'error',
  code: 'no-container',
  message: `Service "${service}" of "${stack}" has no container to restart. Nothing was changed.`,
  next: `baton playbook run drift-correction ${stack}`,
});
