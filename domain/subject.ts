/** What every activity is told of the operation it serves: a few names, so that payloads stay small. */
import type { OperationRequest } from './operation.ts';
import type { OperationId, ReleaseId, StackName } from './names.ts';
import type { OperationKind, Plan } from './plan.ts';

export type Subject = {
  operation: OperationId;
  kind: OperationKind;
  stack: StackName;
  release: ReleaseId;
  previousRelease?: ReleaseId;
  /** UTC, whole seconds, ISO 8601: part of the names of this operation's snapshots. */
  startedAt: string;
};

export const subjectOf = (
  { operation, kind, stack }: Pick<OperationRequest, 'operation' | 'kind' | 'stack'>,
  plan: Plan,
  startedAt: Date,
): Subject => ({
  operation,
  kind,
  stack,
  release: plan.release,
  startedAt: startedAt.toISOString().replace(/\.\d+Z$/, 'Z'),
  ...(plan.previousRelease === undefined ? {} : { previousRelease: plan.previousRelease }),
});
