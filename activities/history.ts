/** Recorded history: what was decided, what came of it, and what was wrong. */
import type { Decided } from '../domain/decided.ts';
import type { Incident } from '../domain/incident.ts';
import type { ActionOutcome } from '../domain/outcome.ts';
import type { RecordedHistory } from '../domain/simulation.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';

/** A payload of Temporal's holds 2 MB, a decision takes one or two KB: those that are left out are counted. */
const mostEntries = 600;
const dayMs = 24 * 3_600_000;

export const historyActivities = (ports: Ports) => ({
  /** @param days how far back. */
  async readHistory(days: number): Promise<RecordedHistory> {
    return await beating(async () => {
      const records = await ports.records();
      const now = Date.now();
      const newest = async <Body>(kind: 'decision' | 'outcome' | 'incident'): Promise<Body[]> =>
        (await records.entries({ kind, from: now - days * dayMs, to: now + 1, newest: mostEntries + 1 })).map(
          ({ body }) => body as Body,
        );
      const decisions = await newest<Decided>('decision');
      const outcomes = await newest<ActionOutcome>('outcome');
      const incidents = await newest<Incident>('incident');
      return {
        timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
        decisions: decisions.slice(-mostEntries),
        outcomes: outcomes.slice(-mostEntries),
        incidents: incidents.slice(-mostEntries),
        cut: [decisions, outcomes, incidents].some(({ length }) => length > mostEntries),
      };
    });
  },
});
