/**
 * The activities as workflows call them, with the reason for each timeout and retry.
 *
 * Every one converges, so a retry after a lost worker is safe, and every one that changes something finishes (or undoes)
 * what it began before a cancel is believed: `WAIT_CANCELLATION_COMPLETED`.
 */
import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { CopyErrorCode } from '../activities/ports/copies.ts';
import type { EngineErrorCode } from '../activities/ports/engine.ts';
import type { SnapshotErrorCode } from '../activities/ports/snapshots.ts';

/** A worker that stopped beating is dead; Baton's activities beat every second, and of many at once each every five at the most. */
const heartbeatTimeout = '20 seconds';

const base = {
  heartbeatTimeout,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} satisfies ActivityOptions;

type ErrorCode = EngineErrorCode | SnapshotErrorCode;

/** What does not pass by itself: another try would only keep a person waiting for the same words. */
const lasting = ['permission', 'unauthorized', 'unsupported', 'too-large'] satisfies ErrorCode[];

/** On the way forward these too end a step at once; the unwind is the answer to them. */
const refusals = [
  ...lasting,
  'not-found',
  'name-taken',
  'port-taken',
  'in-use',
  'invalid',
  'no-space',
  'database',
] satisfies ErrorCode[];

/** Reads only. An engine that restarts is back within a minute; after that a person should hear of it. */
export const reading = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '5 minutes',
  retry: {
    initialInterval: '500 ms',
    backoffCoefficient: 2,
    maximumInterval: '10 s',
    maximumAttempts: 8,
    nonRetryableErrorTypes: refusals,
  },
});

/** Changes something and is quick. Tried for about two minutes: an engine's restart passes, a real fault unwinds soon enough. */
export const changing = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '30 minutes',
  retry: {
    initialInterval: '500 ms',
    backoffCoefficient: 2,
    maximumInterval: '15 s',
    maximumAttempts: 12,
    nonRetryableErrorTypes: refusals,
  },
});

/** Pulls, builds and copies of data take as long as they take; the heartbeat, not a deadline, tells life from death. */
export const lengthy = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '12 hours',
  retry: {
    initialInterval: '1 s',
    backoffCoefficient: 2,
    maximumInterval: '30 s',
    maximumAttempts: 5,
    nonRetryableErrorTypes: refusals,
  },
});

/**
 * A person's own command: it may take days, and its own limit is kept inside. It is never started twice, so another try only
 * tells how it ended.
 */
export const running = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '31 days',
  retry: { initialInterval: '500 ms', backoffCoefficient: 2, maximumInterval: '15 s', maximumAttempts: 12 },
});

/** Another try would find the same: a person has to mend it. */
const lastingAtTarget = [
  'no-target',
  'wrong-password',
  'permission',
  'unsupported',
  'not-found',
  'no-space',
  'damaged',
] satisfies CopyErrorCode[];

/**
 * A first copy over the line of a house takes days; the heartbeat tells life from death, and one that stands still is ended
 * inside. A lock, or a network that is away, passes: tried for about ten minutes, then it is told, and comes at its next time.
 */
export const copying = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '31 days',
  retry: {
    initialInterval: '5 s',
    backoffCoefficient: 2,
    maximumInterval: '10 minutes',
    maximumAttempts: 8,
    nonRetryableErrorTypes: lastingAtTarget,
  },
});

/** Tells people something: their service may be away for an hour, and nothing waits for it. */
export const telling = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  retry: {
    initialInterval: '1 s',
    backoffCoefficient: 3,
    maximumInterval: '10 minutes',
    maximumAttempts: 12,
  },
});

/**
 * Tells people what has happened. It can be told tomorrow too: the network of a house is down for hours, and its owner asleep.
 * After a day another channel should say that this one is away.
 */
export const informing = proxyActivities<Activities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '24 hours',
  retry: { initialInterval: '1 s', backoffCoefficient: 3, maximumInterval: '10 minutes' },
});

/** Undo steps: nothing is more important, so all but what lasts is tried for about an hour before a person is called. */
export const undoing = proxyActivities<Activities>({
  ...base,
  startToCloseTimeout: '12 hours',
  retry: {
    initialInterval: '500 ms',
    backoffCoefficient: 2,
    maximumInterval: '1 minute',
    maximumAttempts: 60,
    nonRetryableErrorTypes: lasting,
  },
});
