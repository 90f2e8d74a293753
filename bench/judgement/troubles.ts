/** What goes wrong on a host in a simulated year, and how well which playbook helps: known here, and to nothing that decides. */
import type { Severity } from '../../domain/incident.ts';
import type { Playbook, PlaybookStep } from '../../domain/playbook.ts';
import type { TargetKind } from '../../domain/target.ts';
import { madePlaybook } from '../../test/domain/made-playbook.ts';

const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/** True chances that a playbook reaches its measured success. */
export type Remedy = {
  playbook: string;
  /** Where nothing is special. */
  chance: number;
  /** From place to place: standard deviation of the logarithm of the odds. */
  spread?: number;
  /** At this share of its places it is another one. */
  odd?: { share: number; chance: number };
  /** From the first of a month (1 to 12) on it is another one. */
  turns?: { month: number; chance: number };
};

export type Trouble = {
  what: string;
  kind: TargetKind;
  /** So many places have it now and then, each once in so many days: as many about 4 as about 40. */
  places: number;
  everyDays: [number, number];
  severity: Severity;
  /** A look says so; otherwise a forecast does. */
  seen: boolean;
  /** By itself, or because a person comes by. */
  lastsHours: number;
  /** When the harm is there; absent: it is there already. */
  dueHours?: [number, number];
  remedies: Remedy[];
};

const trouble = (
  what: string,
  kind: TargetKind,
  places: number,
  everyDays: [number, number],
  remedies: Remedy[],
  more: Partial<Trouble> = {},
): Trouble => ({
  what,
  kind,
  places,
  everyDays,
  remedies,
  severity: 'critical',
  seen: true,
  lastsHours: 24,
  ...more,
});

const canWait = (from: number, to: number): Partial<Trouble> => ({
  severity: 'warning',
  lastsHours: 4 * to,
  dueHours: [from, to],
});

/**
 * Six to seven a day, as on a busy host. People keep playbooks that work, so most do, in nine of ten cases or more; some only at some
 * places or for some causes, some never did, and three change in the course of the year. Written down before the first run.
 */
export const troubles: readonly Trouble[] = [
  trouble(
    'service-down',
    'service',
    24,
    [5, 200],
    [
      { playbook: 'service-restart', chance: 0.95, spread: 0.8, odd: { share: 0.1, chance: 0.35 } },
      { playbook: 'service-redeploy', chance: 0.8, spread: 0.5 },
    ],
  ),
  trouble(
    'crash-loop',
    'service',
    10,
    [10, 200],
    [
      { playbook: 'service-restart', chance: 0.45, spread: 0.5 },
      { playbook: 'service-redeploy', chance: 0.7, spread: 0.5 },
    ],
  ),
  trouble(
    'memory-leak',
    'service',
    8,
    [4, 40],
    [{ playbook: 'memory-relief', chance: 0.93, spread: 0.7 }],
    canWait(12, 72),
  ),
  trouble(
    'disk-full',
    'filesystem',
    4,
    [10, 90],
    [{ playbook: 'disk-cleanup', chance: 0.97, spread: 0.5, odd: { share: 0.25, chance: 0.55 } }],
  ),
  trouble(
    'disk-filling',
    'filesystem',
    4,
    [7, 45],
    [{ playbook: 'disk-cleanup', chance: 0.93, spread: 0.5 }],
    { ...canWait(18, 72), seen: false },
  ),
  trouble(
    'snapshots-surplus',
    'filesystem',
    3,
    [2, 7],
    [{ playbook: 'snapshot-rotation', chance: 0.99 }],
    canWait(24, 96),
  ),
  trouble('drift', 'stack', 8, [7, 120], [{ playbook: 'drift-correction', chance: 0.96, spread: 0.5 }]),
  trouble(
    'dead-rows',
    'service',
    4,
    [5, 25],
    [{ playbook: 'database-maintenance', chance: 0.9, spread: 0.4, turns: { month: 9, chance: 0.5 } }],
    canWait(24, 120),
  ),
  trouble(
    'slower-since-deploy',
    'stack',
    8,
    [20, 120],
    [{ playbook: 'undo-recent-deploy', chance: 0.75, spread: 0.5 }],
    {
      severity: 'warning',
      lastsHours: 72,
    },
  ),
  trouble(
    'certificate',
    'service',
    6,
    [30, 90],
    [{ playbook: 'certificate-renewal', chance: 0.98, turns: { month: 10, chance: 0.4 } }],
    canWait(60, 120),
  ),
  trouble('slow-answers', 'service', 6, [4, 40], [{ playbook: 'cache-flush', chance: 0.5, spread: 0.8 }]),
  trouble(
    'log-growth',
    'filesystem',
    3,
    [2, 10],
    [{ playbook: 'log-vacuum', chance: 0.99 }],
    canWait(24, 96),
  ),
  trouble(
    'tunnel-down',
    'service',
    2,
    [2, 14],
    [{ playbook: 'tunnel-reconnect', chance: 0.75, turns: { month: 5, chance: 0.97 } }],
  ),
  trouble('index-stale', 'service', 2, [5, 25], [{ playbook: 'search-reindex', chance: 0.3 }], {
    severity: 'warning',
    lastsHours: 72,
  }),
  trouble(
    'names-unresolved',
    'service',
    4,
    [5, 40],
    [{ playbook: 'resolver-restart', chance: 0.9, odd: { share: 0.4, chance: 0.4 } }],
  ),
  trouble('job-stuck', 'service', 4, [2, 20], [{ playbook: 'job-retry', chance: 0.85, spread: 0.6 }]),
];

