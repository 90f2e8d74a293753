/** Services that answer more slowly since they were deployed, found in the latencies on record. */
import { placeOf } from '../../domain/dependency-map.ts';
import {
  comparedDays,
  degradationFinding,
  findDegradation,
  watchedAfterMs,
} from '../../domain/degradation.ts';
import type { Finding } from '../../domain/incident.ts';
import type { Seen } from '../../domain/look.ts';
import type { ReleaseRecord } from '../../domain/release.ts';
import type { KnownStack, Scene, Source } from './source.ts';

const dayMs = 24 * 3_600_000;

const see: Source['see'] = async (scene): Promise<Seen> => {
  const found = (
    await Promise.all((await scene.stacks()).map(async (one) => await ofStack(scene, one)))
  ).flat();
  const findings = found.flatMap((one) => one ?? []);
  // One of which too little is known may be slower still.
  const whole = findings.length === found.length ? ['slower-since-deploy'] : [];
  return { samples: [], findings, needs: {}, whole };
};

/** What it is held against changes by the hour. */
export const degradation: Source = { see, withinMs: 20_000, freshForMs: 3_600_000 };

/** Only one that was changed a while ago, and had a release before, is looked at. */
const ofStack = async (
  scene: Scene,
  { stack, release, history }: KnownStack,
): Promise<(Finding | undefined)[]> => {
  const last = history.at(-1);
  if (!last || !isWatched(last, scene.at) || history.length < 2) return [];
  const records = await scene.ports.records();
  const period = { from: Date.parse(last.committedAt) - (comparedDays + 1) * dayMs, to: scene.at + 1 };
  return await Promise.all(
    release.spec.services.map(async ({ name }) => {
      const place = placeOf(stack, name);
      const latencies = await records.points({ measure: 'probe.latency', place }, period);
      const result = findDegradation(latencies, Date.parse(last.committedAt), scene.at);
      return degradationFinding(place, result, last.release);
    }),
  );
};

const isWatched = ({ committedAt, kind }: ReleaseRecord, now: number): boolean =>
  kind !== 'remove' && now - Date.parse(committedAt) <= watchedAfterMs;
