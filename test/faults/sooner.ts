/** Tries that come soon: the runs of a matrix are many, and the real pauses change nothing but the time they take. */
import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';

const nextTryMs = 20;
const tries = 5;

/** The same failure of an activity, to be tried again at once, and not as often as in earnest. */
export const sooner = (error: unknown): Error => {
  if (error instanceof CancelledFailure) return error;
  const known = error instanceof ApplicationFailure ? error : undefined;
  return ApplicationFailure.create({
    message: error instanceof Error ? error.message : String(error),
    ...(known?.type ? { type: known.type } : {}),
    ...(known?.details ? { details: known.details } : {}),
    nonRetryable: (known?.nonRetryable ?? false) || Context.current().info.attempt >= tries,
    nextRetryDelay: nextTryMs,
  });
};
