/** Schedules as Temporal keeps them. What Baton knows of one is what its workflow is started with. */
import {
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  WorkflowNotFoundError,
  type CalendarSpec,
  type Client,
  type Month,
  type ScheduleDescription,
  type ScheduleHandle,
  type ScheduleSpec,
} from '@temporalio/client';
import { madeUpFor } from '../compose/cron.ts';
import { hostTaskQueue, scheduledWorkflowId, scheduleId } from '../domain/ids.ts';
import { workflowTaskTimeout } from '../domain/operation.ts';
import {
  taskText,
  type Origin,
  type Schedule,
  type ScheduledRequest,
  type Standing,
} from '../domain/schedule.ts';
import { searchAttributeName } from '../domain/search-attributes.ts';
import type { runScheduled } from '../workflows/run-scheduled.ts';
import { CommandFailure, exitCode } from './failure.ts';
import { hostSearchAttribute, keyword } from './search-attributes.ts';

export type Described = Standing & {
  handle: ScheduleHandle;
  /** Why it is paused, in somebody's words. */
  note?: string;
  /** The next times, soonest first. */
  next: Date[];
  /** The last time, and the workflow that was started then. */
  last?: { at: Date; workflowId: string; runId: string };
};

/** Until then a schedule is laid down anew: each day that is made up for stands in it by its date. */
const yearsAhead = 10;

/**
 * The server's calendar tells when it begins. It leaves out what a day does not have, and counts the second of two hours that are
 * the same.
 */
export const specOf = ({ cron, timeZone, jitterMs }: Schedule, now: number): ScheduleSpec => ({
  cronExpressions: [cron],
  calendars: madeUpFor(cron, timeZone, now, yearsAhead).map((at) => calendarOf(at, timeZone)),
  timezone: timeZone,
  jitter: jitterMs,
});

const calendarOf = (at: number, timeZone: string): CalendarSpec => {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'long',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  }).formatToParts(at);
  const told = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return {
    year: Number(told('year')),
    month: told('month').toUpperCase() as Month,
    dayOfMonth: Number(told('day')),
    hour: Number(told('hour')),
    minute: Number(told('minute')),
  };
};

const toOptions = (host: string, schedule: Schedule, origin: Origin) => ({
  spec: specOf(schedule, Date.now()),
  action: {
    type: 'startWorkflow' as const,
    workflowType: 'runScheduled',
    workflowId: scheduledWorkflowId(host, schedule.name),
    taskQueue: hostTaskQueue(host),
    workflowTaskTimeout,
    staticSummary: `${schedule.name}: ${taskText(schedule.task)}`,
    typedSearchAttributes: hostSearchAttribute(host),
    args: [{ host, schedule, origin }] satisfies Parameters<typeof runScheduled>,
  },
  policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: schedule.catchUpMs },
  typedSearchAttributes: hostSearchAttribute(host),
});

/** @throws what the server says of a schedule that is there already. */
export const createSchedule = async (
  client: Client,
  host: string,
  schedule: Schedule,
  origin: Origin,
): Promise<void> => {
  await client.schedule.create({
    ...toOptions(host, schedule, origin),
    scheduleId: scheduleId(host, schedule.name),
  });
};

/** Whether it is paused stays as it is. */
export const updateSchedule = async (
  client: Client,
  host: string,
  schedule: Schedule,
  origin: Origin,
): Promise<void> => {
  const handle = client.schedule.getHandle(scheduleId(host, schedule.name));
  await handle.update(({ state }) => ({ ...toOptions(host, schedule, origin), state }));
};

/**
 * Every schedule of a host, by name.
 * @param names of some that may be there: the server's list lags behind by a moment.
 */
export const listSchedules = async (
  client: Client,
  host: string,
  names: readonly string[] = [],
): Promise<Described[]> => {
  const query = `${searchAttributeName.host} = "${host}"`;
  const ids = new Set(names.map((name) => scheduleId(host, name)));
  for await (const { scheduleId: id } of client.schedule.list({ query })) ids.add(id);
  const found: Described[] = [];
  for (const id of ids) {
    const described = await describeHandle(client.schedule.getHandle(id));
    if (described) found.push(described);
  }
  return found.sort((a, b) => (a.schedule.name < b.schedule.name ? -1 : 1));
};

/** @throws CommandFailure where there is none of that name. */
export const theSchedule = async (client: Client, host: string, name: string): Promise<Described> => {
  const described = await describeHandle(client.schedule.getHandle(scheduleId(host, name)));
  if (described) return described;
  throw new CommandFailure(
    exitCode.failed,
    `There is no schedule "${name}" on ${host}. Nothing was changed.`,
    'baton schedule list',
  );
};

/** @returns `undefined` where it is gone, or is none of Baton's. */
const describeHandle = async (handle: ScheduleHandle): Promise<Described | undefined> => {
  let told: ScheduleDescription;
  try {
    told = await handle.describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
  const [request] = (told.action.args ?? []) as [ScheduledRequest?];
  if (!request?.schedule) return undefined;
  const { state, info } = told;
  const last = info.recentActions.at(-1);
  return {
    handle,
    schedule: request.schedule,
    origin: request.origin,
    paused: state.paused,
    ...(state.note === undefined ? {} : { note: state.note }),
    next: info.nextActionTimes,
    ...(last
      ? {
          last: {
            at: last.takenAt,
            workflowId: last.action.workflow.workflowId,
            runId: last.action.workflow.firstExecutionRunId,
          },
        }
      : {}),
  };
};

/** What came of the last time: an outcome, `running`, or that Temporal has forgotten it. */
export const lastOutcome = async (client: Client, { last }: Described): Promise<string | undefined> => {
  if (!last) return undefined;
  try {
    const { status, typedSearchAttributes: found } = await client.workflow
      .getHandle(last.workflowId, last.runId)
      .describe();
    return status.name === 'RUNNING'
      ? 'running'
      : (found.get(keyword(searchAttributeName.outcome)) ?? status.name.toLowerCase());
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'forgotten';
    throw error;
  }
};
