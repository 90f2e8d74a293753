/** Questions to a host's worker: they lock nothing and change nothing. */
import type { Client } from '@temporalio/client';
import { hostTaskQueue, questionWorkflowId } from '../domain/ids.ts';
import { demandWorker, newOperationId } from './operation.ts';
import { thisHost } from './this-host.ts';

/** @param question the name of the workflow `W`. @param host this one where absent. */
export const ask = async <W extends (...args: never[]) => Promise<unknown>>(
  client: Client,
  host: string = thisHost().host,
  question: string,
  args: Parameters<W>,
): Promise<Awaited<ReturnType<W>>> => {
  await demandWorker(client, host);
  return (await client.workflow.execute(question, {
    workflowId: questionWorkflowId(host, question, newOperationId()),
    taskQueue: hostTaskQueue(host),
    args,
  })) as Awaited<ReturnType<W>>;
};
