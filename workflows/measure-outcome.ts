/** Measures an action's success again, later: each time is a timer that outlives every crash, and autonomy itself. */
import { isCancellation, sleep } from '@temporalio/workflow';
import type { ActionRequest } from '../domain/action.ts';
import type { ActionOutcome, Measurement } from '../domain/outcome.ts';
import { formatAge } from '../domain/size.ts';
import { changing, reading } from './activities.ts';

export async function measureOutcome(request: ActionRequest, first: ActionOutcome): Promise<ActionOutcome> {
  let outcome = first;
  for (const afterMs of request.againAfterMs) {
    const due = first.endedAt + afterMs;
    if (due > Date.now()) await sleep(due - Date.now(), { summary: `${formatAge(afterMs)} after its end` });
    const measured = await measure(request);
    if (!measured) continue;
    outcome = await changing.keepMeasurement.executeWithOptions({ summary: formatAge(afterMs) }, [
      outcome,
      { ...measured, afterMs },
    ]);
  }
  return outcome;
}

/** What cannot be measured is no measurement, and neither a success nor a failure. */
const measure = async (request: ActionRequest): Promise<Measurement | undefined> => {
  const { operation, host, playbook, hash, target, cause } = request;
  try {
    const { measurement } = await reading.measureSuccess.executeWithOptions({ summary: playbook }, [
      { operation, host, playbook, hash, target, cause },
      operation,
    ]);
    return measurement;
  } catch (error) {
    if (isCancellation(error)) throw error;
    return undefined;
  }
};
