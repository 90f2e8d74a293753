/** What people let Baton do by itself on a host, as Temporal keeps it: in the schedule that starts its cycles. */
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
} from '@temporalio/client';
import { cycleScheduleId, cycleWorkflowId, hostTaskQueue } from '../domain/ids.ts';
import { readMandate, type Mandate } from '../domain/mandate.ts';
import { workflowTaskTimeout } from '../domain/operation.ts';
import { hostSearchAttribute } from './search-attributes.ts';

/** Samples are kept at this distance. */
export const every = '5 minutes';
/** What was missed is not looked at later: it is over. */
const catchUp = '1 minute';

export type Turned = { mandate: Mandate; next?: Date; last?: Date; missed: number };

/** @returns `undefined` where Baton does nothing by itself. */
export const readTurned = async (client: Client, host: string): Promise<Turned | undefined> => {
  let told: ScheduleDescription;
  try {
    told = await client.schedule.getHandle(cycleScheduleId(host)).describe();
  } catch (error) {
    if (error instanceof ScheduleNotFoundError) return undefined;
    throw error;
  }
  const { info, action, state } = told;
  const mandate = state.paused ? undefined : readMandate(action.args?.[0]);
  if (!mandate) return undefined;
  const [next, last] = [info.nextActionTimes[0], info.recentActions.at(-1)?.takenAt];
  return {
    mandate,
    ...(next ? { next } : {}),
    ...(last ? { last } : {}),
    missed: info.numActionsMissedCatchupWindow,
  };
};

/** It counts as soon as Temporal knows of it; no worker need be there. */
export const writeMandate = async (client: Client, host: string, mandate: Mandate): Promise<void> => {
  const options = {
    spec: { intervals: [{ every }] },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'oodaCycle',
      workflowId: cycleWorkflowId(host),
      taskQueue: hostTaskQueue(host),
      workflowTaskTimeout,
      staticSummary: `look, decide, act: ${mandate.level}`,
      typedSearchAttributes: hostSearchAttribute(host),
      args: [mandate],
    },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUp },
  };
  try {
    await client.schedule.create({
      ...options,
      scheduleId: cycleScheduleId(host),
      typedSearchAttributes: hostSearchAttribute(host),
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule
      .getHandle(cycleScheduleId(host))
      .update(() => ({ ...options, state: { paused: false } }));
  }
};

/** @returns false where there was none. */
export const removeMandate = async (client: Client, host: string): Promise<boolean> => {
  try {
    await client.schedule.getHandle(cycleScheduleId(host)).delete();
    return true;
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    return false;
  }
};
