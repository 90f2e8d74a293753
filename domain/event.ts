/** Events: what people are told of besides questions. Each is told once, however often it is seen. */
import type { BriefingKind } from './briefing/facts.ts';
import { firstOf } from './lines.ts';
import type { Failure, Report } from './operation.ts';
import type { PlaybookReport } from './playbook.ts';
import type { RestoreTestReport } from './restore-test.ts';
import type { ScheduledOutcome, ScheduledReport } from './schedule.ts';
import { isError } from './problem.ts';

/** As `events` of a channel names them. */
export const eventKinds = [
  /** An operation waits for an approval. */
  'question',
  /** Failed, and everything is as it was. */
  'failed',
  /** Nothing was changed, because something spoke against it. */
  'refused',
  /** Failed, and waits for an answer. */
  'held',
  'needs-human',
  'done',
  /** One of the channels could not be reached. */
  'unreachable',
  /** A report that a schedule makes. */
  'report',
] as const;
export type EventKind = (typeof eventKinds)[number];

/** What a channel is told that does not say. Who types a command reads himself that it was refused, or is done. */
export const defaultEvents: readonly EventKind[] = [
  'question',
  'failed',
  'held',
  'needs-human',
  'unreachable',
  'report',
];

export type BatonEvent = {
  /** Of the host; the same event has the same name. */
  id: string;
  kind: Exclude<EventKind, 'question'>;
  host: string;
  title: string;
  /** The evidence. */
  lines: string[];
  /** What can be done now; not cut off. */
  end: string;
  /** ISO 8601, UTC. */
  at: string;
  /** The operation that it is of, so that a link can lead to it. */
  operation?: Source;
  /** Only of `report`: which, so that a link can lead to it. */
  report?: BriefingKind;
  /** Only of `unreachable`: what could not be told there, and that nobody else need hear of it. */
  unreachable?: { channel: string; silently: boolean };
};

type Source = Pick<Report, 'operation'> & { workflowId: string; runId: string };

/** It passes quiet hours. */
export const isUrgent = ({ kind }: Pick<BatonEvent, 'kind'>): boolean => kind === 'needs-human';

/** A digest of more would be cut off by every service. */
const mostAtOnce = 40;

/** What is told next of what waits to be told: what is urgent, alone; else everything, as one. */
export const nextToTell = (waiting: readonly BatonEvent[]): BatonEvent[] => {
  const urgent = waiting.filter(isUrgent);
  return (urgent.length > 0 ? urgent : waiting).slice(0, mostAtOnce);
};

type Announced = Pick<Report, 'operation' | 'kind' | 'stack' | 'host'>;
type Told = Pick<BatonEvent, 'kind' | 'lines' | 'end'> & { title: string };

/** A sentence with its numbers; a phone shows the beginning of it. */
const longestLine = 240;

const eventOf = (
  { operation, kind, stack, host }: Announced,
  told: Told,
  // Not all of it: what it is taken from holds much more.
  { workflowId, runId }: Omit<Source, 'operation'>,
  now: number,
): BatonEvent => ({
  ...told,
  id: `${operation}/${told.kind}`,
  host,
  title: `${kind} ${stack} on ${host} ${told.title}`,
  end: [told.end, `Operation ${operation}.`].filter((text) => text !== '').join(' '),
  at: new Date(now).toISOString(),
  operation: { workflowId, runId, operation },
});

/**
 * What the end of an operation is to people; `undefined` where it is nothing to tell.
 * @param now ms since the epoch.
 */
export const endEvent = (
  report: Report,
  source: Omit<Source, 'operation'>,
  now: number,
): BatonEvent | undefined => {
  const told = ending(report);
  return told && eventOf(report, told, source, now);
};

/** It failed, and waits for somebody to say what is to become of it. @param answers as they are typed. */
export const heldEvent = (
  operation: Announced,
  failure: Failure,
  answers: string,
  source: Omit<Source, 'operation'>,
  now: number,
): BatonEvent => {
  const title = 'failed, and waits for an answer';
  const told: Told = { kind: 'held', title, lines: failureLines(failure), end: answers };
  return eventOf(operation, told, source, now);
};

/** Nobody is there to read that something of the night was not done. @returns `undefined` where its operation tells, or nothing is wrong. */
export const scheduledEvent = (
  { host, name, outcome, notes }: ScheduledReport,
  { runId }: { runId: string },
  now: number,
): BatonEvent | undefined => {
  const title = notDone[outcome];
  return title === undefined
    ? undefined
    : {
        id: `scheduled/${runId}`,
        kind: 'failed',
        host,
        title: `${name} on ${host} ${title}`,
        lines: firstOf(notes, 6, longestLine),
        end: 'See: baton schedule list.',
        at: new Date(now).toISOString(),
      };
};

