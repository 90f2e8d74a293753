/** Traefik's Prometheus metrics: how many requests each router or service has had since Traefik started. */
import { isTrafficName, type TrafficName } from './traffic-line.ts';

/** `startedAt`: of Traefik's process, in seconds since the epoch, where it tells. */
export type TrafficTotals = { startedAt?: number; totals: [TrafficName, number][] };

/** @throws an Error that says why, where the text is none of Traefik's, or counts nothing of routers and services. */
export const readTrafficMetrics = (text: string): TrafficTotals => {
  if (!/^traefik_/m.test(text)) throw new Error('the answer holds no metrics of Traefik');
  const routers = totalsOf(text, 'router');
  const totals = routers.length > 0 ? routers : totalsOf(text, 'service');
  if (totals.length === 0 && /^traefik_entrypoint_requests_total\{/m.test(text))
    throw new Error('requests are counted by entry point only, not by router or service');
  const started = /^process_start_time_seconds (\S+)/m.exec(text)?.[1];
  return { ...(started === undefined ? {} : { startedAt: count(started) }), totals };
};

/** There is one line for each code and method. Routers are counted only where Traefik is asked to (`addRoutersLabels`). */
const totalsOf = (text: string, kind: 'router' | 'service'): [TrafficName, number][] => {
  const all = new Map<TrafficName, number>();
  for (const [, labels = '', value = ''] of text.matchAll(families[kind])) {
    const name = labelOf(labels, kind);
    if (!isTrafficName(name)) throw new Error(`a ${kind} has no name that can be one`);
    const key: TrafficName = `${kind} ${name}`;
    all.set(key, (all.get(key) ?? 0) + count(value));
  }
  return [...all];
};

/** Values of labels are quoted, with escapes, and may hold braces. */
const families = {
  router: /^traefik_router_requests_total\{((?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*)\} (\S+)/gm,
  service: /^traefik_service_requests_total\{((?:[^"}\n]|"(?:[^"\\\n]|\\.)*")*)\} (\S+)/gm,
};

const labelOf = (labels: string, wanted: string): string | undefined => {
  for (const [, key, value] of labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g))
    if (key === wanted)
      return value?.replaceAll(/\\(.)/g, (_, escaped) => (escaped === 'n' ? '\n' : String(escaped)));
  return undefined;
};

const count = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new Error(`${text.slice(0, 40)} is no count`);
  return value;
};

/** @returns by how much each has grown. What counts anew, or was not there before, has begun at nothing. */
export const grownSince = (before: TrafficTotals, now: TrafficTotals): Map<TrafficName, number> => {
  const known = before.startedAt === now.startedAt ? new Map(before.totals) : new Map<TrafficName, number>();
  return new Map(
    now.totals.map(([name, total]) => {
      const earlier = known.get(name) ?? 0;
      return [name, total < earlier ? total : total - earlier];
    }),
  );
};
