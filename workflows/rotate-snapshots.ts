/**
 * Rotation: removes the snapshots that no retention rule keeps. Nothing here is undone: each is removed only where, at that
 * very moment, nothing holds it.
 *
 * Read `rotateSnapshots` aloud; the order of things is decided here and nowhere else.
 */
import {
  CancellationScope,
  defineQuery,
  isCancellation,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Step } from '../domain/operation.ts';
import { isError } from '../domain/problem.ts';
import { renderChecklist } from '../domain/report.ts';
import {
  mostRemovals,
  type RotationOutcome,
  type RotationPlan,
  type RotationProgress,
  type RotationReport,
  type RotationRequest,
  type SnapshotRef,
} from '../domain/rotation.ts';
import type { Space } from '../activities/ports/snapshots.ts';
import { lengthy, reading } from './activities.ts';
import { reasonOf } from './saga.ts';
import { searchAttribute } from './search-attributes.ts';

const progressQuery = defineQuery<RotationProgress>('progress');

type Done = Pick<RotationReport, 'removed' | 'gone' | 'kept' | 'failed'>;

export async function rotateSnapshots(request: RotationRequest): Promise<RotationReport> {
  const checklist = new Checklist();
  const plan = await reading.planRotation.executeWithOptions(
    { summary: 'what no rule keeps' },
    request.stack ? [request.stack] : [],
  );
  const problems = problemsOf(request, plan);
  if (problems.some(isError)) return close(request, 'refused', { problems });
  if (plan.remove.length === 0) return close(request, 'unchanged', {});

  const now = plan.remove.slice(0, mostRemovals);
  const paths = [...new Set(now.map(({ path }) => path))];
  const done: Done = { removed: [], gone: [], kept: [], failed: [] };
  const before = await spaceOf(paths, false);
  let stopped = false;
  try {
    for (const path of paths)
      await checklist.path(path, now, async (snapshot) => await removeOne(snapshot, done));
  } catch (error) {
    if (!isCancellation(error)) throw error;
    stopped = true;
  }
  return await CancellationScope.nonCancellable(async () => {
    const after = await spaceOf(paths, true);
    const tried = [done.removed, done.gone, done.kept, done.failed].flat().length;
    return close(request, stopped ? 'stopped' : done.failed.length > 0 ? 'incomplete' : 'done', {
      ...done,
      left: plan.remove.length - tried,
      space: before.flatMap(({ filesystem, freeBytes }) => {
        const since = after.find((one) => one.filesystem === filesystem);
        if (!since) return [];
        return [{ filesystem, freeBefore: freeBytes, freeAfter: since.freeBytes, settled: since.settled }];
      }),
    });
  });
}

/** One that cannot be removed keeps no other. */
const removeOne = async (snapshot: SnapshotRef, done: Done): Promise<void> => {
  try {
    const removal = await lengthy.removeSnapshot.executeWithOptions({ summary: snapshot.name }, [snapshot]);
    if (removal.did === 'kept') done.kept.push({ ...snapshot, reasons: removal.reasons });
    else done[removal.did].push(snapshot);
  } catch (error) {
    if (isCancellation(error)) throw error;
    done.failed.push({ ...snapshot, why: reasonOf(error) });
  }
};

/** What was measured is told, not needed. */
const spaceOf = async (paths: string[], settle: boolean): Promise<Space[]> => {
  const summary = settle ? 'free space after it' : 'free space before it';
  return await reading.readSpace.executeWithOptions({ summary }, [paths, settle]).catch((error: unknown) => {
    if (isCancellation(error)) throw error;
    return [];
  });
};

const problemsOf = ({ plan: seen }: RotationRequest, plan: RotationPlan): RotationPlan['problems'] => {
  if (plan.problems.some(isError) || seen === undefined || seen === plan.digest) return plan.problems;
  const message = `The plan that was seen (${seen}) is out of date: by now another one (${plan.digest}) would be carried out. Nothing was removed.`;
  return [
    { severity: 'error', code: 'plan-outdated', message, next: 'baton snapshots prune --dry-run' },
    ...plan.problems,
  ];
};

const close = (
  { operation, host, stack }: RotationRequest,
  outcome: RotationOutcome,
  rest: Partial<RotationReport>,
): RotationReport => {
  upsertSearchAttributes([{ key: searchAttribute.outcome, value: outcome }]);
  const startedAt = workflowInfo().startTime;
  return {
    operation,
    host,
    ...(stack ? { stack } : {}),
    outcome,
    startedAt: startedAt.toISOString(),
    durationMs: Date.now() - startedAt.getTime(),
    removed: [],
    gone: [],
    kept: [],
    failed: [],
    left: 0,
    space: [],
    problems: [],
    ...rest,
  };
};

/** A step a path, as the Web UI and the command line show them. */
class Checklist {
  readonly #steps: Step[] = [];

  constructor() {
    setHandler(progressQuery, () => ({ steps: this.#steps }), { description: 'How far each path has come.' });
  }

  async path(
    path: string,
    all: readonly SnapshotRef[],
    remove: (snapshot: SnapshotRef) => Promise<void>,
  ): Promise<void> {
    const own = all.filter((one) => one.path === path);
    const step: Step = { id: path, title: `Prune ${path}`, state: 'running', startedAt: Date.now() };
    this.#steps.push(step);
    try {
      for (const [index, snapshot] of own.entries()) {
        this.#note(step, { note: `${index} of ${own.length}` });
        await remove(snapshot);
      }
      this.#note(step, { state: 'done', note: `${own.length} of ${own.length}` });
    } catch (error) {
      this.#note(step, { state: 'skipped' });
      throw error;
    } finally {
      this.#note(step, { endedAt: Date.now() });
    }
  }

  #note(step: Step, change: Partial<Step>): void {
    Object.assign(step, change);
    setCurrentDetails(renderChecklist(this.#steps));
  }
}
