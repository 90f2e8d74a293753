/** Waits for the end of a change that tells how far it is, and shows that meanwhile. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Workflow, WorkflowResultType } from '@temporalio/common';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Beat, ChangeProgress, Step } from '../domain/operation.ts';
import { nextLook } from './next-look.ts';
import { stepDisplay, type OutputMode } from './output.ts';
import { progressOf } from './worker.ts';

/** What an activity tells with its beat is asked of the server, which costs more. */
const looksPerBeat = 4;

/** @param beats whether steps tell how far they are while they run. @returns what the workflow returns. */
export const watchChange = async <W extends Workflow>(
  handle: WorkflowHandle<W>,
  mode: OutputMode,
  { beats = false } = {},
): Promise<WorkflowResultType<W>> => {
  const display = await stepDisplay(mode);
  const ended = handle.result().then((report) => ({ report }));
  let looks = 0;
  let note: string | undefined;
  const look = async (): Promise<void> => {
    const progress = await progressOf<ChangeProgress>(handle);
    looks += 1;
    if (beats && looks % looksPerBeat === 0) note = await beatOf(handle).catch(() => undefined);
    display.show(progress?.steps.map((step) => withBeat(step, note)));
  };
  try {
    for (let tookMs = 0; ;) {
      const end = await Promise.race([ended, nextLook(tookMs)]);
      const asked = performance.now();
      await look();
      tookMs = performance.now() - asked;
      if (end) return end.report;
    }
  } finally {
    display.end();
  }
};

const withBeat = (step: Step, note: string | undefined): Step =>
  note !== undefined && step.state === 'running' ? { ...step, note } : step;

/** How far the activity that is under way is, by its own words. */
const beatOf = async (handle: WorkflowHandle): Promise<string | undefined> => {
  const { raw } = await handle.describe();
  const payload = raw.pendingActivities?.flatMap((one) => one.heartbeatDetails?.payloads ?? []).at(-1);
  return payload
    ? (defaultPayloadConverter.fromPayload<Partial<Beat> | undefined>(payload)?.note ?? undefined)
    : undefined;
};
