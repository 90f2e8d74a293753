/**
 * All that is told through one channel, one thing after another: what comes while the service is away, or in quiet hours,
 * waits here and goes out as one digest. It ends when nothing waits any more.
 */
import {
  ApplicationFailure,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { nextToTell, unreachableEvent, type BatonEvent } from '../domain/event.ts';
import { informing } from './activities.ts';
import { tellSignal } from './messages.ts';
import { reasonOf } from './saga.ts';
import { announceEvent } from './tell-people.ts';

export type ChannelRequest = {
  host: string;
  channel: string;
  waiting: BatonEvent[];
  /** Titles of what could not be told. */
  lost: string[];
};

/** @throws an ApplicationFailure where something could not be told: then the channel counts as unreachable. */
export async function tellChannel({ host, channel, waiting, lost }: ChannelRequest): Promise<void> {
  setHandler(tellSignal, (event: BatonEvent) => void waiting.push(event), {
    description: 'Tell this too.',
  });
  while (waiting.length > 0) {
    if (workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof tellChannel>({ host, channel, waiting, lost });
    setCurrentDetails(waiting.map(({ title }) => `- ${title}`).join('\n'));
    const now = nextToTell(waiting);
    const count = waiting.length;
    try {
      const summary = now.length === 1 ? (now[0]?.title ?? '') : `${now.length} events`;
      const quiet = await informing.tellEvents.executeWithOptions({ summary }, [channel, now]);
      if (quiet) {
        // Something urgent may come meanwhile.
        await condition(() => waiting.length > count, Math.max(1, Date.parse(quiet.later) - Date.now()));
        continue;
      }
    } catch (error) {
      lost.push(...now.map(({ title }) => title));
      await announceEvent(unreachableEvent(host, channel, reasonOf(error), now, Date.now()));
    }
    for (const told of now) waiting.splice(waiting.indexOf(told), 1);
  }
  if (lost.length > 0)
    throw ApplicationFailure.nonRetryable(`Not told through ${channel}: ${lost.join(' · ')}`, 'NotTold');
}
