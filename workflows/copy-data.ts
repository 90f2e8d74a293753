/**
 * Copying snapshots to another machine or disk. A copy that fails keeps no other; nothing here is undone, and what is half made
 * counts for nothing.
 *
 * Read `copyData` aloud; the order of things is decided here and nowhere else.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  copyOutcome,
  setReportText,
  type CopyOutcome,
  type CopyPlan,
  type CopyRef,
  type CopyReport,
  type CopyRequest,
  type PlannedSet,
  type SetReport,
} from '../domain/copy.ts';
import { snapshotQuestion } from '../domain/guard.ts';
import type { Step } from '../domain/operation.ts';
import { isError, type Problem } from '../domain/problem.ts';
import { changing, copying } from './activities.ts';
import { ChangeSteps, ended } from './change.ts';
import { guardAsChild } from './child.ts';
import { newOperationId } from './operation-id.ts';
import { reasonOf } from './saga.ts';

export async function copyData(request: CopyRequest): Promise<CopyReport> {
  const { operation, name } = request;
  const run = new CopyRun(request);
  const plan = await run.plan();
  if (!plan.ok) return await close(request, 'refused', { problems: plan.problems });

  const { target } = plan.plan;
  let stopped = false;
  let notRetired: string | undefined;
  let retired: CopyReport['retired'] = { removed: [], pruned: false };
  try {
    for (const set of plan.plan.sets) await run.copy(set, plan.plan);
    // Only where newer ones have come does an old one go.
    if (run.sets.some(({ did }) => did === 'copied' || did === 'there'))
      retired = await copying.retireCopies.executeWithOptions({ summary: 'copies that no rule keeps' }, [
        { operation, name },
      ]);
  } catch (error) {
    if (isCancellation(error)) stopped = true;
    else notRetired = reasonOf(error);
  }
  return await CancellationScope.nonCancellable(
    async () =>
      await close(request, stopped ? 'stopped' : copyOutcome(run.sets, notRetired), {
        target,
        sets: run.sets,
        retired,
        ...(notRetired === undefined ? {} : { notRetired }),
      }),
  );
}

type Planned = { ok: true; plan: CopyPlan } | { ok: false; problems: Problem[] };

/** What has been copied so far: a step a path. */
class CopyRun {
  readonly sets: SetReport[] = [];
  readonly #request: CopyRequest;
  readonly #steps = new ChangeSteps('How far each path has come.');

  constructor(request: CopyRequest) {
    this.#request = request;
  }

  async plan(): Promise<Planned> {
    try {
      const plan = await copying.planCopy.executeWithOptions({ summary: 'what is to be copied' }, [
        this.#ref(),
      ]);
      const { problems } = plan;
      return problems.some(isError) ? { ok: false, problems } : { ok: true, plan };
    } catch (error) {
      if (isCancellation(error)) throw error;
      const message = `${reasonOf(error)} Nothing was copied.`;
      return { ok: false, problems: [{ severity: 'error', code: 'copy', message }] };
    }
  }

  async copy(set: PlannedSet, { copyLimitBytes }: CopyPlan): Promise<void> {
    const { path } = set;
    const step = this.#steps.begin(path, `Copy ${path}`);
    try {
      const notes = set.action === 'take' ? await this.#take(set, copyLimitBytes, step) : [];
      this.#steps.note(step, { note: 'copying' });
      const report = await this.#copyOne(path);
      this.sets.push({ ...report, notes: [...notes, ...report.notes] });
      const good = report.did === 'copied' || report.did === 'there';
      this.#steps.note(step, { state: good ? 'done' : 'failed', note: noteOf(report) });
    } catch (error) {
      this.#steps.note(step, { state: 'skipped' });
      throw error;
    } finally {
      this.#steps.note(step, { endedAt: Date.now() });
    }
  }

  async #copyOne(path: string): Promise<SetReport> {
    try {
      return await copying.copySet.executeWithOptions({ summary: path }, [this.#ref(), path]);
    } catch (error) {
      if (isCancellation(error)) throw error;
      return { path, did: 'failed', why: reasonOf(error), notes: [] };
    }
  }

  /** A snapshot of now, under the lock of the stack that uses the data. Without one the newest is copied, and its age told. */
  async #take({ path, newest }: PlannedSet, copyLimitBytes: number, step: Step): Promise<string[]> {
    this.#steps.note(step, { note: 'taking a snapshot' });
    const { name, host } = this.#request;
    const operation = newOperationId();
    const question = { ...snapshotQuestion(`copy ${name}`, [path], copyLimitBytes), operation, host };
    const why = await this.#guard(question, `for copy ${name}`);
    if (why === undefined) return [];
    return [`no snapshot was taken: ${why}${newest ? `; that of ${newest.takenAt} was used` : ''}`];
  }

  /** @returns why there is none. */
  async #guard(...guarded: Parameters<typeof guardAsChild>): Promise<string | undefined> {
    try {
      const { outcome, notes } = await guardAsChild(...guarded);
      return outcome === 'done' ? undefined : [outcome, ...notes].join(': ');
    } catch (error) {
      if (isCancellation(error)) throw error;
      return error instanceof WorkflowExecutionAlreadyStartedError
        ? `${error.workflowId} is at work`
        : reasonOf(error);
    }
  }

  #ref(): CopyRef {
    const { operation, name } = this.#request;
    return { operation, name };
  }
}

const noteOf = (report: SetReport): string => setReportText(report).slice(report.path.length + 2);

/** How it ended is noted on the host, for whoever asks how old the copies are. */
const close = async (
  request: CopyRequest,
  outcome: CopyOutcome,
  rest: Partial<CopyReport>,
): Promise<CopyReport> => {
  const { operation, name } = request;
  const report: CopyReport = {
    name,
    ...ended(request, outcome),
    sets: [],
    retired: { removed: [], pruned: false },
    ...rest,
    problems: [...(rest.problems ?? [])],
  };
  const why = [
    ...report.sets.filter(({ did }) => did === 'failed' || did === 'incomplete').map(setReportText),
    ...(report.notRetired === undefined ? [] : [report.notRetired]),
    ...report.problems.map(({ message }) => message),
  ];
  const at = new Date().toISOString();
  try {
    await changing.noteCopyRun.executeWithOptions({ summary: outcome }, [
      { operation, name },
      { operation, at, outcome, why },
    ]);
  } catch (error) {
    // What was copied is there all the same.
    const message = `How it ended could not be noted on the host: ${reasonOf(error)}`;
    report.problems.push({ severity: 'warning', code: 'not-noted', message });
  }
  return report;
};
