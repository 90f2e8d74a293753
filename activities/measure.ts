/** Figures by which the success of a playbook is measured: taken afresh, of the engine, the disk or the service itself. */
import { certificateDays } from '../domain/certificate.ts';
import { usedPercent, type DiskUsage } from '../domain/cleanup-target.ts';
import { availablePercent } from '../domain/host-memory.ts';
import { median } from '../domain/forecast/order-statistics.ts';
import { parseAsideName } from '../domain/labels.ts';
import { measures, type MeasureName } from '../domain/measure.ts';
import type { Figure } from '../domain/playbook.ts';
import type { StackStatus } from '../domain/status.ts';
import { stackOfTarget, type Target } from '../domain/target.ts';
import { plannedCleanup } from './cleanup.ts';
import { containersOf } from './containers-of.ts';
import { askHealth } from './health.ts';
import { readHostMemory } from './host-memory.ts';
import { imagesOutdated } from './image-update.ts';
import { ofDatabase } from './maintenance.ts';
import type { ContainerState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { plannedRotation } from './rotation.ts';
import { statusOf } from './status.ts';
import { probeOf } from './user.ts';

/** @param image digest that an update decided on. @returns a figure a measure; without a value where it cannot be taken. */
export const takeFigures = async (
  ports: Ports,
  names: readonly MeasureName[],
  target: Target,
  image?: string,
): Promise<(Pick<Figure, 'what' | 'unit'> & { value?: number })[]> =>
  await Promise.all(
    [...new Set(names)].map(async (what) => {
      const value = await takers[what](ports, target, image);
      return { what, unit: measures[what].unit, ...(value === undefined ? {} : { value }) };
    }),
  );

type Taker = (ports: Ports, target: Target, image: string | undefined) => Promise<number | undefined>;

const takers: Record<MeasureName, Taker> = {
  'used-percent': async (ports, target) => ofUsage(await usageOf(ports, target), usedPercent),
  'free-bytes': async (ports, target) => ofUsage(await usageOf(ports, target), ({ freeBytes }) => freeBytes),
  'surplus-snapshots': async (ports, target) => {
    const { remove, problems } =
      target.kind === 'filesystem'
        ? await plannedCleanup(ports, { only: ['snapshots'], volumes: [], filesystem: target.path })
        : await plannedRotation(ports, target.stack);
    return problems.length > 0 ? undefined : remove.length;
  },
  unhealthy: async (ports, target) =>
    await unhealthyOf(ports, target, target.kind === 'service' ? target.service : undefined),
  'unhealthy-in-stack': async (ports, target) => await unhealthyOf(ports, target, undefined),
  drift: async (ports, target) => (await statusOfTarget(ports, target))?.drift.length,
  'images-outdated': async (ports, target, image) => await imagesOutdated(ports, target, image),
  'latency-ms': async (ports, target) => await latencyOf(ports, target),
  'database-bytes': async (ports, target) =>
    await ofDatabase(ports, target, async ({ tool, inside }) => await tool.size(inside)),
  'dead-percent': async (ports, target) =>
    await ofDatabase(ports, target, async ({ tool, inside }) => await tool.maintenance?.deadPercent(inside)),
  'certificate-days': async (ports, target) => await certificateDaysOf(ports, target),
  'available-percent': async () => {
    const memory = await readHostMemory();
    return memory && availablePercent(memory);
  },
  'memory-bytes': async (ports, target) => await memoryOf(ports, target),
};

const usageOf = async ({ disk }: Ports, target: Target): Promise<DiskUsage | undefined> =>
  target.kind === 'filesystem' ? await disk.usage(target.path, true) : undefined;

const ofUsage = (usage: DiskUsage | undefined, value: (usage: DiskUsage) => number): number | undefined =>
  usage && value(usage);

const statusOfTarget = async (ports: Ports, target: Target): Promise<StackStatus | undefined> => {
  const stack = stackOfTarget(target);
  return stack && (await statusOf(ports, stack, await ports.engine.listContainers()));
};

/** Of what the recorded release wants; one without a container is not healthy. */
const unhealthyOf = async (
  ports: Ports,
  target: Target,
  only: string | undefined,
): Promise<number | undefined> => {
  const status = await statusOfTarget(ports, target);
  const stack = stackOfTarget(target);
  const release = stack && status?.release ? await ports.memory.getRelease(stack, status.release) : undefined;
  if (!status || !release) return undefined;
  const wanted = release.spec.services.filter(({ name }) => only === undefined || name === only);
  const isHealthy = (name: string): boolean =>
    status.services.some(
      ({ service, container, healthy }) =>
        service === name && healthy === 'healthy' && !parseAsideName(container),
    );
  return wanted.filter(({ name }) => !isHealthy(name)).length;
};

/** A single answer may be unlucky; what is slow is slow most of the time. */
const answersAsked = 5;

/** Of the slowest service, where it is a stack. What has no probe, or does not say yes, has no latency. */
const latencyOf = async (ports: Ports, target: Target): Promise<number | undefined> => {
  const stack = stackOfTarget(target);
  if (stack === undefined) return undefined;
  const own = await containersOf(ports, stack, target.kind === 'service' ? target.service : undefined);
  const all = await Promise.all(own.map(async (container) => await latency(ports, container)));
  if (all.includes('ill')) return undefined;
  const slowest = Math.max(...all.flatMap((one) => (typeof one === 'number' ? [one] : [])));
  return Number.isFinite(slowest) ? slowest : undefined;
};

/** @returns ms; `undefined` where it has no probe. */
const latency = async (ports: Ports, container: ContainerState): Promise<number | 'ill' | undefined> => {
  const probe = await probeOf(ports, container);
  if (!probe) return undefined;
  const took: number[] = [];
  for (let time = 0; time < answersAsked; time += 1) {
    const began = performance.now();
    const { engine, engineInfo } = ports;
    const asked = { engine, reach: engineInfo.reach, health: 'probe' as const, probe };
    if ((await askHealth(asked, container)).state !== 'healthy') return 'ill';
    took.push(performance.now() - began);
  }
  return median(took);
};

/** Of what does not answer, or over plain HTTP, there is none. */
const certificateDaysOf = async (ports: Ports, target: Target): Promise<number | undefined> => {
  if (target.kind !== 'service') return undefined;
  const own = (await statusOfTarget(ports, target))?.services.find(
    ({ service, container }) => service === target.service && !parseAsideName(container),
  );
  return own?.certificateUntil === undefined ? undefined : certificateDays(own.certificateUntil, Date.now());
};

/** What does not run takes none that could be compared. */
const memoryOf = async (ports: Ports, target: Target): Promise<number | undefined> => {
  if (target.kind !== 'service') return undefined;
  const [own] = await containersOf(ports, target.stack, target.service);
  return (await ports.engine.readLoads()).find(({ id }) => id === own?.id)?.memoryBytes;
};
