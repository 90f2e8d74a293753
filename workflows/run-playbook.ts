/**
 * A playbook, carried out on a target: measured before, its steps under the real locks, measured after. A step that fails ends it, and
 * is put back by the operation that carried it out.
 *
 * Read `runPlaybook` aloud; the order of things is decided here and nowhere else.
 */
import { ActivityFailure, CancellationScope, isCancellation, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { playbookEvent } from '../domain/event.ts';
import {
  playbookOutcome,
  stepTitle,
  type Playbook,
  type PlaybookOutcome,
  type PlaybookReport,
  type PlaybookRequest,
  type StepEnd,
} from '../domain/playbook.ts';
import { isError, problemText } from '../domain/problem.ts';
import type { Step } from '../domain/operation.ts';
import { changing, lengthy } from './activities.ts';
import { ChangeSteps, ended } from './change.ts';
import { protect, runStep, type Running, type StepResult } from './playbook-step.ts';
import { reasonOf } from './saga.ts';
import { announceEvent } from './tell-people.ts';

export async function runPlaybook(request: PlaybookRequest): Promise<PlaybookReport> {
  const report = await carryOut(request);
  const event = playbookEvent(report, workflowInfo(), Date.now());
  if (event) await announceEvent(event);
  return report;
}

const carryOut = async (request: PlaybookRequest): Promise<PlaybookReport> => {
  const run = new Run(request);
  try {
    const prepared = await lengthy.preparePlaybook.executeWithOptions(
      { summary: 'read again, and looked at' },
      [request],
    );
    const { playbook, target, release, update } = prepared;
    const problems = prepared.problems.filter(isError).map(problemText);
    if (!playbook || !target) return run.close('refused', { notes: problems });
    await demandNeeds(playbook);
    const figures = await lengthy.noteBaseline.executeWithOptions({ summary: 'what it is measured by' }, [
      request.operation,
      prepared,
    ]);
    await run.steps(playbook, {
      request,
      target,
      ...(release ? { release } : {}),
      ...(update ? { update } : {}),
    });
    return await CancellationScope.nonCancellable(() => finish(run, figures));
  } catch (error) {
    if (isCancellation(error)) return run.close('cancelled', { notes: ['Nothing was changed.'] });
    return run.close('refused', { notes: [`${reasonOf(error)} Nothing was changed.`] });
  }
};

/** Asked once: what is not there now is no reason to wait. */
const demandNeeds = async ({ needs }: Playbook): Promise<void> => {
  const { checks } = needs;
  if (checks.length > 0)
    await changing.runChecks.executeWithOptions({ summary: `${checks.length} checks before it` }, [
      checks,
      0,
    ]);
};

/** What came of it is measured only where something was done. */
const finish = async (run: Run, figures: PlaybookReport['figures']): Promise<PlaybookReport> => {
  const outcome = playbookOutcome(run.ends);
  if (outcome !== 'done' && outcome !== 'incomplete') return run.close(outcome, { figures });
  const { request } = run;
  try {
    const summary = 'what it has come to';
    const measured = await lengthy.measureSuccess.executeWithOptions({ summary }, [
      request,
      request.operation,
    ]);
    return run.close(outcome, measured);
  } catch (error) {
    return run.close(outcome, {
      figures,
      notes: [`What it has come to could not be measured: ${reasonOf(error)}`],
    });
  }
};

/** What has been done so far, as the Web UI and the command line show it, and what came of it. */
class Run {
  readonly request: PlaybookRequest;
  readonly ends: StepEnd[] = [];
  readonly #shown = new ChangeSteps('How far each step has come.');
  readonly #reports: PlaybookReport['steps'] = [];
  readonly #left: string[] = [];

  constructor(request: PlaybookRequest) {
    this.request = request;
  }

  /** Until one fails. */
  async steps({ steps, protects }: Playbook, running: Running): Promise<void> {
    if (protects.length > 0) {
      const taken = await this.#step('protect', 'Snapshot data', () => protect(protects, running));
      if (taken !== 'done') return;
      // A snapshot changes nothing; where the steps find nothing to do, nothing was done.
      this.ends.length = 0;
    }
    for (const [index, step] of steps.entries()) {
      const title = stepTitle(step, this.request.target);
      const end = await this.#step(`step-${index}`, title, () => runStep(step, running));
      if (end !== 'done' && end !== 'unchanged') return;
    }
  }

  async #step(id: string, title: string, work: () => Promise<StepResult>): Promise<StepEnd> {
    const step = this.#shown.begin(id, title);
    const { end, outcome, notes, left } = await work().catch(failed);
    this.#shown.note(step, { state: states[end], note: outcome, endedAt: Date.now() });
    this.ends.push(end);
    this.#reports.push({ title, outcome, notes });
    this.#left.push(...left);
    return end;
  }

  close(outcome: PlaybookOutcome, rest: Partial<PlaybookReport>): PlaybookReport {
    return {
      ...this.request,
      ...ended(this.request, outcome),
      steps: this.#reports,
      figures: [],
      left: this.#left,
      notes: [],
      ...rest,
    };
  }
}

const states: Record<StepEnd, Step['state']> = {
  done: 'done',
  unchanged: 'skipped',
  refused: 'failed',
  'rolled-back': 'undone',
  cancelled: 'undone',
  incomplete: 'failed',
  'needs-human': 'failed',
};

/** An operation that has begun ends with a report of its own; what ends otherwise never began, or was ended by force. */
const failed = (error: unknown): StepResult => {
  if (isCancellation(error)) return { end: 'cancelled', outcome: 'cancelled', notes: [], left: [] };
  if (error instanceof WorkflowExecutionAlreadyStartedError)
    return {
      end: 'refused',
      outcome: 'busy',
      notes: [`${error.workflowId} is at work. Nothing was changed.`],
      left: [],
    };
  // Only what is looked at before a step is an activity of its own.
  if (error instanceof ActivityFailure)
    return {
      end: 'refused',
      outcome: 'refused',
      notes: [`${reasonOf(error)} Nothing was changed.`],
      left: [],
    };
  return { end: 'incomplete', outcome: 'failed', notes: [reasonOf(error)], left: [] };
};
