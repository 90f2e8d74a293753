/** Children that outlive whoever starts them. */
import {
  CancellationScope,
  ParentClosePolicy,
  startChild,
  type ChildWorkflowOptions,
  type Workflow,
  type WithWorkflowArgs,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { workflowTaskTimeout } from '../domain/operation.ts';

/** @returns false where a workflow of that id is under way, or was and may not be again. */
export const startDetached = async <W extends Workflow>(
  workflow: string,
  options: WithWorkflowArgs<W, ChildWorkflowOptions>,
): Promise<boolean> => {
  try {
    await CancellationScope.nonCancellable(() =>
      startChild<Workflow>(workflow, {
        ...options,
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowTaskTimeout,
      }),
    );
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
};
