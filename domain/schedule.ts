/** Schedules: what begins by itself, and when. Temporal keeps them; `baton.yml` may lay them down. */
import type { BriefingKind } from './briefing/facts.ts';
import type { CleanupOutcome, CleanupPart } from './cleanup.ts';
import type { CopyOutcome } from './copy.ts';
import type { GateWish } from './gate.ts';
import { commandText } from './commands.ts';
import type { GuardQuestion } from './guard.ts';
import type { OperationId, StackName } from './names.ts';
import type { OperationOptions, Outcome, ReleaseSource } from './operation.ts';
import type { RestoreTestOutcome } from './restore-test.ts';
import type { RotationOutcome } from './rotation.ts';

/** What is done. Paths are absolute, on the worker's host. */
export type Task =
  | {
      do: 'deploy';
      source: ReleaseSource & { from: 'file' };
      options: OperationOptions;
      gate?: GateWish;
    }
  /** A snapshot, or a guarded command. */
  | { do: 'guard'; question: Omit<GuardQuestion, 'operation' | 'host'> }
  /** Without a stack: of every one. */
  | { do: 'prune'; stack?: StackName }
  /** Absent: as `baton.yml` lays it down. Volumes that somebody names are never removed by themselves. */
  | { do: 'cleanup'; until?: number; only?: CleanupPart[] }
  | { do: 'verify'; stack?: StackName }
  /** Without sets: all of them. */
  | { do: 'restore-test'; sets?: string[] }
  | { do: 'copy'; copy: string }
  /** @see CheckRequest */
  | { do: 'check-copy'; copy: string; readPercent?: number }
  /** As its file says at that time. */
  | { do: 'playbook'; playbook: string; target: string }
  /** Sent as a summary, and kept as a page. */
  | { do: 'report'; report: BriefingKind };

export type Schedule = {
  name: string;
  /** Five fields; not both a day of the month and a day of the week. */
  cron: string;
  /** IANA name. */
  timeZone: string;
  /** It begins up to so much later. */
  jitterMs: number;
  /** What was due while Temporal, or the worker, was away is made up for, where that is no longer ago. */
  catchUpMs: number;
  task: Task;
};

/** Who laid it down: `baton apply` changes and removes only those of the file. */
export type Origin = 'baton.yml' | 'baton schedule';

/** What the scheduled workflow is started with, and all that is known of a schedule besides what Temporal itself tells. */
export type ScheduledRequest = { host: string; schedule: Schedule; origin: Origin };

/** A schedule as it stands in Temporal. */
export type Standing = { schedule: Schedule; origin: Origin; paused: boolean };

export type ScheduledOutcome =
  | Outcome
  | RotationOutcome
  | CleanupOutcome
  | RestoreTestOutcome
  | CopyOutcome
  /** The host is held, and it was left out. */
  | 'held'
  /** Another operation had the lock. */
  | 'busy'
  /** No worker was there at its time, nor soon after. */
  | 'late';

export type ScheduledReport = {
  host: string;
  name: string;
  outcome: ScheduledOutcome;
  /** The operation, where there is one, and whose lock it took. */
  operation?: OperationId;
  stack?: StackName;
  notes: string[];
};

/** So late something may begin that was due while the server was away. */
export const defaultCatchUpMs = 10 * 60_000;

/** @param pull also images that are here. */
export const deployTask = (
  file: string,
  variables: Record<string, string>,
  { copyLimitBytes, pull }: Pick<OperationOptions, 'copyLimitBytes' | 'pull'>,
  gate: { gate?: GateWish },
): Task => ({
  do: 'deploy',
  source: { from: 'file', file, envFiles: [], variables, profiles: [] },
  options: { copyLimitBytes, build: false, pull },
  ...gate,
});

export const taskText = (task: Task): string => {
  switch (task.do) {
    case 'deploy':
      return `deploy ${task.source.file}`;
    case 'guard': {
      const { command, data, stack, title } = task.question;
      const what = data.join(', ') || `the data of ${stack ?? ''}`;
      return command ? `guard ${title}: ${commandText(command)}` : `snapshot ${what}`;
    }
    case 'prune':
      return `prune ${task.stack ? `snapshots of ${task.stack}` : 'snapshots'}`;
    case 'cleanup':
      return [
        'clean up',
        ...(task.only ?? []),
        ...(task.until === undefined ? [] : [`until ${task.until}%`]),
      ].join(' ');
    case 'verify':
      return `verify ${task.stack ? `snapshots of ${task.stack}` : 'snapshots'}`;
    case 'restore-test':
      return `test the restore of ${task.sets?.join(', ') ?? 'all data sets'}`;
    case 'copy':
      return `copy ${task.copy}`;
    case 'check-copy':
      return `check copies ${task.copy}${task.readPercent === undefined ? '' : `, reading ${task.readPercent} %`}`;
    case 'playbook':
      return `playbook ${task.playbook} on ${task.target}`;
    case 'report':
      return `report ${task.report}`;
  }
};

/** A hold keeps back what changes something. */
export const changesSomething = ({ do: what }: Task): boolean =>
  !['verify', 'restore-test', 'check-copy', 'report'].includes(what);

/** `30 2 * * * Europe/Berlin, up to 10m later`. */
export const timingText = ({ cron, timeZone, jitterMs }: Schedule): string =>
  `${cron} ${timeZone}${jitterMs === 0 ? '' : `, up to ${Math.round(jitterMs / 60_000)}m later`}`;

export type ScheduleChange =
  | { change: 'add'; schedule: Schedule }
  | { change: 'update'; schedule: Schedule; was: Schedule }
  | { change: 'remove'; schedule: Schedule };

/**
 * What makes the schedules that stand match those that are wanted. One that was added by hand stays, unless the file now names it.
 * @param same whether two values are equal, however deep.
 */
export const scheduleChanges = (
  wanted: readonly Schedule[],
  standing: readonly Standing[],
  same: (one: unknown, other: unknown) => boolean,
): ScheduleChange[] => {
  const names = new Set(wanted.map(({ name }) => name));
  return [
    ...wanted.flatMap((schedule): ScheduleChange[] => {
      const there = standing.find((one) => one.schedule.name === schedule.name);
      if (!there) return [{ change: 'add', schedule }];
      const isTheSame = there.origin === 'baton.yml' && same(there.schedule, schedule);
      return isTheSame ? [] : [{ change: 'update', schedule, was: there.schedule }];
    }),
    ...standing.flatMap(({ schedule, origin }): ScheduleChange[] =>
      origin === 'baton.yml' && !names.has(schedule.name) ? [{ change: 'remove', schedule }] : [],
    ),
  ];
};

/** What is wrong with a cron line for a schedule, though another program might take it; `undefined` where nothing is. */
export const scheduleFault = (cron: string): string | undefined => {
  const [, , day = '*', , weekday = '*'] = cron.trim().split(/\s+/);
  // Temporal takes both for "and", cron for "or".
  return day !== '*' && weekday !== '*'
    ? 'says a day of the month and a day of the week; write two schedules, or only one of them'
    : undefined;
};