const steps = {
  restart: { do: 'restart', dependents: false },
  deploy: { do: 'deploy' },
  undo: { do: 'undo', withData: false },
  cleanup: { do: 'cleanup' },
  rotate: { do: 'rotate' },
  maintain: { do: 'maintain', indexes: false },
} satisfies Record<string, PlaybookStep>;

/** What each does, for how long at most, and how long it is left alone after that. */
const works: Record<string, { step: keyof typeof steps; minutes: number; cooldownHours: number }> = {
  'service-restart': { step: 'restart', minutes: 5, cooldownHours: 0.5 },
  'service-redeploy': { step: 'deploy', minutes: 15, cooldownHours: 6 },
  'memory-relief': { step: 'restart', minutes: 5, cooldownHours: 6 },
  'disk-cleanup': { step: 'cleanup', minutes: 30, cooldownHours: 12 },
  'snapshot-rotation': { step: 'rotate', minutes: 30, cooldownHours: 12 },
  'drift-correction': { step: 'deploy', minutes: 15, cooldownHours: 6 },
  'database-maintenance': { step: 'maintain', minutes: 120, cooldownHours: 12 },
  'undo-recent-deploy': { step: 'undo', minutes: 15, cooldownHours: 24 },
  'certificate-renewal': { step: 'restart', minutes: 5, cooldownHours: 12 },
  'cache-flush': { step: 'maintain', minutes: 5, cooldownHours: 6 },
  'log-vacuum': { step: 'cleanup', minutes: 10, cooldownHours: 12 },
  'tunnel-reconnect': { step: 'restart', minutes: 5, cooldownHours: 0.5 },
  'search-reindex': { step: 'maintain', minutes: 60, cooldownHours: 12 },
  'resolver-restart': { step: 'restart', minutes: 5, cooldownHours: 0.5 },
  'job-retry': { step: 'restart', minutes: 10, cooldownHours: 2 },
};

/** As the playbooks that ship measure: at the end, and what `againAfterMs` is where a file says nothing. */
export const againAfterMs = [10 * minuteMs, hourMs, dayMs];

const conditionOf = ({ what, severity, seen }: Trouble): Playbook['when'][number] =>
  seen ? { see: 'incident', what, severity } : { see: 'forecast', withinMs: 3 * dayMs };

export const playbooks: readonly Playbook[] = Object.entries(works).map(
  ([name, { step, minutes, cooldownHours }]) => {
    const own = troubles.filter(({ remedies }) => remedies.some(({ playbook }) => playbook === name));
    return madePlaybook({
      name,
      title: name,
      target: own[0]?.kind ?? 'service',
      when: own.map(conditionOf),
      steps: [steps[step]],
      success: { criteria: [], againAfterMs },
      undo: { possible: step !== 'cleanup' && step !== 'rotate', how: '' },
      cooldownMs: cooldownHours * hourMs,
      needs: { timeMs: minutes * minuteMs, checks: [] },
    });
  },
);
