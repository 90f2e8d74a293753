/** Whether somebody is there to do what is asked for. A server lists a worker for minutes after its death. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import type { Workflow, WorkflowResultType } from '@temporalio/common';
import { setTimeout as delay } from 'node:timers/promises';
import { hostTaskQueue } from '../domain/ids.ts';
import type { ChangeProgress, Progress } from '../domain/operation.ts';
import { hasEnded } from '../setup/worker-identity.ts';
import { CommandFailure, exitCode } from './failure.ts';

/** Without a worker an operation would wait for ever; better to say so before it is started. */
export const demandWorker = async (client: Client, host: string): Promise<void> => {
  if ((await workersOf(client, host)).length === 0)
    throw noWorker(host, `No Baton worker serves host "${host}".`);
};

/** One that runs on this very machine, and was not only there a while ago. */
export const isWorkerHere = async (client: Client, host: string): Promise<boolean> => {
  for (const identity of await workersOf(client, host)) if (!(await hasEnded(identity, host))) return true;
  return false;
};

const workersOf = async (client: Client, host: string): Promise<string[]> => {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: hostTaskQueue(host) },
  });
  return pollers.map(({ identity }) => identity ?? '');
};

/** One that was killed is back sooner, and one that is busy takes up a question sooner. */
const takenWithinMs = 10_000;

/**
 * The result of what only answers, and changes nothing: where no worker takes it up, it is ended.
 * @throws CommandFailure with exit code 4 then.
 */
export const answerOf = async <W extends Workflow>(
  handle: WorkflowHandle<W>,
  host: string,
): Promise<WorkflowResultType<W>> => {
  const answer = handle.result();
  if (!(await isLeftLying(handle, answer))) return await answer;
  answer.catch(() => undefined);
  await handle.terminate('No worker took it up').catch(() => undefined);
  throw noWorker(host, `The Baton worker of host "${host}" does not answer.`);
};

/** The result of a change, which waits for a worker where there is none; whoever waits with it is told. */
export const resultOf = async <W extends Workflow>(
  handle: WorkflowHandle<W>,
): Promise<WorkflowResultType<W>> => {
  const result = handle.result();
  if (await isLeftLying(handle, result)) process.stderr.write(`${unanswered}\n`);
  return await result;
};

export const unanswered = 'No worker answers. This goes on when one does; to see what keeps it: baton doctor';

/** A busy worker takes a second or two. Without it the server waits for one for more than a minute. */
const answerWithinMs = 10_000;

/** @returns `undefined` where no worker answers. */
export const progressOf = async <P extends ChangeProgress = Progress>(
  handle: WorkflowHandle,
): Promise<P | undefined> => {
  try {
    return await handle.client.withDeadline(
      Date.now() + answerWithinMs,
      async () => await handle.query<P>('progress'),
    );
  } catch {
    return undefined;
  }
};

/** Temporal's `PENDING_WORKFLOW_TASK_STATE_SCHEDULED`: the server waits for a worker. */
const scheduled = 1;

const isLeftLying = async (handle: WorkflowHandle, end: Promise<unknown>): Promise<boolean> => {
  const waiting = delay(takenWithinMs, true, { ref: false });
  if (!(await Promise.race([end.then(() => false), waiting]))) return false;
  const { raw } = await handle.describe();
  return Number(raw.pendingWorkflowTask?.state) === scheduled;
};

const noWorker = (host: string, message: string): CommandFailure =>
  new CommandFailure(exitCode.noTemporal, `${message} Nothing was changed.`, 'baton up');
