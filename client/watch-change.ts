/** Waits for the end of a change that tells how far it is, and shows that meanwhile. */
import type { WorkflowHandle } from '@temporalio/client';
import type { Workflow, WorkflowResultType } from '@temporalio/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { ChangeProgress } from '../domain/operation.ts';
import { stepDisplay, type OutputMode } from './output.ts';

/** A query costs the worker a few ms and leaves nothing in the history. */
const lookEveryMs = 250;

/** @returns what the workflow returns. */
export const watchChange = async <W extends Workflow>(
  handle: WorkflowHandle<W>,
  mode: OutputMode,
): Promise<WorkflowResultType<W>> => {
  const display = await stepDisplay(mode);
  const ended = handle.result().then((report) => ({ report }));
  const look = async (): Promise<void> => {
    const progress = await handle.query<ChangeProgress>('progress').catch(() => undefined);
    if (progress) display.show(progress.steps);
  };
  try {
    for (;;) {
      const end = await Promise.race([ended, delay(lookEveryMs, undefined, { ref: false })]);
      await look();
      if (end) return end.report;
    }
  } finally {
    display.end();
  }
};
