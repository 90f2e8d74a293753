/**
 * Deploy, undo and remove are one runbook: bring a stack from what runs to what is wanted, or put everything back.
 *
 * Read `deployStack` aloud; the order of things is decided here and nowhere else.
 */
import {
  CancellationScope,
  getExternalWorkflowHandle,
  isCancellation,
  setHandler,
} from '@temporalio/workflow';
import { deedsOf } from '../domain/ecosystem.ts';
import type { AgreedRelease, OperationRequest, Report } from '../domain/operation.ts';
import type { ReleaseId } from '../domain/names.ts';
import { isNoop, isRefused, needsImages, type Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { reading } from './activities.ts';
import { applyPlan, commitPlan, type Applied } from './apply-plan.ts';
import { fetchImages } from './fetch-images.ts';
import { Gatekeeper, type Gated } from './gate.ts';
import { commitSignal, memberReadySignal } from './messages.ts';
import { Operation } from './operation.ts';
import { failureOf, Saga } from './saga.ts';
import { announceEnd } from './tell-people.ts';
import { unwindPlan } from './unwind-plan.ts';

export async function deployStack(request: OperationRequest): Promise<Report> {
  const operation = new Operation(request);
  const gatekeeper = new Gatekeeper(operation);
  const report = await bringAbout(operation, gatekeeper, request);
  await CancellationScope.nonCancellable(() => gatekeeper.tellOutcome(report));
  // Of its stacks the ecosystem tells.
  if (!request.ecosystem) await announceEnd(operation, report);
  return report;
}

const bringAbout = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: OperationRequest,
): Promise<Report> => {
  const allReady = readyForCommit(operation, request);
  operation.announce([{ id: 'preflight', title: 'Preflight' }]);

  const agreed = await agreeOnPlan(operation, gatekeeper, request);
  if ('outcome' in agreed) return agreed;

  const saga = new Saga(operation);
  const applied: Applied = {
    services: {},
    snapshots: [],
    startedAt: operation.startedAt.toISOString(),
    unwound: { ran: [], data: [], untouched: true, dataAtRisk: false, closed: [] },
  };
  try {
    await operation.interruptible(() => applyPlan(operation, saga, agreed, applied, allReady));
  } catch (error) {
    const failure = failureOf(error, operation);
    const asked = isCancellation(error) || operation.stopReason !== undefined;
    if (agreed.policy.rollback === 'hold' && !asked) await operation.hold(failure);
    return await CancellationScope.nonCancellable(() =>
      unwindPlan(operation, saga, agreed, applied, failure, asked),
    );
  }
  return await CancellationScope.nonCancellable(() => commitPlan(operation, agreed, applied));
};

/** A stack of an ecosystem commits only when the ecosystem says so; any other as soon as it is validated. */
const readyForCommit = (operation: Operation, { ecosystem, stack }: OperationRequest) => {
  let agreed = ecosystem === undefined;
  setHandler(
    commitSignal,
    () => {
      agreed = true;
    },
    { description: 'From the ecosystem: every stack is healthy, so this one may commit.' },
  );
  return async (): Promise<void> => {
    if (!ecosystem) return;
    await getExternalWorkflowHandle(ecosystem.workflowId).signal(memberReadySignal, stack);
    await operation.waitFor('ecosystem', `Wait for the rest of ${ecosystem.name}`, () => agreed);
  };
};

/** A plan that may be carried out: its images are here, and its gate is passed. Nothing that runs is touched. */
const agreeOnPlan = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: OperationRequest,
): Promise<Plan | Report> => {
  const forWhole = request.ecosystem?.agreed;
  try {
    return await operation.interruptible(async () => {
      const first = await operation.step('preflight', 'Preflight', () =>
        preparePlan(operation, request, forWhole?.release),
      );
      if ('outcome' in first) return first;
      const settle = async (): Promise<Agreed | Report> =>
        await operation.step('settle', 'Settle the plan', () =>
          preparePlan(operation, request, first.plan.release),
        );
      const settled = needsImages(first.plan) ? await fetchAndSettle(operation, first.plan, settle) : first;
      if ('outcome' in settled) return settled;
      if (forWhole) return asAgreed(operation, settled.plan, forWhole);
      const passed = await gatekeeper.pass(settled, settle, request.options.expectedPlan !== undefined);
      return 'outcome' in passed ? passed : passed.plan;
    });
  } catch (error) {
    const failure = failureOf(error, operation);
    if (isCancellation(error)) return operation.close('cancelled', { notes: ['Nothing was changed.'] });
    return operation.close('refused', { failure, notes: ['Nothing was changed.'] });
  }
};

type Agreed = Gated & { plan: Plan };

/** What all of its ecosystem has waited for, this stack has. What nobody has approved is not done. */
const asAgreed = (operation: Operation, plan: Plan, { deeds: approved }: AgreedRelease): Plan | Report => {
  const other = approved ? deedsOf(plan).filter((deed) => !approved.includes(deed)) : [];
  if (other.length === 0) return plan;
  const message = `It would not be what was approved any more: ${other.join(', ')}. Nothing was changed.`;
  const problem: Problem = { severity: 'error', code: 'plan-outdated', message };
  return operation.close('refused', { ...planned(plan), problems: [problem] });
};

/** Only images that are here tell which release it will be. */
const fetchAndSettle = async (
  operation: Operation,
  plan: Plan,
  settle: () => Promise<Agreed | Report>,
): Promise<Agreed | Report> => {
  await operation.step('images', 'Fetch images', () => fetchImages(plan));
  return await settle();
};

/** `settling` names the release of an earlier plan: its spec counts, not a file edited since. */
const preparePlan = async (
  operation: Operation,
  request: OperationRequest,
  settling?: ReleaseId,
): Promise<Agreed | Report> => {
  const summary = `${request.kind} ${request.stack}: compare what is wanted with what runs`;
  const prepared = await reading.preparePlan.executeWithOptions({ summary }, [request, settling]);
  operation.hears = prepared.hears ?? [];
  if (!prepared.plan) return operation.close('refused', { problems: prepared.problems });
  const { plan } = prepared;
  operation.plan = plan;
  if (isRefused(plan)) return operation.close('refused', { ...planned(plan), problems: plan.problems });
  if (isNoop(plan) && !needsImages(plan)) return operation.close('unchanged', planned(plan));
  return prepared;
};

/** What a report says of a plan, whatever came of it. */
const planned = (plan: Plan): Partial<Report> => ({
  release: plan.release,
  ...(plan.previousRelease === undefined ? {} : { previousRelease: plan.previousRelease }),
  changes: plan.services.map(({ service, action, reasons }) => ({ service, action, reasons })),
  problems: plan.problems,
});
