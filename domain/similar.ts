/** Incidents like one: what they looked like, what was done about them, and what came of it. */
import { lastedText, type Clock } from './briefing/clock.ts';
import type { Decided } from './decided.ts';
import { incidentId, type Incident } from './incident.ts';
import { fateOf, type Fate, type History } from './simulation.ts';
import { isAt } from './target.ts';

export type Similar = {
  incident: Incident;
  /** At the very same place. */
  same: boolean;
  done: { decision: string; playbook: string; answer: string; fate: Fate }[];
};

/** What is done about an incident may be decided on when it is over by a look. */
const afterMs = 10 * 60_000;

/**
 * @param id `service-down@shop/db`, or only `service-down`.
 * @returns those at the same place first, then the newest.
 */
export const similarTo = (id: string, { decisions, outcomes, incidents }: History): Similar[] => {
  const [what = ''] = id.split('@');
  return incidents
    .filter((one) => one.what === what)
    .map((incident) => ({
      incident,
      same: incidentId(incident) === id,
      done: decisions
        .filter((one) => isAbout(one, incident))
        .map((one) => ({
          decision: one.id,
          playbook: one.proposal.playbook,
          answer: one.decision.answer,
          fate: fateOf(one, outcomes, incidents),
        })),
    }))
    .sort((a, b) => Number(b.same) - Number(a.same) || b.incident.openedAt - a.incident.openedAt);
};

const isAbout = (
  { at, proposal: { cause, target }, decision }: Decided,
  { what, where, openedAt, closedAt = Number.POSITIVE_INFINITY }: Incident,
): boolean =>
  cause === what &&
  isAt(target, where) &&
  at >= openedAt &&
  at <= closedAt + afterMs &&
  !decision.limits.some(({ rule }) => rule === 'decided');

export const similarText = ({ incident, done }: Similar, { day, time }: Clock, now: number): string[] => {
  const { openedAt, closedAt, evidence } = incident;
  const lasted = lastedText((closedAt ?? now) - openedAt);
  return [
    `${incidentId(incident)}: ${day(openedAt)} ${time(openedAt)}, ${closedAt === undefined ? `for ${lasted}, still there` : `lasted ${lasted}`}`,
    `  it looked like: ${evidence}`,
    ...done.map(
      ({ playbook, answer, fate, decision }) =>
        `  ${playbook}: ${answer}, ${fate} (baton decisions ${decision})`,
    ),
    ...(done.length === 0 ? ['  nothing was decided on about it'] : []),
  ];
};
