/** Questions to a host's worker: they lock nothing and change nothing. */
import type { Client } from '@temporalio/client';
import { hostTaskQueue, questionWorkflowId } from '../domain/ids.ts';
import { newOperationId } from './operation.ts';
import { thisHost } from './this-host.ts';
import { answerOf, demandWorker } from './worker.ts';

type Question = (...args: never[]) => Promise<unknown>;

/** What is asked is seen in the Web UI under its id and its summary. */
export type Asked<W extends Question> = { args: Parameters<W>; workflowId: string; staticSummary?: string };

/** @param question the name of the workflow `W`. @param host this one where absent. */
export const ask = async <W extends Question>(
  client: Client,
  host: string = thisHost().host,
  question: string,
  args: Parameters<W>,
): Promise<Awaited<ReturnType<W>>> =>
  await askAs<W>(client, host, question, {
    args,
    workflowId: questionWorkflowId(host, question, newOperationId()),
  });

/** As {@link ask}. @throws CommandFailure with exit code 4 where no worker takes it up. */
export const askAs = async <W extends Question>(
  client: Client,
  host: string,
  question: string,
  asked: Asked<W>,
): Promise<Awaited<ReturnType<W>>> => {
  await demandWorker(client, host);
  const handle = await client.workflow.start(question, { ...asked, taskQueue: hostTaskQueue(host) });
  return (await answerOf(handle, host)) as Awaited<ReturnType<W>>;
};
