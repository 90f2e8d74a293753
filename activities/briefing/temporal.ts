/** What Temporal knows of a host, for a briefing: what ended, what waits, what begins by itself. */
import type { Context } from '@temporalio/activity';
import type { Ended, Facts, Planned, Waits } from '../../domain/briefing/facts.ts';
import { waitingKinds } from '../../domain/gate.ts';
import {
  channelWorkflowId,
  cycleScheduleId,
  holdWorkflowId,
  hostTaskQueue,
  unreachableOf,
} from '../../domain/ids.ts';
import type { Hold } from '../../domain/hold.ts';
import type { Progress } from '../../domain/operation.ts';
import { taskText, type ScheduledRequest } from '../../domain/schedule.ts';
import { searchAttributeName } from '../../domain/search-attributes.ts';
import type { Span } from '../../domain/window.ts';
import { ifFound } from '../if-found.ts';

export type Temporal = Context['client'];

/** What changes something, as operations do. */
const changes = {
  deployStack: '',
  deployEcosystem: 'deploy',
  guardOperation: '',
  resumeUnwind: 'resume',
  rotateSnapshots: 'prune snapshots',
  cleanUp: 'cleanup',
  restoreTest: 'restore test',
  copyData: 'copy',
  checkCopies: 'check of copies',
  restoreCopy: 'restore of a copy',
  runPlaybook: 'playbook',
} as const;

/** More in a month is no report any more but a list; that it was cut is said. */
const mostEnded = 2_000;
/** A workflow that no worker answers for is told as that, soon. */
const answerWithinMs = 3_000;

type Listed = {
  workflowId: string;
  runId: string;
  type: string;
  status: { name: string };
  startTime: Date;
  closeTime?: Date;
  parentExecution?: { workflowId?: string | null };
  searchAttributes: Record<string, unknown>;
};

/** @returns those that ended in the period, oldest first, and what was left out, in words. */
export const endedIn = async (
  client: Temporal,
  host: string,
  { from, to }: Span,
): Promise<{ ended: Ended[]; missing: string[] }> => {
  const types = Object.keys(changes).map((type) => `"${type}"`);
  const query = `TaskQueue = "${hostTaskQueue(host)}" AND WorkflowType IN (${types.join(', ')}) AND CloseTime >= "${iso(from)}" AND CloseTime < "${iso(to)}"`;
  const ended: Ended[] = [];
  for await (const one of client.workflow.list({ query })) {
    if (ended.length === mostEnded) return { ended, missing: [`more than ${mostEnded} operations`] };
    ended.push(await endedOf(client, one));
  }
  return { ended: ended.sort((a, b) => a.endedAt - b.endedAt), missing: [] };
};

const iso = (at: number): string => new Date(at).toISOString();

const endedOf = async (client: Temporal, one: Listed): Promise<Ended> => {
  const { workflowId, type, status, startTime, closeTime = startTime } = one;
  const stack = attribute(one, 'stack');
  const kind = attribute(one, 'kind') ?? changes[type as keyof typeof changes];
  const on = stack ?? workflowId;
  const outcome = status.name === 'COMPLETED' ? (attribute(one, 'outcome') ?? 'done') : 'failed';
  const operation = attribute(one, 'operation');
  const by = begunBy(one);
  const why = await whyOf(client, one, outcome);
  return {
    workflowId,
    what: `${kind} ${stack ?? workflowId.split('/').at(-1) ?? ''}`.trim(),
    on,
    outcome,
    startedAt: startTime.getTime(),
    endedAt: closeTime.getTime(),
    ...(operation === undefined ? {} : { operation }),
    ...(by === undefined ? {} : { by }),
    ...(why === undefined ? {} : { why }),
  };
};

const attribute = (
  { searchAttributes }: Listed,
  name: keyof typeof searchAttributeName,
): string | undefined => {
  const value = searchAttributes[searchAttributeName[name]];
  return Array.isArray(value) && typeof value[0] === 'string' ? value[0] : undefined;
};

/** `by schedule nightly`; absent where somebody typed it. */
const begunBy = ({ parentExecution }: Listed): string | undefined => {
  const parent = parentExecution?.workflowId ?? '';
  const [, schedule] = /^scheduled\/[^/]+\/(.+?)(?:-\d{4}-\d\d-\d\dT[\d:]+Z)?$/.exec(parent) ?? [];
  return schedule === undefined ? undefined : `by schedule ${schedule}`;
};

const wentWell: readonly string[] = ['done', 'unchanged', 'cancelled', 'not-approved'];

