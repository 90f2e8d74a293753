/** A look at a host: what each source saw, and what of it is wrong. */
import { incidentId, type Cause, type Finding, type Incident, type Severity } from './incident.ts';
import type { HealthScore } from './health-score.ts';

/** What a source saw. Nothing of it is a guess: what it could not see is not there. */
export type Seen = {
  samples: { measure: string; place: string; value: number }[];
  findings: Finding[];
  /** What each place needs directly, as far as this source knows. */
  needs: Record<string, string[]>;
};

/** A source that was asked, or could not be. */
export type Asked = { source: string; tookMs: number } & (
  { state: 'seen'; findings: number; samples: number } | { state: 'unknown'; why: string }
);

/** What is kept of a look: the body of an entry of kind `look`. */
export type KeptLook = { asked: Asked[]; score: number };

export type Look = {
  host: string;
  /** Milliseconds since the epoch. */
  at: number;
  asked: Asked[];
  health: HealthScore;
  /** The worst first. */
  causes: Cause[];
};

/** Sources that could not be asked, and why. */
export const unknownIn = (asked: readonly Asked[]): string[] =>
  asked.flatMap((one) => (one.state === 'unknown' ? [`${one.source} (${one.why})`] : []));

const marks: Record<Severity, string> = { critical: '✗', warning: '!', info: '·' };

/** The score, then causes, the worst first, with their effects under them, then what is not known: a line each. */
export const lookText = ({ host, at, health, causes, asked }: Look): string[] => {
  const lost = (of: string): string =>
    `(−${health.losses.find((loss) => loss.of === of)?.points ?? 0}) ${of}`;
  const told = (incident: Incident): string =>
    `${lost(incidentId(incident))}: ${incident.evidence}, ${since(incident, at)}`;
  const unknown = unknownIn(asked);
  return [
    `${host}: ${health.score} of 100`,
    ...causes.flatMap(({ incident, effects }) => [
      `  ${marks[incident.severity]} ${told(incident)}`,
      ...effects.map((effect) => `      ↳ ${told(effect)}`),
    ]),
    ...unknown.map((source) => `  ? ${lost(source)}: not known`),
    ...(causes.length + unknown.length === 0 ? ['  Nothing is wrong that Baton can see.'] : []),
  ];
};

const minuteMs = 60_000;

/** What was first seen by this look has no age yet. */
const since = ({ openedAt, returns }: Incident, at: number): string => {
  const minutes = Math.floor((at - openedAt) / minuteMs);
  const age = minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
  return `${minutes === 0 ? 'new' : `for ${age}`}${returns > 0 ? `, back ${returns} times` : ''}`;
};
