/**
 * Rotation: removes the snapshots that no retention rule keeps. Nothing here is undone: each is removed only where, at that
 * very moment, nothing holds it.
 *
 * Read `rotateSnapshots` aloud; the order of things is decided here and nowhere else.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import {
  mostRemovals,
  type RotationOutcome,
  type RotationReport,
  type RotationRequest,
  type SnapshotRef,
} from '../domain/rotation.ts';
import { isError } from '../domain/problem.ts';
import type { Space } from '../activities/ports/snapshots.ts';
import { lengthy, reading } from './activities.ts';
import { ChangeSteps, ended, problemsOf } from './change.ts';
import { reasonOf } from './saga.ts';

type Done = Pick<RotationReport, 'removed' | 'gone' | 'kept' | 'failed'>;

export async function rotateSnapshots(request: RotationRequest): Promise<RotationReport> {
  const steps = new ChangeSteps('How far each path has come.');
  const plan = await reading.planRotation.executeWithOptions(
    { summary: 'what no rule keeps' },
    request.stack ? [request.stack] : [],
  );
  const problems = problemsOf(request.plan, plan, 'baton snapshots prune --dry-run');
  if (problems.some(isError)) return close(request, 'refused', { problems });
  if (plan.remove.length === 0) return close(request, 'unchanged', {});

  const now = plan.remove.slice(0, mostRemovals);
  const paths = [...new Set(now.map(({ path }) => path))];
  const done: Done = { removed: [], gone: [], kept: [], failed: [] };
  const before = await spaceOf(paths, false);
  let stopped = false;
  try {
    for (const path of paths)
      await prunePath(
        steps,
        path,
        now.filter((one) => one.path === path),
        done,
      );
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

const close = (
  request: RotationRequest,
  outcome: RotationOutcome,
  rest: Partial<RotationReport>,
): RotationReport => ({
  ...ended(request, outcome),
  ...(request.stack ? { stack: request.stack } : {}),
  removed: [],
  gone: [],
  kept: [],
  failed: [],
  left: 0,
  space: [],
  problems: [],
  ...rest,
});

/** A step a path. */
const prunePath = async (
  steps: ChangeSteps,
  path: string,
  snapshots: readonly SnapshotRef[],
  done: Done,
): Promise<void> => {
  const step = steps.begin(path, `Prune ${path}`);
  try {
    for (const [index, snapshot] of snapshots.entries()) {
      steps.note(step, { note: `${index} of ${snapshots.length}` });
      await removeOne(snapshot, done);
    }
    steps.note(step, { state: 'done', note: `${snapshots.length} of ${snapshots.length}` });
  } catch (error) {
    steps.note(step, { state: 'skipped' });
    throw error;
  } finally {
    steps.note(step, { endedAt: Date.now() });
  }
};
