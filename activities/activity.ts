/** What every activity needs: a heartbeat while it works, and foreign errors translated once, at the edge. */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { setTimeout as delay } from 'node:timers/promises';
import type { Beat } from '../domain/operation.ts';
import { CopyError } from './ports/copies.ts';
import { EngineError } from './ports/engine.ts';
import { SnapshotError } from './ports/snapshots.ts';

/**
 * A cancel is heard with the answer to a beat, so beats are close; many may be lost before `workflows/activities.ts` gives up. Each
 * is a write of the server's: of a hundred activities at once, each beats the less often.
 */
const beatEveryMs = 1_000;
const beatAtLeastEveryMs = 5_000;
const beatsPerSecond = 20;

/** Activities of this worker that are under way. */
let underWay = 0;

const beatIntervalMs = (): number =>
  Math.min(beatAtLeastEveryMs, Math.max(beatEveryMs, (1_000 * underWay) / beatsPerSecond));

/** Runs `work` with a heartbeat, handing it the signal that a cancel raises, and what tells how far it is. */
export const beating = async <T>(
  work: (signal: AbortSignal, tell: (note: string) => void) => Promise<T>,
): Promise<T> => {
  const context = Context.current();
  let beat: Beat | undefined;
  let timer: NodeJS.Timeout | undefined;
  const beatOn = (): void => {
    context.heartbeat(beat);
    timer = setTimeout(beatOn, beatIntervalMs());
  };
  underWay += 1;
  beatOn();
  try {
    return await work(context.cancellationSignal, (note) => (beat = { note }));
  } catch (error) {
    throw context.cancellationSignal.aborted
      ? new CancelledFailure('The operation was asked to stop.')
      : translate(error);
  } finally {
    underWay -= 1;
    clearTimeout(timer);
  }
};

/** The error's code becomes the failure's type, by which `workflows/activities.ts` decides on another try. */
const translate = (error: unknown): unknown => {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof EngineError || error instanceof SnapshotError || error instanceof CopyError)
    return ApplicationFailure.create({
      message: error.message,
      type: error.code,
      cause: error,
    });
  return error;
};

/** A failure that trying again will not mend. `details.logTail` ends up in the report. */
export const permanent = (
  type: string,
  message: string,
  details?: { logTail?: string },
): ApplicationFailure =>
  ApplicationFailure.create({
    message,
    type,
    nonRetryable: true,
    ...(details ? { details: [details] } : {}),
  });

/** Sleeps unless `signal` is raised, in which case it rejects at once. */
export const pause = async (ms: number, signal?: AbortSignal): Promise<void> => {
  await delay(ms, undefined, signal ? { signal } : {});
};
