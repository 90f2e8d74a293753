/** Requests for each target since the look before, from Traefik's access log or its metrics. */
import type { NotHere, Seen } from '../../domain/look.ts';
import {
  lastAsked,
  longestMs,
  trafficSamples,
  unmappedFinding,
  type Counted,
  type LastAsked,
  type TrafficSource,
} from '../../domain/traffic.ts';
import { trafficRoutes } from '../../domain/traffic-routes.ts';
import { demandSettings } from '../settings.ts';
import { readCursor } from './cursor.ts';
import type { Source } from './source.ts';
import { countLog, countMetrics, type TrafficPlace } from './traffic-count.ts';

/** `of`: the log or the address, so that another one begins anew. */
type Cursor = { of: string; at: number; names: LastAsked; place: TrafficPlace };

const see: Source['see'] = async ({ ports, at, stacks }): Promise<Seen | NotHere> => {
  const { traffic: from } = await demandSettings(ports);
  if (!from) return { notHere: 'baton.yml names no access log and no metrics of Traefik' };
  const of = 'accessLog' in from ? from.accessLog : from.metrics;
  const cursor = (await readCursor(ports, 'traffic')) as Cursor | undefined;
  const before = cursor?.of === of ? cursor : undefined;
  // Within one second a sample would take the place of the one before.
  if (before && Math.abs(at - before.at) < secondMs) return nothing;
  const { place, counted, missed = lateness(before, at) } = await countRequests(from, before?.place);
  const names = lastAsked(before?.names ?? [], counted, at);
  const seen: Seen = { ...nothing, cursor: { of, at, names, place } satisfies Cursor };
  // From what time on they were asked for is not known.
  if (!before) return seen;
  if (missed !== undefined) return { ...seen, unknown: [missed] };
  const routes = trafficRoutes((await stacks()).map(({ release }) => release));
  return {
    ...seen,
    samples: trafficSamples(counted, routes, names),
    findings: [unmappedFinding('traefik', counted, routes, names, at)],
    whole: ['traffic-unmapped'],
  };
};

/** A log of a busy site takes seconds; the next look has newer numbers. */
export const traffic: Source = { see, withinMs: 20_000, freshForMs: 10 * 60_000 };

const secondMs = 1_000;
const nothing: Seen = { samples: [], findings: [], needs: {} };

const countRequests = async (
  from: TrafficSource,
  place: TrafficPlace | undefined,
): Promise<{ place: TrafficPlace; counted: Counted; missed?: string }> =>
  'accessLog' in from ? await countLog(from.accessLog, place) : await countMetrics(from.metrics, place);

/** Requests of hours that would all be told of one. */
const lateness = (before: Cursor | undefined, at: number): string | undefined => {
  if (!before || (at >= before.at && at - before.at <= longestMs)) return undefined;
  const since = new Date(before.at).toISOString().slice(0, 16);
  return `requests since ${since}Z were not counted: looks were more than ${longestMs / 60_000} min apart`;
};
