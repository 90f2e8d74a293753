/** What containers take, how often they are restarted, and what ended them, by the engine's API. */
import {
  crashFinding,
  memoryFinding,
  outOfMemoryFinding,
  restartsWithin,
  restartWindowMs,
} from '../../domain/container-health.ts';
import type { Seen } from '../../domain/look.ts';
import type { ContainerLoad } from '../ports/engine.ts';
import { ownContainers, type OwnContainer } from './own-containers.ts';
import type { Scene, Source } from './source.ts';

const see: Source['see'] = async (scene): Promise<Seen> => {
  const own = await ownContainers(scene);
  const loads = new Map((await scene.ports.engine.readLoads()).map((load) => [load.id, load]));
  const seen = await Promise.all(
    own.map(async (one) => await seeOne(scene, one, loads.get(one.container.id))),
  );
  return {
    samples: seen.flatMap(({ samples }) => samples),
    findings: seen.flatMap(({ findings }) => findings),
    needs: {},
    whole: ['crash-loop', 'out-of-memory', 'memory-near-limit'],
  };
};

/** An engine with a hundred containers on a slow machine answers within seconds. */
export const containers: Source = { see, withinMs: 20_000, freshForMs: 10 * 60_000 };

const seeOne = async (
  scene: Scene,
  { container, place }: OwnContainer,
  load: ContainerLoad | undefined,
): Promise<Pick<Seen, 'samples' | 'findings'>> => {
  const { restartCount, memoryLimitBytes } = container;
  const restarts = await restartsLately(scene, place, restartCount);
  const cpu = load && scene.counters.perSecond(container.id, load.cpuMs, scene.at);
  return {
    samples: [
      { measure: 'restarts', place, value: restartCount },
      ...(load ? [{ measure: 'memory', place, value: load.memoryBytes }] : []),
      ...(cpu === undefined ? [] : [{ measure: 'cpu', place, value: cpu / 1_000 }]),
    ],
    findings: [
      crashFinding(place, restarts === undefined ? container : { ...container, restarts }, scene.at),
      outOfMemoryFinding(place, container, scene.at),
      ...(load && memoryLimitBytes !== undefined
        ? [memoryFinding(place, load.memoryBytes, memoryLimitBytes)]
        : []),
    ],
  };
};

/** One that was never restarted needs no look at the records. */
const restartsLately = async (
  { ports, at }: Scene,
  place: string,
  count: number,
): Promise<number | undefined> => {
  if (count === 0) return 0;
  const records = await ports.records();
  const period = { from: at - restartWindowMs, to: at };
  return restartsWithin(await records.points({ measure: 'restarts', place }, period), count);
};
