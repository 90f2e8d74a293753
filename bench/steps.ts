/** Where the time of a deploy goes: from the command's start to the last answer, as the operation's own history tells it. */
import type { WorkflowHandle } from '@temporalio/client';
import { median } from './stats.ts';

/** One deploy, in milliseconds. The parts follow each other, and add up to the time until every service has been found healthy. */
export type Steps = {
  /** The command starts, reads the stack, connects, and asks for the operation. */
  command: number;
  preflight: number;
  /** Snapshots, networks, volumes, files. */
  prepare: number;
  /** Activities of the services that waited for each other, one after the other: the engine starts, the service becomes ready. */
  services: number;
  /** Between these: the server hears that one has ended, and the next one begins. */
  between: number;
};

/** @returns when an event of a history was written, ms since the epoch, as exact as the server tells it. */
export const eventMs = ({ eventTime }: HistoryEvent): number =>
  Number(eventTime?.seconds ?? 0) * 1_000 + (eventTime?.nanos ?? 0) / 1e6;

type HistoryEvent = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];
type Span = { name: string; scheduled: number; completed: number };

/** @param began when the command was started, ms since the epoch. */
export const stepsOf = async (handle: WorkflowHandle, began: number): Promise<Steps> => {
  const events = (await handle.fetchHistory()).events ?? [];
  const at = (event: HistoryEvent): number => eventMs(event) - began;
  const byId = new Map<string, Span>();
  for (const event of events) {
    const {
      activityTaskScheduledEventAttributes: scheduled,
      activityTaskCompletedEventAttributes: completed,
    } = event;
    if (scheduled)
      byId.set(String(event.eventId), {
        name: scheduled.activityType?.name ?? '',
        scheduled: at(event),
        completed: Number.NaN,
      });
    const span = byId.get(String(completed?.scheduledEventId));
    if (span) span.completed = at(event);
  }
  const spans = [...byId.values()];
  const rollOuts = spans.filter(({ name }) => name === 'rollOutService');
  const command = events[0] ? at(events[0]) : Number.NaN;
  const planned = spans.find(({ name }) => name === 'preparePlan')?.completed ?? Number.NaN;
  const first = Math.min(...rollOuts.map(({ scheduled }) => scheduled));
  const last = Math.max(...rollOuts.map(({ completed }) => completed));
  const services = criticalPath(rollOuts);
  return {
    command,
    preflight: planned - command,
    prepare: first - planned,
    services,
    between: last - first - services,
  };
};

/** Back from the one that ended last: before each comes the one that ended last before it began. */
const criticalPath = (spans: readonly Span[]): number => {
  let total = 0;
  let before = Number.POSITIVE_INFINITY;
  for (;;) {
    const candidates = spans.filter(({ completed }) => completed <= before);
    const last = candidates.sort((a, b) => b.completed - a.completed)[0];
    if (!last) return total;
    total += last.completed - last.scheduled;
    before = last.scheduled;
  }
};

const titles: Record<keyof Steps, string> = {
  command: 'the command starts, reads the stack, connects, asks for the operation',
  preflight: 'preflight: what is wanted, what runs, the plan',
  prepare: 'what was before, networks, volumes, files',
  services: 'services, along the longest path: the engine creates and starts, Baton asks until it is ready',
  between: 'between the end of one service and the begin of the next',
};

/** As lines of a report. */
export const tellSteps = (title: string, deploys: readonly Steps[]): string => {
  const rows = (Object.keys(titles) as (keyof Steps)[]).map(
    (part) => `| ${titles[part]} | ${Math.round(median(deploys.map((deploy) => deploy[part])))} |`,
  );
  return `${title} (${deploys.length} deploys, medians):\n\n| part | ms |\n| --- | --- |\n${rows.join('\n')}`;
};
