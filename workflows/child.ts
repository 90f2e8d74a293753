/** Operations that another workflow starts under their real lock, and waits for. */
import { ChildWorkflowCancellationType, ParentClosePolicy, executeChild } from '@temporalio/workflow';
import { plannedGuard, type GuardQuestion } from '../domain/guard.ts';
import { stackWorkflowId } from '../domain/ids.ts';
import type { StackName } from '../domain/names.ts';
import { workflowTaskTimeout, type Failure, type Outcome } from '../domain/operation.ts';
import { isError } from '../domain/problem.ts';
import { reading } from './activities.ts';
import type { guardOperation } from './guard-operation.ts';
import { memberSearchAttributes } from './search-attributes.ts';

/** The operation goes on though whoever started it is ended; a cancel of that one is one of the operation. */
export const child = {
  parentClosePolicy: ParentClosePolicy.ABANDON,
  cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
  workflowTaskTimeout,
};

/**
 * Which stack uses the data, and so whose lock it is, is found out each time anew.
 * @param occasion such as `scheduled as nightly`. @throws where another operation has the lock.
 */
export const guardAsChild = async (
  question: GuardQuestion,
  occasion: string,
): Promise<{ stack: StackName; outcome: Outcome; notes: string[]; failure?: Failure; left?: string[] }> => {
  const plan = await reading.prepareGuard.executeWithOptions({ summary: occasion }, [question]);
  const { stack } = plan;
  const errors = plan.problems.filter(isError).map(({ message }) => message);
  if (errors.length > 0) return { stack, outcome: 'refused', notes: errors };
  const request = plannedGuard(question, plan);
  const { outcome, notes, failure, left } = await executeChild<typeof guardOperation>('guardOperation', {
    ...child,
    workflowId: stackWorkflowId(request.host, request.stack),
    staticSummary: `${request.kind} ${request.stack}, ${occasion}`,
    typedSearchAttributes: memberSearchAttributes(request),
    args: [request],
  });
  return { stack, outcome, notes, left, ...(failure ? { failure } : {}) };
};
