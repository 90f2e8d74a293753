/**
 * An event told to people. It is no part of the operation that it is of: that ends, and gives its lock back, whether or not
 * anybody can be reached.
 */
import { getExternalWorkflowHandle, sleep, workflowInfo } from '@temporalio/workflow';
import { endEvent, type BatonEvent } from '../domain/event.ts';
import { channelWorkflowId, eventWorkflowId } from '../domain/ids.ts';
import type { Report } from '../domain/operation.ts';
import { informing } from './activities.ts';
import { startDetached } from './detached.ts';
import { tellSignal } from './messages.ts';
import type { Operation } from './operation.ts';
import { noticeSearchAttributes } from './search-attributes.ts';
import type { tellChannel } from './tell-channel.ts';

/** Tells every channel that wants to hear of it. */
export async function tellPeople(event: BatonEvent): Promise<void> {
  if (event.unreachable?.silently) return;
  const channels = await informing.channelsFor.executeWithOptions({ summary: event.title }, [event]);
  await Promise.all(channels.map(async (channel) => await handOver(event, channel)));
}

/** The end of an operation, where somebody wants to hear of it. */
export const announceEnd = async (operation: Operation, report: Report): Promise<void> => {
  const event = endEvent(report, workflowInfo(), Date.now());
  if (event && operation.hears.includes(event.kind)) await announceEvent(event);
};

/** Sees that it is told, and does not wait until it is. An event that was announced before is not told again. */
export const announceEvent = async (event: BatonEvent): Promise<void> => {
  await startDetached<typeof tellPeople>('tellPeople', {
    workflowId: eventWorkflowId(event.host, event.id),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    args: [event],
    staticSummary: event.title,
    staticDetails: event.lines.join('\n\n'),
    typedSearchAttributes: noticeSearchAttributes(event.host, event.kind),
  });
};

/** As long as the server takes to see that a workflow has ended. */
const betweenTriesMs = 100;

/** What a channel is told goes through one workflow, which is started where none is under way. */
const handOver = async (event: BatonEvent, channel: string): Promise<void> => {
  const { host, kind } = event;
  const workflowId = channelWorkflowId(host, channel);
  for (;;) {
    const started = await startDetached<typeof tellChannel>('tellChannel', {
      workflowId,
      args: [{ host, channel, waiting: [event], lost: [] }],
      staticSummary: `tell ${channel}`,
      typedSearchAttributes: noticeSearchAttributes(host, kind),
    });
    if (started) return;
    try {
      return await getExternalWorkflowHandle(workflowId).signal(tellSignal, event);
    } catch {
      // It has ended between the two.
      await sleep(betweenTriesMs);
    }
  }
};
