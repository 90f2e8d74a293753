/** What is asked about autonomy: the level and why, what is left of today, decisions, and how promises were kept. Read only. */
import { blindSpans, type Span } from '../domain/blind.ts';
import { calibrationOf } from '../domain/calibration.ts';
import type { Decided } from '../domain/decided.ts';
import { recordOf } from '../domain/disk-forecast.ts';
import { proposedLevel } from '../domain/earned-level.ts';
import { isStopped, type ActionOutcome } from '../domain/outcome.ts';
import type { AutonomyRecord, AutonomyStatus, DecisionTold } from '../domain/autonomy-status.ts';
import { scoredActions } from '../domain/scored.ts';
import { lookedAtKey } from '../domain/circumstances.ts';
import { beating } from './activity.ts';
import { budgetLeft, dayRulesAt, keptDecisions, keptOutcomes, levelNow, lookedAt } from './facts.ts';
import { keptScores } from './forecast.ts';
import type { Ports } from './ports/index.ts';
import type { Records } from './ports/records.ts';

export const autonomyActivities = (ports: Ports) => ({
  async readAutonomy(): Promise<AutonomyStatus> {
    return await beating(async () => {
      const records = await ports.records();
      const now = Date.now();
      const { playbooks, problems } = await ports.playbooks();
      const [decided, outcomes] = [await keptDecisions(records), await keptOutcomes(records)];
      const standing = await levelNow(ports, playbooks, decided, outcomes, now);
      const { mandate, level, preferences } = standing;
      const since = mandate && Date.parse(mandate.since);
      const proposed = mandate && proposedLevel(mandate.level, scoredActions(decided, outcomes, since));
      return {
        host: ports.host,
        ...(mandate ? { mandate } : {}),
        level,
        ...(proposed ? { proposed } : {}),
        budget: {
          left: await budgetLeft(records, preferences, now),
          of: dayRulesAt(preferences, now).maxActions,
        },
        blind: since === undefined ? [] : await blindLately(records, since, now),
        stopped: stoppedAmong(outcomes, await lookedAt(records)),
        problems: [...problems.map(({ message }) => message), ...standing.problems],
      };
    });
  },

  /** @param id absent: the newest `most`. Oldest first. */
  async readDecisions(most: number, id?: string): Promise<DecisionTold[]> {
    return await beating(async () => {
      const records = await ports.records();
      const query = id === undefined ? { newest: most } : { id };
      const entries = await records.entries({ kind: 'decision', ...query });
      return await Promise.all(
        entries.map(async ({ body }) => {
          const decided = body as Decided;
          const operation = decided.action?.operation;
          const [came] = operation ? await records.entries({ kind: 'outcome', id: operation }) : [];
          return { ...decided, ...(came ? { outcome: came.body as ActionOutcome } : {}) };
        }),
      );
    });
  },

  async readRecord(): Promise<AutonomyRecord> {
    return await beating(async () => {
      const records = await ports.records();
      const scored = scoredActions(await keptDecisions(records), await keptOutcomes(records));
      const all = calibrationOf(scored);
      const byPlaybook = [...Map.groupBy(scored, ({ playbook }) => playbook)];
      return {
        host: ports.host,
        ...(all ? { all } : {}),
        playbooks: byPlaybook.flatMap(([playbook, own]) => {
          const calibration = calibrationOf(own);
          return calibration ? [{ playbook, ...calibration }] : [];
        }),
        forecasts: recordOf(await keptScores(records)),
      };
    });
  },
});

const latelyMs = 24 * 3_600_000;

const blindLately = async (records: Records, since: number, now: number): Promise<Span[]> => {
  const period = { from: Math.max(since, now - latelyMs), to: now };
  const looks = await records.entries({ kind: 'look', ...period });
  return blindSpans(
    looks.map(({ at }) => at),
    period,
  );
};

const stoppedAmong = (
  outcomes: readonly ActionOutcome[],
  looked: ReadonlyMap<string, number>,
): AutonomyStatus['stopped'] =>
  [...new Map(outcomes.map((one) => [lookedAtKey(one), one])).values()]
    .filter((one) => isStopped(outcomes, one, looked.get(lookedAtKey(one))))
    .map(({ playbook, target }) => ({ playbook, target }));
