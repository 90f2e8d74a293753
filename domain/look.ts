/** A look at a host: what each source saw, and what of it is wrong. */
import { timesText } from './count-text.ts';
import { incidentId, type Cause, type Finding, type Incident, type Severity } from './incident.ts';
import type { HealthScore } from './health-score.ts';

/** What a source saw. Nothing of it is a guess: what it could not see is not there. */
export type Seen = {
  samples: { measure: string; place: string; value: number }[];
  findings: Finding[];
  /** What each place needs directly, as far as this source knows. */
  needs: Record<string, string[]>;
  /** Kinds of findings of which every place there is was looked at: what is told of another place is over. */
  whole?: string[];
  /** What of it could not be seen, and why. */
  unknown?: string[];
  /** How far it has read: kept in one go with what it saw, and by no look that keeps nothing. Plain data. */
  cursor?: unknown;
};

/** What a source looks at is not on this machine, or nobody wants it looked at: neither well nor unknown. */
export type NotHere = { notHere: string };

/** A source that was asked, or could not be. */
export type Asked = { source: string; tookMs: number } &
  /** `unknown`: parts that could not be seen; `freshForMs`: for so long it may be relied on. */
  (
    | { state: 'seen'; findings: number; samples: number; unknown?: string[]; freshForMs?: number }
    | { state: 'unknown'; why: string }
    | { state: 'not here'; why: string }
  );

/** What is kept of a look: the body of an entry of kind `look`. @property asked those that did not see everything. */
export type KeptLook = { asked: Asked[]; score: number };

export type Look = {
  host: string;
  /** Milliseconds since the epoch. */
  at: number;
  asked: Asked[];
  health: HealthScore;
  /** The worst first. */
  causes: Cause[];
  /** What each place needs directly. */
  needs?: Record<string, string[]>;
};

/** Sources that could not be asked, and why. */
export const unknownIn = (asked: readonly Asked[]): string[] =>
  asked.flatMap((one) => {
    if (one.state === 'unknown') return [`${one.source} (${one.why})`];
    const parts = one.state === 'seen' ? (one.unknown ?? []) : [];
    return parts.length > 0 ? [`${one.source} (${parts.join('; ')})`] : [];
  });

const marks: Record<Severity, string> = { critical: '✗', warning: '!', info: '·' };

/** The score, then causes, the worst first, with their effects under them, then what is not known: a line each. */
export const lookText = ({ host, at, health, causes, asked }: Look): string[] => {
  const lost = (of: string): string =>
    `(−${health.losses.find((loss) => loss.of === of)?.points ?? 0}) ${of}`;
  const told = (incident: Incident): string => `${lost(incidentId(incident))}: ${aboutOf(incident, at)}`;
  const unknown = unknownIn(asked);
  const absent = asked.flatMap(({ source, ...one }) => (one.state === 'not here' ? [source] : []));
  return [
    `${host}: ${health.score} of 100`,
    ...causes.flatMap(({ incident, effects }) => [
      `  ${marks[incident.severity]} ${told(incident)}`,
      ...effects.map((effect) => `      ↳ ${told(effect)}`),
    ]),
    ...unknown.map((source) => `  ? ${lost(source)}: not known`),
    ...(absent.length > 0 ? [`  – not here: ${absent.join(', ')}`] : []),
    ...(causes.length + unknown.length === 0 ? ['  Nothing is wrong that Baton can see.'] : []),
  ];
};

/** `✗ service-down@shop/db: exited (137), for 12 min`. @param at ms since the epoch. */
export const incidentText = (incident: Incident, at: number): string =>
  `${marks[incident.severity]} ${incidentId(incident)}: ${aboutOf(incident, at)}`;

const aboutOf = (incident: Incident, at: number): string => `${incident.evidence}, ${since(incident, at)}`;

const minuteMs = 60_000;
/** What a look saw is that of now until the next look should have come. */
const freshMs = 15 * minuteMs;

/** What was first seen by this look has no age yet. */
const since = ({ openedAt, lastSeenAt, returns }: Incident, at: number): string => {
  const minutes = Math.floor((at - openedAt) / minuteMs);
  const age = minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  const stale =
    at - lastSeenAt > freshMs
      ? `, not measured since ${new Date(lastSeenAt).toISOString().slice(0, 16)}Z`
      : '';
  return `${minutes === 0 ? 'new' : `for ${age}`}${returns > 0 ? `, back ${timesText(returns)}` : ''}${stale}`;
};
