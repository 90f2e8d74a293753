/** What uses data: written down before a change, stopped for it, and running again as it did. */
import { stat } from 'node:fs/promises';
import { dumpedData, type DumpPlan } from '../domain/data.ts';
import { needsOf } from '../domain/dependencies.ts';
import type { GuardedPath, User } from '../domain/guard.ts';
import { label, serviceOf, stackOf } from '../domain/labels.ts';
import { parseStackName, type ReleaseId } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import type { Probe, ServiceSpec } from '../domain/stack.ts';
import type { Owner } from '../domain/subject.ts';
import { beating } from './activity.ts';
import { capture } from './before.ts';
import { putBackContainer, resolveCommand } from './container.ts';
import { clientsAmong, stopGraceMs, usersOf } from './data.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { ContainerBefore } from './ports/memory.ts';
import { secretsOf } from './release.ts';

/** Compose's default for a service that says nothing else is far more patient; a container that was healthy a minute ago needs less. */
const healthyDeadlineMs = 120_000;

export const userActivities = (ports: Ports) => ({
  /**
   * What would not see the change otherwise, or should begin anew with it; each is healthy again if it was, and so is what
   * lives in its network. @param files that were changed: what has started since has seen them.
   */
  async restartUsers(owner: Owner, containers: User[], files: string[]): Promise<void> {
    await beating(async (signal) => {
      const before = (await ports.memory.getBefore(owner.operation)) ?? [];
      const changed = await Promise.all(files.map(async (file) => (await stat(file)).ctimeMs));
      for (const { id } of before) {
        if (!containers.some((container) => container.id === id)) continue;
        const startedAt = Date.parse((await ports.engine.inspectContainer(id))?.startedAt ?? '');
        if (!(startedAt > Math.max(...changed))) await ports.engine.stopContainer(id, stopGraceMs);
      }
      await runAgain(ports, before, signal);
    });
  },

  /**
   * What used the data runs again as it did, in the order in which it was started then, and healthy if it was.
   * @param closed databases that may be empty: these stay as they are, with what uses them.
   */
  async startUsersAgain(owner: Owner, closed: DumpPlan[] = []): Promise<void> {
    await beating(async (signal) => {
      const before = (await ports.memory.getBefore(owner.operation)) ?? [];
      const all = closed.length > 0 ? await ports.engine.listContainers() : [];
      const left = new Set(
        closed.flatMap((dump) => [dump.container.id, ...clientsAmong(all, dump).map(({ id }) => id)]),
      );
      await runAgain(
        ports,
        before.filter(({ id }) => !left.has(id)),
        signal,
      );
    });
  },
});

/**
 * In the order of `before`. What names another in `depends_on` begins when that one is as it was, or when it has had its time:
 * one that stays ill keeps no other from running.
 */
const runAgain = async (
  ports: Ports,
  before: readonly ContainerBefore[],
  signal: AbortSignal,
): Promise<void> => {
  const back = new Map<string, Promise<void>>();
  for (const container of before) {
    const state = await ports.engine.inspectContainer(container.id);
    const stack = state && stackOf(state.labels);
    const spec = state && (await specOf(ports, state))?.service;
    const needs = spec ? needsOf(spec).flatMap(({ service }) => back.get(`${stack} ${service}`) ?? []) : [];
    await Promise.allSettled(needs);
    if (container.running && state && state.status !== 'paused')
      await ports.engine.startContainer(container.id);
    const isBack = putBackContainer(ports, container, howBack(ports, container), signal);
    // Whoever waits for it goes on; that it failed is told at the end.
    isBack.catch(() => undefined);
    back.set(spec ? `${stack} ${spec.name}` : container.id, isBack);
  }
  await Promise.all(back.values());
};

const howBack = (ports: Ports, { id }: ContainerBefore): Parameters<typeof putBackContainer>[2] => ({
  stopGraceMs,
  deadlineMs: healthyDeadlineMs,
  probe: async () => {
    const container = await ports.engine.inspectContainer(id);
    return container && (await probeOf(ports, container));
  },
});

/**
 * Containers that see the data, or use its database, and those that live in the network of one of these. First started, first.
 * @param emptied databases that a dump is brought back into.
 */
export const captureUsers = async (
  ports: Ports,
  { operation }: Owner,
  data: readonly GuardedPath[],
  emptied: readonly DumpPlan[],
): Promise<readonly ContainerBefore[]> => {
  const known = await ports.memory.getBefore(operation);
  if (known) return known;
  const all = await ports.engine.listContainers();
  const users = new Set<string>();
  for (const { path } of data) for (const { id } of await usersOf(ports, path, 'any')) users.add(id);
  for (const dump of [...dumpedData(data).map((entry) => entry.dump), ...emptied])
    for (const { id } of clientsAmong(all, dump)) users.add(id);
  const own = all.filter(
    ({ id, networkMode }) => users.has(id) || users.has(networkMode.replace(/^container:/, '')),
  );
  own.sort((a, b) => Date.parse(a.startedAt ?? '') - Date.parse(b.startedAt ?? ''));
  return await capture(ports, operation, own, async (_service, container) => await probeOf(ports, container));
};

/** How the release that a container belongs to asks whether it is healthy. */
export const probeOf = async (ports: Ports, container: ContainerState): Promise<Probe | undefined> => {
  const { release, service } = (await specOf(ports, container)) ?? {};
  if (!release || !service?.probe) return undefined;
  return resolveCommand(service.probe, (await secretsOf(ports, release)).resolve);
};

/** What the release that a container belongs to says of its service. */
const specOf = async (
  { memory }: Ports,
  { labels }: ContainerState,
): Promise<{ release: Release; service: ServiceSpec } | undefined> => {
  const stack = parseStackName(stackOf(labels) ?? '');
  const id = labels[label.release] as ReleaseId | undefined;
  if (stack === undefined || id === undefined) return undefined;
  const release = await memory.getRelease(stack, id);
  const service = release?.spec.services.find(({ name }) => name === serviceOf(labels));
  return release && service && { release, service };
};
