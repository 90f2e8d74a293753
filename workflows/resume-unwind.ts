/** `baton resume`: an unwind that could not be finished, gone on with once its cause is mended. Every undo step does only what is missing. */
import { CancellationScope, patched } from '@temporalio/workflow';
import { eventKinds } from '../domain/event.ts';
import type { Report, ResumeRequest } from '../domain/operation.ts';
import type { Applied } from './apply-plan.ts';
import { resumeGuard } from './guard-operation.ts';
import { Operation } from './operation.ts';
import { Saga } from './saga.ts';
import { announceEnd } from './tell-people.ts';
import { registerUndo, unwindPlan } from './unwind-plan.ts';

export async function resumeUnwind(request: ResumeRequest): Promise<Report> {
  const operation = new Operation(request, new Date(request.startedAt));
  const report = await goOn(operation, request);
  // It plans nothing, so nobody has said yet who wants to hear of it.
  if (patched('tell-people')) operation.hears = eventKinds;
  await announceEnd(operation, report);
  return report;
}

const goOn = async (
  operation: Operation,
  { plan, ran, startedAt, failure, dataUntouched = false }: ResumeRequest,
): Promise<Report> => {
  operation.plan = plan;
  if (plan.kind === 'guard')
    return await CancellationScope.nonCancellable(() => resumeGuard(operation, plan, failure, dataUntouched));
  const saga = new Saga(operation);
  const applied: Applied = {
    services: {},
    snapshots: [],
    startedAt,
    unwound: { ran, data: [], untouched: dataUntouched, dataAtRisk: false, closed: [] },
  };
  const undo = registerUndo(operation, saga, plan, applied);
  // In the order of the steps that they take back.
  undo.snapshots();
  undo.resources();
  undo.previous();
  undo.databases();
  undo.files();
  // Where the snapshots were never finished, there is nothing to put back from, and no need to.
  if (!dataUntouched) undo.data();
  undo.containers();
  undo.record();
  return await CancellationScope.nonCancellable(() =>
    unwindPlan(operation, saga, plan, applied, failure, false),
  );
};
