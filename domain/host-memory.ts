/** How short of memory a host is, and which service takes what it did not use to take. */
import type { Finding } from './incident.ts';
import { formatBytes } from './size.ts';

export type HostMemory = {
  totalBytes: number;
  /** What can be had without swapping, as the kernel estimates it. */
  availableBytes: number;
  /** The share of the last minute in which everything waited for memory; absent where the kernel does not tell. */
  stalledPercent?: number;
};

/** Of one service. @property usualBytes the median of its hours of the last week. */
export type Taken = { place: string; bytes: number; usualBytes: number };

/** Set by hand: caches are gone by then, and what is asked for next is swapped out, or kills something. */
const warningPercent = 10;
const criticalPercent = 5;
/** From here on systemd-oomd kills (`DefaultMemoryPressureLimit` in oomd.conf(5)). */
const stalledCriticalPercent = 60;

/** Less would not be felt where all of it came back. */
const feltPercent = 5;

export const hostMemoryPlace = 'host memory';

export const availablePercent = ({ totalBytes, availableBytes }: HostMemory): number =>
  (100 * availableBytes) / totalBytes;

/** `memory-pressure` of the host, and, while that is so, `memory-grown` of the service that has grown most. */
export const hostMemoryFindings = (memory: HostMemory, taken: readonly Taken[]): Finding[] => {
  const state = stateOf(memory);
  const pressure: Finding = {
    what: 'memory-pressure',
    where: hostMemoryPlace,
    state,
    evidence: textOf(memory),
  };
  const grown = state === 'fine' ? undefined : mostGrown(memory, taken);
  return grown
    ? [pressure, { what: 'memory-grown', where: grown.place, state, evidence: grownText(grown) }]
    : [pressure];
};

const stateOf = (memory: HostMemory): Finding['state'] => {
  const percent = availablePercent(memory);
  const stalled = memory.stalledPercent ?? 0;
  if (percent < criticalPercent || stalled >= stalledCriticalPercent) return 'critical';
  return percent < warningPercent ? 'warning' : 'fine';
};

const mostGrown = ({ totalBytes }: HostMemory, taken: readonly Taken[]): Taken | undefined => {
  const [most] = [...taken].sort((a, b) => growth(b) - growth(a));
  return most && growth(most) >= (feltPercent / 100) * totalBytes ? most : undefined;
};

const growth = ({ bytes, usualBytes }: Taken): number => bytes - usualBytes;

const textOf = (memory: HostMemory): string => {
  const { availableBytes, totalBytes, stalledPercent = 0 } = memory;
  const stalled =
    stalledPercent >= 1 ? `, and all waited for it ${Math.round(stalledPercent)} % of the last minute` : '';
  const percent = Math.round(availablePercent(memory));
  return `${formatBytes(availableBytes)} of ${formatBytes(totalBytes)} (${percent} %) can be had${stalled}`;
};

const grownText = (taken: Taken): string =>
  `${formatBytes(taken.bytes)}, ${formatBytes(growth(taken))} more than usual in the last week, while the host is short of memory`;

/** @param meminfo of proc(5). @param pressure of `/proc/pressure/memory`. @returns `undefined` where it is no such text. */
export const parseHostMemory = (meminfo: string, pressure?: string): HostMemory | undefined => {
  const bytesOf = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(meminfo)?.[1]) * 1024;
  const [totalBytes, availableBytes] = [bytesOf('MemTotal'), bytesOf('MemAvailable')];
  if (!(totalBytes > 0 && availableBytes >= 0)) return undefined;
  const stalled = /^full .*\bavg60=([\d.]+)/m.exec(pressure ?? '')?.[1];
  return {
    totalBytes,
    availableBytes,
    ...(stalled === undefined ? {} : { stalledPercent: Number(stalled) }),
  };
};
