/** Changes that are no operations on a stack: short, or without a way back. Each is a workflow whose id is its lock. */
import { WorkflowExecutionAlreadyStartedError, type Client, type WorkflowHandle } from '@temporalio/client';
import type { Workflow } from '@temporalio/common';
import { hostTaskQueue } from '../domain/ids.ts';
import { workflowTaskTimeout } from '../domain/operation.ts';
import { CommandFailure, exitCode } from './failure.ts';
import { hostSearchAttribute } from './search-attributes.ts';
import { demandWorker } from './worker.ts';

export type Change<W extends Workflow> = {
  host: string;
  /** Name of the workflow `W`. */
  workflow: string;
  workflowId: string;
  /** For the Web UI. */
  summary: string;
  args: Parameters<W>;
};

/** @throws CommandFailure where the same is under way. */
export const startChange = async <W extends Workflow>(
  client: Client,
  { host, workflow, workflowId, summary, args }: Change<W>,
): Promise<WorkflowHandle<W>> => {
  await demandWorker(client, host);
  try {
    const { firstExecutionRunId } = await client.workflow.start<Workflow>(workflow, {
      workflowId,
      taskQueue: hostTaskQueue(host),
      workflowTaskTimeout,
      workflowIdConflictPolicy: 'FAIL',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: summary,
      typedSearchAttributes: hostSearchAttribute(host),
      args,
    });
    return client.workflow.getHandle<W>(workflowId, firstExecutionRunId);
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    throw new CommandFailure(
      exitCode.failed,
      `The same is under way on ${host} (workflow ${workflowId}). Nothing was changed.`,
      'Try again when it has ended.',
    );
  }
};
