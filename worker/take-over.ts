/**
 * What a dead worker had under way, begun again at once. The server would find out by itself when the heartbeat times out
 * (20 s); the next worker on the same machine can see that the process is gone.
 */
import {
  ActivityNotFoundError,
  ApplicationFailure,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { setTimeout as delay } from 'node:timers/promises';
import { searchAttributeName } from '../domain/search-attributes.ts';
import { hasEnded } from '../setup/worker-identity.ts';

/** Temporal's `PENDING_ACTIVITY_STATE_STARTED`. */
const underWay = 2;
/** What was started just before the death may take a moment to be listed. */
const looksAfterMs = [0, 1_000, 3_000];

/** Hands the activities of workers of `host` that have ended to this one. @returns how many. */
export const takeOver = async (client: Client, host: string, signal: AbortSignal): Promise<number> => {
  let count = 0;
  for (const after of looksAfterMs) {
    await delay(after, undefined, { signal });
    const running = client.workflow.list({
      query: `${searchAttributeName.host} = "${host}" AND ExecutionStatus = "Running"`,
    });
    for await (const { workflowId, runId } of running) {
      await client.workflowService.resetStickyTaskQueue({
        namespace: client.options.namespace,
        execution: { workflowId, runId },
      });
      for (const activityId of await orphans(client, workflowId, runId, host)) {
        await release(client, { workflowId, runId, activityId });
        count += 1;
      }
    }
  }
  return count;
};

const orphans = async (
  client: Client,
  workflowId: string,
  runId: string,
  host: string,
): Promise<string[]> => {
  const { raw } = await client.workflow.getHandle(workflowId, runId).describe();
  const ids: string[] = [];
  for (const { activityId, state, lastWorkerIdentity } of raw.pendingActivities ?? [])
    if (Number(state) === underWay && (await hasEnded(lastWorkerIdentity ?? '', host)))
      ids.push(activityId ?? '');
  return ids;
};

/** Fails the attempt, so that the server schedules the next one without waiting. */
const release = async (
  client: Client,
  activity: { workflowId: string; runId: string; activityId: string },
): Promise<void> => {
  try {
    await client.activity.fail(
      activity,
      ApplicationFailure.create({
        type: 'WorkerDied',
        message: 'The worker ended during this step; the next one takes it up.',
        nextRetryDelay: 1,
      }),
    );
  } catch (error) {
    // It has ended meanwhile.
    if (!(error instanceof ActivityNotFoundError || error instanceof WorkflowNotFoundError)) throw error;
  }
};
