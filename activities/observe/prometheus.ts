/** What an owner's own queries answer, asked of the Prometheus that `baton.yml` names. */
import { isPossible } from '../../domain/possible.ts';
import type { Finding } from '../../domain/incident.ts';
import { firstOf } from '../../domain/lines.ts';
import type { NotHere, Seen } from '../../domain/look.ts';
import { incidentOf, measureOf, queryFinding, type PrometheusQuery } from '../../domain/prometheus.ts';
import { freshForMs } from '../../domain/threshold.ts';
import { contentHash } from '../hash.ts';
import { openPrometheus, type Ask, type Series } from '../prometheus.ts';
import { demandSettings } from '../settings.ts';
import type { Scene, Source } from './source.ts';

/** Twenty queries of so many each are a thousand series: as many as a hundred services of Baton's own have. */
const mostSeries = 50;
/** Names of places stand in the records and in messages. */
const longestPlace = 160;
/** Before the look gives up on the source, so that what was answered in time is not lost. */
const patienceMs = 15_000;
const mostReasons = 5;

const see: Source['see'] = async (scene): Promise<Seen | NotHere> => {
  const { prometheus } = await demandSettings(scene.ports);
  if (!prometheus) return { notHere: 'baton.yml names no Prometheus' };
  const ask = await openPrometheus(prometheus, scene.ports.environment);
  const signal = AbortSignal.timeout(patienceMs);
  const seen = await Promise.all(
    prometheus.queries.map(async (query) => await seeOne(scene, query, ask, signal)),
  );
  const unknown = seen.flatMap((one) => one.unknown ?? []);
  return {
    samples: seen.flatMap(({ samples }) => samples),
    findings: seen.flatMap(({ findings }) => findings),
    needs: {},
    whole: seen.flatMap(({ whole }) => whole ?? []),
    ...(unknown.length > 0 ? { unknown: firstOf(unknown, mostReasons, 300) } : {}),
  };
};

/** An alert that is older than three looks is none. */
export const prometheus: Source = { see, withinMs: 20_000, freshForMs };

const seeOne = async (
  scene: Scene,
  query: PrometheusQuery,
  ask: Ask,
  signal: AbortSignal,
): Promise<Omit<Seen, 'needs'>> => {
  try {
    const { series, warnings } = await ask(query.query, signal);
    const places = placesOf(query, series);
    const judged = await judge(scene, query, places.slice(0, mostSeries));
    const unknown = [
      ...warnings,
      ...(places.length > mostSeries
        ? [`${places.length} series, of which ${mostSeries} are looked at`]
        : []),
    ].map((why) => `${query.name}: ${why}`);
    return { ...judged, ...(unknown.length > 0 ? { unknown, whole: [] } : {}) };
  } catch (error) {
    return { samples: [], findings: [], unknown: [`${query.name}: ${(error as Error).message}`] };
  }
};

type Placed = { place: string; value: number };

const judge = async (
  scene: Scene,
  query: PrometheusQuery,
  places: readonly Placed[],
): Promise<Omit<Seen, 'needs'>> => {
  const measure = measureOf(query.name);
  const possible = places.filter(({ value }) => isPossible({ measure, value }));
  const found = await Promise.all(
    possible.map(async ({ place, value }) =>
      queryFinding(query, place, value, await pastOf(scene, query, place), scene.at),
    ),
  );
  const findings = found.flatMap((one): Finding[] => (one ? [one] : []));
  return {
    samples: places.map(({ place, value }) => ({ measure, place, value })),
    findings,
    // One that was impossible, or that waits for its time, may have an incident that is still open.
    whole: findings.length === places.length ? [incidentOf(query.name)] : [],
  };
};

const pastOf = async (
  { ports, at }: Scene,
  { name, threshold, forMs }: PrometheusQuery,
  place: string,
): Promise<{ at: number; value: number }[]> => {
  if (!threshold || forMs === 0) return [];
  const records = await ports.records();
  return await records.points({ measure: measureOf(name), place }, { from: at - forMs - freshForMs, to: at });
};

/** In an order that does not change from look to look, so that the same ones are looked at where there are too many. */
const placesOf = ({ name }: PrometheusQuery, series: readonly Series[]): Placed[] =>
  series
    .map(({ labels, value }) => ({ place: placeOf(labels) ?? name, value }))
    .sort((a, b) => (a.place < b.place ? -1 : 1));

/**
 * As PromQL writes a series: `up{instance="nas:9100"}`. A long one is cut, and told from others by a hash of the whole.
 * @returns nothing of a sum over everything, which has no labels.
 */
const placeOf = ({ __name__: name = '', ...labels }: Series['labels']): string | undefined => {
  const pairs = Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`);
  const whole = pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
  if (whole === '') return undefined;
  const plain = whole.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\ufffd');
  return plain === whole && whole.length <= longestPlace
    ? whole
    : `${plain.slice(0, longestPlace - 14)}… ${contentHash(whole)}`;
};
