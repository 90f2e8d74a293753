/** Limits on memory, processors and processes: the older keys of a service, which `deploy.resources` overrides. */
import type { ResourceLimits } from '../domain/stack.ts';
import type { Deploy } from './deploy.ts';
import type { Reader } from './reader.ts';
import { get, type MapNode } from './tree.ts';

export const readLimits = (reader: Reader, service: MapNode, deploy: Deploy['limits']): ResourceLimits => {
  const bytes = (key: string): number | undefined => reader.bytes(get(service, key), key);
  const number = (key: string, min: number, integer = true): number | undefined =>
    reader.number(get(service, key), key, { min, integer });
  const swap = get(service, 'memswap_limit');
  const unlimited = swap?.kind === 'scalar' && swap.text === '-1';
  const blkio = reader.map(get(service, 'blkio_config'), 'blkio_config');
  if (blkio) reader.knownKeys(blkio, 'blkio_config', ['weight']);
  const limits: { [Key in keyof ResourceLimits]-?: ResourceLimits[Key] | undefined } = {
    memoryBytes: bytes('mem_limit'),
    memoryReservationBytes: bytes('mem_reservation'),
    memorySwapBytes: unlimited ? -1 : bytes('memswap_limit'),
    memorySwappiness: number('mem_swappiness', 0),
    cpus: number('cpus', 0, false),
    cpuShares: number('cpu_shares', 0),
    cpuQuota: number('cpu_quota', -1),
    cpuPeriodUs: number('cpu_period', 0),
    cpuset: reader.text(get(service, 'cpuset'), 'cpuset'),
    pidsLimit: number('pids_limit', -1),
    oomScoreAdj: number('oom_score_adj', -1000),
    oomKillDisable: reader.boolean(get(service, 'oom_kill_disable'), 'oom_kill_disable'),
    blkioWeight: blkio && reader.number(get(blkio, 'weight'), 'weight', { min: 10, max: 1000 }),
  };
  const given = Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
  return { ...given, ...deploy };
};
