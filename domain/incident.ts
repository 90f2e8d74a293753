/** Incidents: what is wrong, where, since when, and what is only the effect of something else. */
import { reachableFrom, type Graph } from './graph.ts';
import type { ImageUpdate } from './image-update.ts';

export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What a look at a host says of one thing at one place. */
export type Finding = {
  /** `service-down`, `disk-filling`. */
  what: string;
  /** The service, the filesystem, the certificate. */
  where: string;
  /** `fine`: it was measured, and is as it should be. What could not be measured makes no finding. */
  state: Severity | 'fine';
  /** In a person's words, with the figures. */
  evidence: string;
  /** By when the harm is there, ms since the epoch, at the earliest; absent: it is there, or nobody knows. */
  dueAt?: number;
  /** Nothing is wrong there, but something newer is to be had: it brings nothing about, and is no effect. */
  update?: ImageUpdate;
};

/** What and where are its identity: seen twice it is one. */
export type Incident = Pick<Finding, 'what' | 'where' | 'evidence' | 'dueAt' | 'update'> & {
  severity: Severity;
  /** Milliseconds since the epoch. */
  openedAt: number;
  lastSeenAt: number;
  /** When it was measured to be over. */
  closedAt?: number;
  /** How often it came back after it was over. */
  returns: number;
  /** When it was over, and when it came back; the newest {@link keptTurns}, oldest first. */
  turns?: Turn[];
};

export type Turn = { at: number; to: 'closed' | 'returned' };

/** What comes and goes all night should not fill the records. */
export const keptTurns = 50;

const withTurn = ({ turns = [] }: Incident, at: number, to: Turn['to']): { turns: Turn[] } => ({
  turns: [...turns, { at, to }].slice(-keptTurns),
});

const closed = (incident: Incident, now: number): Incident => ({
  ...incident,
  closedAt: now,
  ...withTurn(incident, now, 'closed'),
});

/** `service-down@immich`. */
export const incidentId = ({ what, where }: Pick<Incident, 'what' | 'where'>): string => `${what}@${where}`;

export const isWrong = ({ update }: Incident): boolean => update === undefined;

export const isOpen = ({ closedAt }: Incident): boolean => closedAt === undefined;

/** What comes back within this is the same incident; later it is another one. A day: most of what returns does so daily. */
const returnsWithinMs = 24 * 3_600_000;

/**
 * The incidents after a look. One that nothing was found out about stays as it is: not known is not over.
 * @param known the newest of each identity. @param now ms since the epoch.
 * @param whole kinds of which every place there is was looked at: what is told of another one is over, since its place is gone.
 */
export const afterLook = (
  known: readonly Incident[],
  findings: readonly Finding[],
  now: number,
  whole: readonly string[] = [],
): Incident[] => {
  const told = new Set(findings.map(incidentId));
  const incidents = new Map(
    known.map((one) => [
      incidentId(one),
      isOpen(one) && whole.includes(one.what) && !told.has(incidentId(one)) ? closed(one, now) : one,
    ]),
  );
  for (const finding of worstOfEach(findings)) {
    const id = incidentId(finding);
    const next = nextState(incidents.get(id), finding, now);
    if (next) incidents.set(id, next);
  }
  return [...incidents.values()];
};

const rank = (state: Finding['state']): number => (state === 'fine' ? -1 : severities.indexOf(state));

/** Two looks at one thing may disagree: the worse one counts. */
const worstOfEach = (findings: readonly Finding[]): Finding[] => {
  const worst = new Map<string, Finding>();
  for (const finding of findings) {
    const other = worst.get(incidentId(finding));
    if (!other || rank(finding.state) > rank(other.state)) worst.set(incidentId(finding), finding);
  }
  return [...worst.values()];
};

const nextState = (known: Incident | undefined, finding: Finding, now: number): Incident | undefined => {
  const { what, where, state, evidence, dueAt, update } = finding;
  if (state === 'fine') return known && isOpen(known) ? closed(known, now) : known;
  const rest = { ...(dueAt === undefined ? {} : { dueAt }), ...(update ? { update } : {}) };
  const seen = { what, where, evidence, ...rest, severity: state, lastSeenAt: now };
  if (!known || now - (known.closedAt ?? now) > returnsWithinMs)
    return { ...seen, openedAt: now, returns: 0 };
  const { closedAt, dueAt: _then, update: _older, ...kept } = known;
  if (closedAt === undefined) return { ...kept, ...seen };
  return { ...kept, ...seen, returns: known.returns + 1, ...withTurn(known, now, 'returned') };
};

/** An incident with what it brought about. */
export type Cause = { incident: Incident; effects: Incident[] };

/**
 * Causes, the worst first, each with its effects: an incident is the effect of another where its place needs the other's. Of two that
 * need one another, the one that was there first is the cause.
 * @param needs what each place needs directly.
 */
export const causesAmong = (incidents: readonly Incident[], needs: Graph<string>): Cause[] => {
  const open = incidents.filter(isOpen).sort(byAge);
  const causeOf = new Map<Incident, Incident>();
  for (const incident of open.filter(isWrong)) {
    const below = reachableFrom(needs, [incident.where]);
    const cause = open.find(
      (other) =>
        isWrong(other) &&
        other.where !== incident.where &&
        below.has(other.where) &&
        isBefore(other, incident, needs),
    );
    if (cause) causeOf.set(incident, cause);
  }
  return open
    .filter((incident) => !causeOf.has(incident))
    .map((incident) => ({
      incident,
      effects: open.filter((other) => other !== incident && rootOf(other, causeOf) === incident),
    }))
    .sort((a, b) => rank(b.incident.severity) - rank(a.incident.severity));
};

const byAge = (a: Incident, b: Incident): number =>
  a.openedAt - b.openedAt || (incidentId(a) < incidentId(b) ? -1 : 1);

/** In a circle the age decides, so that no two are one another's cause. */
const isBefore = (cause: Incident, effect: Incident, needs: Graph<string>): boolean =>
  !reachableFrom(needs, [cause.where]).has(effect.where) || byAge(cause, effect) < 0;

const rootOf = (incident: Incident, causeOf: ReadonlyMap<Incident, Incident>): Incident => {
  const cause = causeOf.get(incident);
  return cause ? rootOf(cause, causeOf) : incident;
};
