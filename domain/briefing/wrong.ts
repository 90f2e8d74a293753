/** What was wrong: causes with how long they lasted, what they brought about under them. */
import {
  causesAmong,
  isOpen,
  isWrong,
  severities,
  type Cause,
  type Incident,
  type Severity,
} from '../incident.ts';
import { timesText } from '../count-text.ts';
import type { Line, Mark, Section } from './briefing.ts';
import { lastedText, type Clock } from './clock.ts';
import type { Facts } from './facts.ts';

const marks: Record<Severity, Mark> = { critical: 'bad', warning: 'warn', info: 'info' };

/** More of them are read elsewhere: this is for thirty seconds. */
const most = 12;

export const wrongIn = (facts: Facts, clock: Clock): Section => {
  const causes = causesOf(facts);
  const lines = causes
    .slice(0, most)
    .flatMap(({ incident, effects }) => [
      incidentLine(incident, facts, clock),
      ...effects.map((effect): Line => ({ ...incidentLine(effect, facts, clock), under: true })),
    ]);
  const more = causes.length - most;
  return {
    title: 'What was wrong',
    lines: [...lines, ...(more > 0 ? [moreLine(more, 'baton incidents --all')] : [])],
    none: 'Nothing was wrong that Baton saw.',
  };
};

export const moreLine = (count: number, next: string): Line => ({
  mark: 'info',
  text: `and ${count} more`,
  next,
});

const incidentLine = (incident: Incident, { period }: Facts, { moment, span }: Clock): Line => {
  const { what, where, evidence, severity, openedAt, closedAt, returns } = incident;
  const lasted = lastedText((closedAt ?? period.to) - openedAt);
  const when =
    closedAt === undefined
      ? `since ${moment(openedAt)} (${lasted}), still`
      : `${span(openedAt, closedAt)} (${lasted})`;
  const back = returns > 0 ? `, back ${timesText(returns)}` : '';
  return {
    mark: isOpen(incident) ? marks[severity] : 'info',
    text: `${what} at ${where}: ${when}${back}: ${evidence}`,
  };
};

/** Causes with their effects, those that are still there first, then the worst, then the newest. */
export const causesOf = ({ incidents, needs }: Pick<Facts, 'incidents' | 'needs'>): Cause[] => {
  const graph = new Map(Object.entries(needs));
  return together(incidents.filter(isWrong))
    .flatMap((some) => causesAsIfOpen(some, graph))
    .sort(
      (a, b) =>
        Number(isOpen(b.incident)) - Number(isOpen(a.incident)) ||
        rank(b.incident) - rank(a.incident) ||
        b.incident.openedAt - a.incident.openedAt,
    );
};

const rank = ({ severity }: Incident): number => severities.indexOf(severity);

/** Whether something is the effect of something else does not hang on its being over by now. */
const causesAsIfOpen = (some: readonly Incident[], needs: ReadonlyMap<string, string[]>): Cause[] => {
  const asItIs = new Map(some.map((one) => [asOpen(one), one]));
  const real = (open: Incident): Incident => asItIs.get(open) ?? open;
  return causesAmong([...asItIs.keys()], needs).map(({ incident, effects }) => ({
    incident: real(incident),
    effects: effects.map(real),
  }));
};

const asOpen = ({ closedAt: _over, ...rest }: Incident): Incident => rest;

/** Groups of which each overlaps another in time: what was over before something began did not bring it about. */
const together = (incidents: readonly Incident[]): Incident[][] => {
  const groups: Incident[][] = [];
  let until = Number.NEGATIVE_INFINITY;
  for (const incident of [...incidents].sort((a, b) => a.openedAt - b.openedAt)) {
    if (incident.openedAt > until) groups.push([]);
    groups.at(-1)?.push(incident);
    until = Math.max(until, incident.closedAt ?? Number.POSITIVE_INFINITY);
  }
  return groups;
};
