/** How much of the host's memory can be had, by the kernel. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseHostMemory, type HostMemory } from '../domain/host-memory.ts';

/** @param proc where proc(5) is mounted. @returns `undefined` where the kernel tells no such thing. */
export const readHostMemory = async (proc = '/proc'): Promise<HostMemory | undefined> => {
  const [meminfo, pressure] = await Promise.all([
    readFile(join(proc, 'meminfo'), 'utf8').catch(() => undefined),
    // Not every kernel counts it, and some only when asked to at their start.
    readFile(join(proc, 'pressure', 'memory'), 'utf8').catch(() => undefined),
  ]);
  return meminfo === undefined ? undefined : parseHostMemory(meminfo, pressure);
};
