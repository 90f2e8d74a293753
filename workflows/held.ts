/** Whether a host is held, for what would begin by itself. Asking tells the hold, too, so that people see what it held back. */
import { ApplicationFailure, getExternalWorkflowHandle } from '@temporalio/workflow';
import type { HeldBack } from '../domain/hold.ts';
import { holdWorkflowId } from '../domain/ids.ts';
import { heldBackSignal } from './messages.ts';

/** @returns false where nobody holds the host. Where that cannot be found out, it is held. */
export const isHeldBack = async (host: string, heldBack: HeldBack): Promise<boolean> => {
  try {
    await getExternalWorkflowHandle(holdWorkflowId(host)).signal(heldBackSignal, heldBack);
    return true;
  } catch (error) {
    // A cancel, say.
    if (!(error instanceof ApplicationFailure)) throw error;
    return error.type !== 'ExternalWorkflowExecutionNotFound';
  }
};
