/**
 * Deploy, undo and remove are one runbook: bring a stack from what runs to what is wanted, or put everything back.
 *
 * Read `deployStack` aloud; the order of things is decided here and nowhere else.
 */
import { CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { OperationRequest, Report } from '../domain/operation.ts';
import type { ReleaseId } from '../domain/names.ts';
import { isNoop, isRefused, needsImages, type Plan } from '../domain/plan.ts';
import { lengthy, reading } from './activities.ts';
import { applyPlan, commitPlan, type Applied } from './apply-plan.ts';
import { Operation } from './operation.ts';
import { failureOf, Saga } from './saga.ts';
import { unwindPlan } from './unwind-plan.ts';

export async function deployStack(request: OperationRequest): Promise<Report> {
  const operation = new Operation(request);
  operation.announce([{ id: 'preflight', title: 'Preflight' }]);

  const agreed = await agreeOnPlan(operation);
  if ('outcome' in agreed) return agreed;

  const saga = new Saga(operation);
  const applied: Applied = {
    services: {},
    snapshots: [],
    startedAt: workflowInfo().startTime.toISOString(),
    unwound: { ran: [], data: [] },
  };
  try {
    await operation.interruptible(() => applyPlan(operation, saga, agreed, applied));
  } catch (error) {
    return await CancellationScope.nonCancellable(() =>
      unwindPlan(operation, saga, agreed, applied, failureOf(error, operation), isCancellation(error)),
    );
  }
  return await CancellationScope.nonCancellable(() => commitPlan(operation, agreed, applied));
}

/** Plans, fetches images where that is needed to know the release, and plans again. Nothing that runs is touched. */
const agreeOnPlan = async (operation: Operation): Promise<Plan | Report> => {
  try {
    return await operation.interruptible(async () => {
      const first = await operation.step('preflight', 'Preflight', () => preparePlan(operation));
      if ('outcome' in first || !needsImages(first)) return first;
      await operation.step('images', 'Fetch images', () => fetchImages(first));
      return await operation.step('settle', 'Settle the plan', () => preparePlan(operation, first.release));
    });
  } catch (error) {
    const failure = failureOf(error, operation);
    if (isCancellation(error)) return operation.close('cancelled', { notes: ['Nothing was changed.'] });
    return operation.close('refused', { failure, notes: ['Nothing was changed.'] });
  }
};

/** `settling` names the release whose images were fetched meanwhile: its spec counts, not a file edited since. */
const preparePlan = async (operation: Operation, settling?: ReleaseId): Promise<Plan | Report> => {
  const { request } = operation;
  const summary = `${request.kind} ${request.stack}: compare what is wanted with what runs`;
  const { plan, problems } = await reading.preparePlan.executeWithOptions({ summary }, [request, settling]);
  if (!plan) return operation.close('refused', { problems });
  operation.plan = plan;
  if (isRefused(plan)) return operation.close('refused', { ...planned(plan), problems: plan.problems });
  if (isNoop(plan) && !needsImages(plan)) return operation.close('unchanged', planned(plan));
  return plan;
};

const fetchImages = async (plan: Plan): Promise<void> => {
  await Promise.all(
    plan.services
      .filter(({ image }) => image.fetch !== undefined)
      .map(({ service, image }) =>
        lengthy.fetchImage.executeWithOptions({ summary: `${image.fetch ?? 'fetch'} ${image.reference}` }, [
          { stack: plan.stack, release: plan.release, service },
        ]),
      ),
  );
};

/** What a report says of a plan, whatever came of it. */
const planned = (plan: Plan): Partial<Report> => ({
  release: plan.release,
  ...(plan.previousRelease === undefined ? {} : { previousRelease: plan.previousRelease }),
  changes: plan.services.map(({ service, action, reasons }) => ({ service, action, reasons })),
  problems: plan.problems,
});
