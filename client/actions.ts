/** Actions of Baton's own that wait or run, and how they are stopped. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { cycleWorkflowId } from '../domain/ids.ts';
import { searchAttributeName } from '../domain/search-attributes.ts';
import type { Progress } from '../domain/operation.ts';
import { keyword } from './search-attributes.ts';
import { progressOf } from './worker.ts';

export type OpenAction = {
  workflowId: string;
  runId: string;
  operation: string;
  target: string;
  /** Whether it has begun; what waits for an answer or its hour has not. */
  begun: boolean;
  /** As far as a worker tells. */
  waiting?: Progress['waiting'];
};

export const openActions = async (client: Client, host: string): Promise<OpenAction[]> => {
  const { host: at, stack, operation, step } = searchAttributeName;
  const query = `${at} = "${host}" AND WorkflowType = "carryOut" AND ExecutionStatus = "Running"`;
  const found: OpenAction[] = [];
  for await (const { workflowId, runId, typedSearchAttributes: told } of client.workflow.list({ query })) {
    const progress = await progressOf(client.workflow.getHandle(workflowId, runId));
    found.push({
      workflowId,
      runId,
      operation: told.get(keyword(operation)) ?? '',
      target: told.get(keyword(stack)) ?? '',
      begun: told.get(keyword(step)) === 'playbook',
      ...(progress?.waiting ? { waiting: progress.waiting } : {}),
    });
  }
  return found;
};

/**
 * The cycle that is under way, what waits, and, where asked for, what runs. One that this misses asks before it begins, and hears
 * that it may not.
 * @returns those that were stopped, and those that go on to their end.
 */
export const stopActions = async (
  client: Client,
  host: string,
  unwind: boolean,
): Promise<{ stopped: OpenAction[]; goOn: OpenAction[] }> => {
  await cancel(client, cycleWorkflowId(host));
  const open = await openActions(client, host);
  const stopped = open.filter(({ begun }) => unwind || !begun);
  for (const { workflowId, runId } of stopped) await cancel(client, workflowId, runId);
  return { stopped, goOn: open.filter((one) => !stopped.includes(one)) };
};

const cancel = async (client: Client, workflowId: string, runId?: string): Promise<void> => {
  try {
    await client.workflow.getHandle(workflowId, runId).cancel();
  } catch (error) {
    // It has ended by itself.
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
};
