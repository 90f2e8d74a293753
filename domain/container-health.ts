/** What is wrong with a container that the engine shows: crash loops, memory that ran out or is about to. */
import { timesText } from './count-text.ts';
import type { Finding } from './incident.ts';
import { formatBytes } from './size.ts';

const minuteMs = 60_000;

/** Restarts are counted over this long. An engine waits longer after each, a minute at most: an hour holds many of a loop. */
export const restartWindowMs = 60 * minuteMs;
/** Kubernetes speaks of a loop from the first back-off on; three spare a slow dependency at the start of a machine. */
const loopRestarts = 3;
/** It has run for this long: whatever it was, the loop is over. */
const settledMs = 10 * minuteMs;
/** An end for lack of memory is news for this long. */
const outOfMemoryNewsMs = 60 * minuteMs;
/** From here on an allocation may fail at any moment. */
const nearLimitRatio = 0.9;

/**
 * @param points the counts of earlier looks, oldest first. @param count that of now. A container that was made anew counts from 0.
 * @returns `undefined` where nobody has looked before: what was counted then may be of any time.
 */
export const restartsWithin = (points: readonly { value: number }[], count: number): number | undefined => {
  const counts = [...points.map(({ value }) => value), count];
  const grown = counts.slice(1).map((next, index) => {
    const before = counts[index] ?? 0;
    return next >= before ? next - before : next;
  });
  return grown.length === 0 ? undefined : grown.reduce((sum, more) => sum + more, 0);
};

type Ended = {
  status: string;
  exitCode?: number;
  oomKilled: boolean;
  restartCount: number;
  /** ISO 8601. */
  startedAt?: string;
  finishedAt?: string;
};

const sinceMs = (time: string | undefined, now: number): number =>
  time === undefined ? Infinity : now - Date.parse(time);

/** @param container.restarts within {@link restartWindowMs}; absent where that is not known, and all there ever were count. */
export const crashFinding = (
  where: string,
  { restarts, restartCount, startedAt, exitCode }: Ended & { restarts?: number },
  now: number,
): Finding => {
  const loops = sinceMs(startedAt, now) < settledMs && (restarts ?? restartCount) >= loopRestarts;
  const times =
    restarts === undefined
      ? `${timesText(restartCount)} since it was made`
      : `${timesText(restarts)} within an hour`;
  return {
    what: 'crash-loop',
    where,
    state: loops ? 'critical' : 'fine',
    evidence: loops
      ? `restarted ${times}${exitCode === undefined ? '' : `, exit code ${exitCode}`}`
      : 'stays up',
  };
};

/** Docker remembers it after the restart; Podman tells it only while the container has ended, and not on every machine. */
export const outOfMemoryFinding = (where: string, container: Ended, now: number): Finding => {
  const { oomKilled, finishedAt, status } = container;
  const runs = status === 'running';
  const isNews = oomKilled && (!runs || sinceMs(finishedAt, now) < outOfMemoryNewsMs);
  return {
    what: 'out-of-memory',
    where,
    state: !isNews ? 'fine' : runs ? 'warning' : 'critical',
    evidence: isNews
      ? `killed for lack of memory${finishedAt === undefined ? '' : ` at ${finishedAt.slice(0, 16)}Z`}${runs ? ', runs again' : ''}`
      : 'not killed for lack of memory within the last hour',
  };
};

export const memoryFinding = (where: string, usedBytes: number, limitBytes: number): Finding => ({
  what: 'memory-near-limit',
  where,
  state: usedBytes >= nearLimitRatio * limitBytes ? 'warning' : 'fine',
  evidence: `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)} (${Math.round((100 * usedBytes) / limitBytes)} %)`,
});