/** What is kept of data could not be brought back: that should be known before it is needed. @returns `undefined` where nothing failed. */
export const restoreTestEvent = (
  { operation, host, outcome, tests, left }: RestoreTestReport,
  source: Omit<Source, 'operation'>,
  now: number,
): BatonEvent | undefined => {
  if (outcome !== 'unproven') return undefined;
  const failed = tests.filter(({ result }) => result !== 'proven');
  const lines = [...failed.map(({ set, why = '' }) => `${set}: ${why}`), ...left];
  return {
    id: `${operation}/failed`,
    kind: 'failed',
    host,
    title: `a restore test on ${host} failed: ${failed.map(({ set }) => set).join(', ') || 'something is left of it'}`,
    lines: firstOf(lines, 6, longestLine),
    end: `See: baton data. Operation ${operation}.`,
    at: new Date(now).toISOString(),
    operation: { ...source, operation },
  };
};

/**
 * A playbook that did not help, or was not carried out though nobody is there to read it. What an operation of it came to, that one
 * tells. @returns `undefined` where nothing is wrong.
 */
export const playbookEvent = (
  { operation, host, playbook, target, outcome, measurement, decision, steps, notes, left }: PlaybookReport,
  { workflowId, runId }: Omit<Source, 'operation'>,
  now: number,
): BatonEvent | undefined => {
  const title =
    outcome === 'incomplete'
      ? 'is incomplete'
      : outcome === 'done' && measurement?.held === false
        ? 'has not helped'
        : outcome === 'refused' && decision !== undefined
          ? 'was refused, and nothing was changed'
          : undefined;
  if (title === undefined) return undefined;
  const told = steps.map((step) => [`${step.title}: ${step.outcome}`, ...step.notes].join('. '));
  return {
    id: `${operation}/failed`,
    kind: 'failed',
    host,
    title: `playbook ${playbook} of ${target} on ${host} ${title}`,
    lines: firstOf([...told, ...notes, ...left], 6, longestLine),
    end: `See: baton playbooks ${playbook}. Operation ${operation}.`,
    at: new Date(now).toISOString(),
    operation: { workflowId, runId, operation },
  };
};

const notDone: Partial<Record<ScheduledOutcome, string>> = {
  refused: 'was refused, and nothing was changed',
  busy: 'was left out',
  late: 'was left out',
  incomplete: 'is incomplete',
  short: 'freed less than was wanted',
};

const ending = ({ outcome, stack, kind, failure, problems, changes, left }: Report): Told | undefined => {
  const failed = failureLines(failure);
  switch (outcome) {
    case 'rolled-back': {
      const end = kind === 'guard' ? '' : `Look at it: baton logs ${stack}.`;
      return { kind: 'failed', title: 'failed, and everything is as it was', lines: failed, end };
    }
    case 'needs-human': {
      const lines = [...failed, ...firstOf(left, 6, longestLine)];
      const end = `Mend what is in the way, then: baton resume ${stack}.`;
      return { kind: 'needs-human', title: 'needs a person', lines, end };
    }
    case 'refused': {
      const errors = problems.filter(isError).map(({ message }) => message);
      const lines = failure ? failed : firstOf(errors, 4, longestLine);
      return { kind: 'refused', title: 'was refused, and nothing was changed', lines, end: '' };
    }
    case 'done': {
      const changed = changes.filter(({ action }) => action !== 'keep');
      const lines = changed.map(({ service, action }) => `${service}: ${action}`);
      return { kind: 'done', title: 'is done', lines: firstOf(lines, 6), end: '' };
    }
    case 'unchanged':
    case 'not-approved':
    case 'cancelled':
    case 'kept':
      return undefined;
  }
};

const failureLines = (failure: Failure | undefined): string[] => {
  if (!failure) return [];
  const tail = (failure.logTail ?? '').trim().split('\n').slice(-3);
  const lines = [`${failure.step}: ${failure.message}`, ...tail].filter((line) => line !== '');
  return firstOf(lines, lines.length, longestLine);
};

/**
 * Told to the other channels, at most once a day. Not where all that could not be told there is news of the same sort: two
 * channels would tell each other for ever.
 */
export const unreachableEvent = (
  host: string,
  channel: string,
  why: string,
  lost: readonly Pick<BatonEvent, 'title' | 'unreachable'>[],
  now: number,
): BatonEvent => {
  const at = new Date(now).toISOString();
  const titles = lost.map(({ title }) => `Not told there: ${title}`);
  return {
    id: `unreachable/${at.slice(0, 10)}/${channel}`,
    kind: 'unreachable',
    host,
    title: `${channel} cannot be reached from ${host}`,
    lines: [...firstOf([why], 1, longestLine), ...firstOf(titles, 6)],
    end: 'What could not be told: baton doctor.',
    at,
    unreachable: { channel, silently: lost.every(({ unreachable }) => unreachable !== undefined) },
  };
};
