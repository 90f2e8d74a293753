/** What every activity is told of the operation it serves: a few names, so that payloads stay small. */
import type { OperationRequest } from '../domain/operation.ts';
import type { OperationId, ReleaseId, StackName } from '../domain/names.ts';
import type { OperationKind, Plan } from '../domain/plan.ts';

export type Subject = {
  operation: OperationId;
  kind: OperationKind;
  stack: StackName;
  release: ReleaseId;
  previousRelease?: ReleaseId;
};

export const subjectOf = ({ operation, kind, stack }: OperationRequest, plan: Plan): Subject => ({
  operation,
  kind,
  stack,
  release: plan.release,
  ...(plan.previousRelease === undefined ? {} : { previousRelease: plan.previousRelease }),
});
