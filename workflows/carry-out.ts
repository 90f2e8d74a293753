/**
 * Carries out what Baton decided: waits for its answer or its hour, asks once more whether it may, runs the playbook, and keeps what
 * came of it. Its id is used once, so what was decided is begun once.
 *
 * Read `carryOut` aloud; the order of things is decided here and nowhere else.
 */
import { CancellationScope, executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';
import { actionEvent } from '../domain/autonomy-event.ts';
import { announcedOf, endOf, outcomeOf, type ActionEnd, type ActionRequest } from '../domain/action.ts';
import { measureWorkflowId, playbookWorkflowId } from '../domain/ids.ts';
import type { Report } from '../domain/operation.ts';
import type { ActionOutcome } from '../domain/outcome.ts';
import type { PlaybookReport } from '../domain/playbook.ts';
import { changing, reading } from './activities.ts';
import { child } from './child.ts';
import { startDetached } from './detached.ts';
import { Gatekeeper } from './gate.ts';
import type { measureOutcome } from './measure-outcome.ts';
import { Operation } from './operation.ts';
import type { runPlaybook } from './run-playbook.ts';
import { reasonOf } from './saga.ts';
import { memberSearchAttributes, noticeSearchAttributes } from './search-attributes.ts';
import { announceEvent } from './tell-people.ts';

export async function carryOut(request: ActionRequest): Promise<Report> {
  const operation = new Operation(announcedOf(request));
  const gatekeeper = new Gatekeeper(operation);
  operation.plan = request.plan;
  const report = await attempt(operation, gatekeeper, request);
  return await CancellationScope.nonCancellable(async () => {
    const unkept = await unkeptBy('Its end', () => keepEnd(request, report, hasBegun(operation)));
    report.notes.push(...unkept);
    await gatekeeper.tellOutcome(report);
    return report;
  });
}

const attempt = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: ActionRequest,
): Promise<Report> => {
  try {
    return await operation.interruptible(async () => {
      const passed = await gatekeeper.pass(request, () => Promise.resolve(request));
      if ('outcome' in passed) return passed;
      const denial = await operation.step('permission', 'Ask whether it still may', async () =>
        reading.whyMayNotBegin.executeWithOptions({ summary: request.playbook }, [request.session]),
      );
      if (denial !== null) return close(operation, 'refused', denial);
      return await run(operation, request);
    });
  } catch (error) {
    if (!isCancellation(error)) return close(operation, 'refused', reasonOf(error));
    // Who cancels what waits says no to it.
    return operation.stopReason === undefined
      ? close(operation, 'cancelled', 'Baton was told to stop before it began.')
      : close(operation, 'not-approved', `Cancelled: ${operation.stopReason}.`);
  }
};

const close = (
  operation: Operation,
  outcome: 'refused' | 'cancelled' | 'not-approved',
  why: string,
): Report => operation.close(outcome, { notes: [why, 'Nothing was changed.'] });

/** Whether its playbook was started: before that nothing can have been changed. */
const hasBegun = ({ steps }: Operation): boolean => steps.some(({ id }) => id === playbookStep);

const playbookStep = 'playbook';

/** From here on something may be changed, so what came of it is kept, whatever becomes of this workflow. */
const run = async (operation: Operation, request: ActionRequest): Promise<Report> => {
  let report: PlaybookReport;
  try {
    report = await operation.step(playbookStep, request.plan.lines[0] ?? request.playbook, () =>
      asChild(request),
    );
  } catch (error) {
    const left = [`What it had done is not known: ${reasonOf(error)}`];
    return operation.close('needs-human', { left });
  }
  const { outcome, rest } = endOf(report);
  const came = outcomeOf(report, Date.now());
  const unkept: string[] = [];
  await CancellationScope.nonCancellable(async () => {
    if (came) unkept.push(...(await unkeptBy('What came of it', () => learn(request, came))));
    const event = actionEvent(request, report, workflowInfo(), Date.now());
    if (event) await announceEvent(event);
  });
  return operation.close(outcome, { ...rest, notes: [...rest.notes, ...unkept] });
};

/** What was done is done, and told, though it cannot be kept. @returns why not. */
const unkeptBy = async (what: string, keep: () => Promise<void>): Promise<string[]> => {
  try {
    await keep();
    return [];
  } catch (error) {
    return [`${what} could not be kept in the records: ${reasonOf(error)}`];
  }
};

const asChild = async (request: ActionRequest): Promise<PlaybookReport> => {
  const { operation, host, playbook, hash, target, cause, decision, image } = request;
  return await executeChild<typeof runPlaybook>('runPlaybook', {
    ...child,
    workflowId: playbookWorkflowId(host, operation),
    staticSummary: `${playbook} on ${target}, decided as ${decision}`,
    typedSearchAttributes: memberSearchAttributes(announcedOf(request)),
    args: [
      {
        operation,
        host,
        playbook,
        hash,
        target,
        cause,
        decision,
        ...(image === undefined ? {} : { image }),
      },
    ],
  });
};

/** Kept at once, and measured again later: what is full again next morning was not freed. */
const learn = async (request: ActionRequest, outcome: ActionOutcome): Promise<void> => {
  await changing.keepOutcome.executeWithOptions({ summary: outcome.failed ? 'failed' : 'done' }, [outcome]);
  if (outcome.failed) return;
  const { operation, host, playbook, target } = request;
  await startDetached<typeof measureOutcome>('measureOutcome', {
    workflowId: measureWorkflowId(host, operation),
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
    staticSummary: `measure ${playbook} on ${target} again`,
    typedSearchAttributes: noticeSearchAttributes(host, 'measure'),
    args: [request, outcome],
  });
};

/** The decision is closed, so that the matter may be decided on again. */
const keepEnd = async ({ decision }: ActionRequest, report: Report, hasBegun: boolean): Promise<void> => {
  const { operation, outcome, notes } = report;
  const [why] = notes;
  const end: ActionEnd = {
    operation,
    at: Date.now(),
    outcome,
    ...(hasBegun || why === undefined ? {} : { why }),
  };
  await changing.keepEnd.executeWithOptions({ summary: outcome }, [decision, end]);
};
