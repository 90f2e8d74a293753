/** Requests for each target since the look before: what `baton windows` is made of. */
import { countText } from './count-text.ts';
import type { Finding } from './incident.ts';
import { firstOf } from './lines.ts';
import type { Seen } from './look.ts';
import type { TrafficName } from './traffic-line.ts';
import { traefikItself, type TrafficRoutes } from './traffic-routes.ts';

/** Where `baton.yml` says that requests are counted. */
export type TrafficSource = { accessLog: string } | { metrics: string };

/** Requests since the look before, of a target. */
export const trafficMeasure = 'traffic.requests';

/** @property unreadable lines that are none of Traefik's, or do not tell their router. */
export type Counted = { requests: ReadonlyMap<TrafficName, number>; unreadable: number };

/** When each name was last asked for, in ms since the epoch. */
export type LastAsked = [TrafficName, number][];

/** A look that comes later than this saw requests of another hour. @see blindSpans */
export const longestMs = 10 * 60_000;

const dayMs = 24 * 3_600_000;
const rememberedMs = 7 * dayMs;
/** So many routers nobody has; names beyond are not kept. */
const mostNames = 2_000;

export const lastAsked = (before: LastAsked, { requests }: Counted, at: number): LastAsked => {
  const asked = [...requests].flatMap(([name, count]) => (count > 0 ? [[name, at] as const] : []));
  return [...new Map([...before, ...asked])]
    .filter(([, when]) => at - when <= rememberedMs)
    .sort(([, a], [, b]) => b - a)
    .slice(0, mostNames);
};

/** Nothing asked of a place that has a router, or was asked for lately, is a measured zero. */
export const trafficSamples = (
  { requests }: Counted,
  routes: TrafficRoutes,
  names: LastAsked,
): Seen['samples'] => {
  const sums = new Map(routes.routed.map((place) => [place, 0]));
  for (const name of new Set([...names.map(([one]) => one), ...requests.keys()])) {
    const place = routes.placeOf(name);
    if (place === undefined || place === traefikItself) continue;
    sums.set(place, (sums.get(place) ?? 0) + (requests.get(name) ?? 0));
  }
  return [...sums].map(([place, value]) => ({ measure: trafficMeasure, place, value }));
};

/** Those of the last day: a router that is asked for now and then is one thing, not many. */
export const unmappedFinding = (
  where: string,
  { unreadable }: Counted,
  routes: TrafficRoutes,
  names: LastAsked,
  at: number,
): Finding => {
  const unmapped = names.flatMap(([name, when]) =>
    at - when <= dayMs && routes.placeOf(name) === undefined ? [name] : [],
  );
  const parts = [
    ...(unmapped.length > 0
      ? [`requests of no target that Baton knows: ${firstOf(unmapped.sort(), mostTold).join(', ')}`]
      : []),
    ...(unreadable > 0 ? [`${countText(unreadable, 'line')} without a router`] : []),
  ];
  const state = parts.length > 0 ? 'info' : 'fine';
  return { what: 'traffic-unmapped', where, state, evidence: parts.join('; ') || 'all have a target' };
};

const mostTold = 4;
