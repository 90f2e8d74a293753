/** How short of memory the host is; while it is, which service takes more than it used to. */
import { median } from '../../domain/forecast/order-statistics.ts';
import { hostMemoryFindings, hostMemoryPlace, type Taken } from '../../domain/host-memory.ts';
import type { NotHere, Seen } from '../../domain/look.ts';
import { readHostMemory } from '../host-memory.ts';
import { ownContainers } from './own-containers.ts';
import type { Scene, Source } from './source.ts';

const hourMs = 3_600_000;
const usualWithinMs = 7 * 24 * hourMs;
/** What was measured for less has no usual yet. */
const leastHours = 24;

/** @param proc where proc(5) is mounted. */
export const seeHostMemory = async (scene: Scene, proc?: string): Promise<Seen | NotHere> => {
  const memory = await readHostMemory(proc);
  if (!memory) return { notHere: 'the kernel does not tell how much memory can be had' };
  const isShort = hostMemoryFindings(memory, []).some(({ state }) => state !== 'fine');
  const taken = isShort ? await takenBy(scene).catch((error: unknown) => error as Error) : [];
  const isKnown = !(taken instanceof Error);
  const findings = hostMemoryFindings(memory, isKnown ? taken : []);
  const [, grown] = findings;
  return {
    samples: [{ measure: 'memory.available', place: hostMemoryPlace, value: memory.availableBytes }],
    findings,
    // The host is short because of what has grown.
    needs: grown ? { [hostMemoryPlace]: [grown.where] } : {},
    whole: ['memory-pressure', ...(isKnown ? ['memory-grown'] : [])],
    // An engine that memory has run out for does not keep that from being seen.
    ...(isKnown ? {} : { unknown: [`what services take: ${taken.message}`] }),
  };
};

/** It comes and goes within minutes. */
export const hostMemory: Source = { see: seeHostMemory, withinMs: 20_000, freshForMs: 10 * 60_000 };

const takenBy = async (scene: Scene): Promise<Taken[]> => {
  const loads = new Map((await scene.ports.engine.readLoads()).map((load) => [load.id, load.memoryBytes]));
  const own = await ownContainers(scene);
  const all = own.map(async ({ place, container }) => await takenAt(scene, place, loads.get(container.id)));
  return (await Promise.all(all)).flat();
};

/** None of what has no usual yet. */
const takenAt = async ({ ports, at }: Scene, place: string, bytes: number | undefined): Promise<Taken[]> => {
  const records = await ports.records();
  const hours = await records.hours({ measure: 'memory', place }, { from: at - usualWithinMs, to: at });
  const usualBytes = median(hours.map(({ mean }) => mean));
  const isKnown = bytes !== undefined && usualBytes !== undefined && hours.length >= leastHours;
  return isKnown ? [{ place, bytes, usualBytes }] : [];
};
