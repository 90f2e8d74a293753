/** What a person says to Baton's loop, written into the audit log by the host's worker. */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { hostTaskQueue, sayingWorkflowId } from '../domain/ids.ts';
import { workflowTaskTimeout } from '../domain/operation.ts';
import type { Saying } from '../domain/saying.ts';
import type { noteSaying } from '../workflows/note-saying.ts';
import { newOperationId } from './operation.ts';
import { hostSearchAttribute } from './search-attributes.ts';

type Said =
  { what: 'auto-on' | 'auto-stop'; text: string } | { what: 'looked-at'; playbook: string; target: string };

/** A worker that runs answers in tens of milliseconds; one that stopped minutes ago is still listed as there. */
const answerWithinMs = 5_000;

/** @returns whether it is written by now; without a worker that is done when one is back. @throws where it cannot be. */
export const say = async (client: Client, host: string, said: Said): Promise<boolean> => {
  const operation = newOperationId();
  const at = new Date().toISOString();
  const saying: Saying = { ...said, operation, host, at, by: userInfo().username, channel: 'baton' };
  const handle = await client.workflow.start<typeof noteSaying>('noteSaying', {
    workflowId: sayingWorkflowId(host, operation),
    taskQueue: hostTaskQueue(host),
    workflowTaskTimeout,
    staticSummary: `${said.what} on ${host}`,
    typedSearchAttributes: hostSearchAttribute(host),
    args: [saying],
  });
  const written = handle.result().then(() => true);
  return await Promise.race([
    written.catch((error: unknown) => {
      throw error instanceof WorkflowFailedError && error.cause ? error.cause : error;
    }),
    delay(answerWithinMs, false, { ref: false }),
  ]);
};
