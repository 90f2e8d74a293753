/** What is asked of a Prometheus, and what its answers mean. */
import type { Finding, Severity } from './incident.ts';
import { exceeds, lasted, type Threshold } from './threshold.ts';
import type { Sample } from './series.ts';

/** Where a secret is read from, each time that it is needed. */
export type SecretSource = { file: string } | { variable: string };

export type PrometheusLogin =
  { by: 'bearer'; token: SecretSource } | { by: 'basic'; user: string; password: SecretSource };

export type PrometheusQuery = {
  name: string;
  /** In PromQL. */
  query: string;
  /** Without one, what it answers is only kept. */
  threshold?: Threshold;
  /** It counts once it has held for so long without a break. */
  forMs: number;
  severity: Severity;
};

export type Prometheus = {
  /** Without a slash at its end. */
  url: string;
  login?: PrometheusLogin;
  queries: PrometheusQuery[];
};

/** What the records call the values of a query. */
export const measureOf = (name: string): string => `prometheus.${name}`;
/** What an incident of it is called: no kind of Baton's own begins so. */
export const incidentOf = (name: string): string => `prometheus-${name}`;

/**
 * @param past what the records hold of this series, in order of time. @param now ms since the epoch.
 * @returns nothing where the threshold has not held for long enough yet: that is neither wrong nor well.
 */
export const queryFinding = (
  { name, threshold, forMs, severity }: PrometheusQuery,
  where: string,
  value: number,
  past: readonly Sample[],
  now: number,
): Finding | undefined => {
  if (!threshold) return undefined;
  const finding = { what: incidentOf(name), where, evidence: evidenceOf(value, threshold, forMs) };
  if (!exceeds(threshold, value)) return { ...finding, state: 'fine', evidence: String(shown(value)) };
  const holds = forMs === 0 || lasted(threshold, past, now - forMs, now);
  return holds ? { ...finding, state: severity } : undefined;
};

const shown = (value: number): number => Number(value.toPrecision(4));

/** `0.97, above 0.9 for 10 min`. */
const evidenceOf = (value: number, { above, below }: Threshold, forMs: number): string => {
  const bounds = [
    ...(above === undefined ? [] : [`above ${above}`]),
    ...(below === undefined ? [] : [`below ${below}`]),
  ];
  const lastsFor = forMs === 0 ? '' : ` for ${durationText(forMs)}`;
  return `${shown(value)}, ${bounds.join(' and ')}${lastsFor}`;
};

const durationText = (ms: number): string =>
  ms >= 60_000 ? `${Number((ms / 60_000).toFixed(1))} min` : `${ms / 1_000} s`;
