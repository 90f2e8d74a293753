/** What running containers take, as the `stats` command of each engine counts it. */
import { EngineError, type ContainerLoad } from '../ports/engine.ts';
import type { EngineApi } from './api.ts';

/** The parts of `GET /containers/ID/stats` that are read. */
type DockerStats = {
  cpu_stats?: { cpu_usage?: { total_usage?: number } };
  memory_stats?: { usage?: number; stats?: { inactive_file?: number; total_inactive_file?: number } };
};

/** The parts of Podman's own call that are read. */
type PodmanLoad = { ContainerID: string; CPUNano: number; MemUsage: number; PIDs: number };
type PodmanStats = { Error?: unknown; Stats?: PodmanLoad[] | null };

const nanosecondsInMs = 1e6;

/**
 * Docker has no call for all of them. `one-shot`: it does not wait a second for another sample.
 * @param at makes the path of a call.
 */
export const dockerLoads = async (api: EngineApi, at: (path: string) => string): Promise<ContainerLoad[]> => {
  const running = await api.json<{ Id: string }[]>({ path: at('/containers/json') });
  const loads = await Promise.all(
    running.map(async ({ Id: id }) => {
      const path = at(`/containers/${id}/stats`);
      const stats = await api.find<DockerStats>({ path, query: { stream: false, 'one-shot': true } });
      return stats && dockerLoad(id, stats);
    }),
  );
  return loads.flatMap((load) => load ?? []);
};

/** Files that nobody has read lately can be let go at once; `total_…` is cgroup v1's word. @returns nothing for one that has ended. */
const dockerLoad = (
  id: string,
  { cpu_stats: cpu, memory_stats: memory }: DockerStats,
): ContainerLoad | undefined => {
  const total = cpu?.cpu_usage?.total_usage;
  if (memory?.usage === undefined || total === undefined) return undefined;
  const spare = memory.stats?.total_inactive_file ?? memory.stats?.inactive_file ?? 0;
  return { id, memoryBytes: Math.max(0, memory.usage - spare), cpuMs: total / nanosecondsInMs };
};

/**
 * All in one answer. A container that is about to end spoils it for all of them (Podman 4.3, without saying which): then each is
 * asked for alone, and what cannot be counted is left out.
 */
export const podmanLoads = async (api: EngineApi): Promise<ContainerLoad[]> => {
  const all = await podmanStats(api);
  if (all) return podmanLoad(all);
  const running = await api.json<{ Id: string }[]>({ path: `${libpod}/json` });
  const each = await Promise.all(running.map(async ({ Id: id }) => await podmanStats(api, id).catch(ifGone)));
  if (running.length > 0 && each.every((stats) => stats === undefined))
    throw new EngineError('internal', 'Podman could not count what any container takes');
  return podmanLoad(each.flatMap((stats) => stats ?? []));
};

const ifGone = (error: unknown): undefined => {
  if (!(error instanceof EngineError) || error.code !== 'not-found') throw error;
};

const libpod = '/v4.0.0/libpod/containers';

/** @param id absent: of all that run. @returns `undefined` where they cannot be counted. */
const podmanStats = async (api: EngineApi, id?: string): Promise<PodmanLoad[] | undefined> => {
  // It says of its answer only that it is text.
  const answer = await api.bytes({ path: `${libpod}/stats`, query: { stream: false, containers: id } });
  const { Error: wrong, Stats } = JSON.parse(answer.toString()) as PodmanStats;
  return wrong === undefined || wrong === null ? (Stats ?? []) : undefined;
};

const podmanLoad = (stats: PodmanLoad[]): ContainerLoad[] =>
  // One that does not run is listed too, with nothing in it.
  stats
    .filter(({ PIDs }) => PIDs > 0)
    .map(({ ContainerID: id, MemUsage: memoryBytes, CPUNano: cpu }) => ({
      id,
      memoryBytes,
      cpuMs: cpu / nanosecondsInMs,
    }));