/** Of what did not go well, what its own report says. */
const whyOf = async (client: Temporal, one: Listed, outcome: string): Promise<string | undefined> => {
  if (wentWell.includes(outcome)) return undefined;
  try {
    const { failure, problems, left } = (await client.workflow
      .getHandle(one.workflowId, one.runId)
      .result()) as {
      failure?: { step: string; message: string };
      problems?: { message?: string }[];
      left?: string[];
    };
    if (failure) return `${failure.step}: ${failure.message}`;
    return left?.[0] ?? problems?.[0]?.message;
  } catch (error) {
    // It failed as a workflow: that is what there is to tell.
    return error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
  }
};

/** Operations that wait for somebody or for their hour. One whose worker does not answer is named among what could not be read. */
export const waitingOn = async (
  client: Temporal,
  host: string,
): Promise<{ waits: Waits[]; missing: string[] }> => {
  const steps = [...waitingKinds, 'hold'].map((step) => `"${step}"`).join(', ');
  const query = `ExecutionStatus = "Running" AND ${searchAttributeName.step} IN (${steps}) AND ${searchAttributeName.host} = "${host}"`;
  const [waits, missing]: [Waits[], string[]] = [[], []];
  for await (const { workflowId, runId } of client.workflow.list({ query })) {
    const handle = client.workflow.getHandle(workflowId, runId);
    try {
      const { operation, stack, kind, playbook, waiting, held } = await client.withDeadline(
        Date.now() + answerWithinMs,
        async () => await handle.query<Progress>('progress'),
      );
      if (waiting ?? held)
        waits.push({
          workflowId,
          runId,
          operation,
          stack,
          kind,
          ...(playbook === undefined ? {} : { playbook }),
          ...(waiting ? { waiting } : {}),
          ...(held ? { held } : {}),
        });
    } catch (error) {
      missing.push(`what ${workflowId} waits for (${(error as Error).message})`);
    }
  }
  return { waits, missing };
};

const dayMs = 86_400_000;

/** What begins within a day, soonest first. */
export const plannedOn = async (client: Temporal, host: string, now: number): Promise<Planned[]> => {
  const query = `${searchAttributeName.host} = "${host}"`;
  const planned: Planned[] = [];
  for await (const { scheduleId } of client.schedule.list({ query })) {
    if (scheduleId === cycleScheduleId(host)) continue;
    const { state, info, action } = await client.schedule.getHandle(scheduleId).describe();
    const request = (action.args as ScheduledRequest[] | undefined)?.[0];
    if (state.paused || !request) continue;
    for (const at of info.nextActionTimes.map((time) => time.getTime()))
      if (at - now < dayMs)
        planned.push({ at, name: request.schedule.name, what: taskText(request.schedule.task) });
  }
  return planned.sort((a, b) => a.at - b.at);
};

/** @returns how far apart looks are meant to be; `undefined` where Baton does not look by itself. */
export const looksEvery = async (client: Temporal, host: string): Promise<number | undefined> => {
  const found = await ifFound(async () => await client.schedule.getHandle(cycleScheduleId(host)).describe());
  return found && !found.state.paused ? found.spec.intervals?.[0]?.every : undefined;
};

/** `by anna: the disk is being replaced`; `undefined` where the host is not held. */
export const heldOn = async (client: Temporal, host: string): Promise<string | undefined> => {
  const found = await ifFound(async () => await client.workflow.getHandle(holdWorkflowId(host)).describe());
  if (found?.status.name !== 'RUNNING') return undefined;
  const { by, reason } = found.memo?.['hold'] as Hold;
  return `by ${by}${reason === undefined ? '' : `: ${reason}`}`;
};

/** Channels that could not be reached in the period, as long as nothing was told through them since. */
export const unreachableOn = async (
  client: Temporal,
  host: string,
  { from }: Span,
): Promise<Facts['unreachable']> => {
  const query = `WorkflowType = "tellPeople" AND ${searchAttributeName.kind} = "unreachable" AND ${searchAttributeName.host} = "${host}" AND StartTime > "${iso(from)}"`;
  const channels = new Map<string, Date>();
  for await (const { workflowId, startTime } of client.workflow.list({ query })) {
    const channel = unreachableOf(workflowId)?.channel;
    if (channel !== undefined && startTime > (channels.get(channel) ?? new Date(0)))
      channels.set(channel, startTime);
  }
  const found: string[] = [];
  for (const [channel, since] of channels)
    if (!(await hasToldSince(client, channelWorkflowId(host, channel), since)))
      found.push(`${channel} could not be reached`);
  return found;
};

const hasToldSince = async (client: Temporal, workflowId: string, since: Date): Promise<boolean> => {
  const found = await ifFound(async () => await client.workflow.getHandle(workflowId).describe());
  return found?.status.name === 'COMPLETED' && found.closeTime !== undefined && found.closeTime > since;
};
