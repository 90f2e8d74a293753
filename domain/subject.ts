/** What every activity is told of the operation it serves: a few names, so that payloads stay small. */
import type { OperationRequest } from './operation.ts';
import type { OperationId, ReleaseId, StackName } from './names.ts';
import type { Plan, ReleaseKind } from './plan.ts';

/** Who a snapshot, or a record of what was before, belongs to. */
export type Owner = {
  operation: OperationId;
  stack: StackName;
  /** UTC, whole seconds, ISO 8601: part of the names of this operation's snapshots. */
  startedAt: string;
};

export type Subject = Owner & {
  kind: ReleaseKind;
  release: ReleaseId;
  previousRelease?: ReleaseId;
  because?: string;
};

export const ownerOf = (
  { operation, stack }: Pick<OperationRequest, 'operation' | 'stack'>,
  startedAt: Date,
): Owner => ({ operation, stack, startedAt: startedAt.toISOString().replace(/\.\d+Z$/, 'Z') });

export const subjectOf = (
  request: Pick<OperationRequest, 'operation' | 'stack' | 'because'>,
  plan: Plan,
  startedAt: Date,
): Subject => ({
  ...ownerOf(request, startedAt),
  kind: plan.kind,
  release: plan.release,
  ...(plan.previousRelease === undefined ? {} : { previousRelease: plan.previousRelease }),
  ...(request.because === undefined ? {} : { because: request.because }),
});
