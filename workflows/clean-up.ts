/**
 * Cleanup: frees space, from what costs least to what costs most, until it is enough. Nothing here is undone: each thing is removed
 * only where, at that very moment, nothing holds it.
 *
 * Read `cleanUp` aloud; the order of things is decided here and nowhere else.
 */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import {
  cleanupOutcome,
  cleanupParts,
  partTitles,
  type CleanupItem,
  type CleanupOutcome,
  type CleanupPart,
  type CleanupReport,
  type CleanupRequest,
  type PartReport,
} from '../domain/cleanup.ts';
import { isNeeded, spaceBetween, stillShort, withNewest, type DiskUsage } from '../domain/cleanup-target.ts';
import { isError } from '../domain/problem.ts';
import { mostRemovals } from '../domain/rotation.ts';
import { lengthy, reading } from './activities.ts';
import { ChangeSteps, ended, problemsOf } from './change.ts';
import { reasonOf } from './saga.ts';

export async function cleanUp(request: CleanupRequest): Promise<CleanupReport> {
  const run = new Run(request);
  const plan = await lengthy.planCleanup.executeWithOptions({ summary: 'what can go' }, [request]);
  const problems = problemsOf(request.plan, plan, 'baton cleanup --dry-run');
  if (problems.some(isError)) return close(request, 'refused', { problems });
  run.usage = plan.usage;

  const now = plan.remove.slice(0, mostRemovals);
  let stopped = false;
  try {
    for (const part of cleanupParts) {
      const own = now.filter((item) => item.part === part);
      if (own.length > 0) await run.part(part, own, plan.until);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    stopped = true;
  }
  return await CancellationScope.nonCancellable(async () => {
    const usage = await usageOf(plan.usage, 'free space after it', plan.remove.length > 0);
    const space = spaceBetween(plan.usage, usage);
    const left = plan.remove.length - run.tried;
    const short = left === 0 && stillShort(usage, plan.until).length > 0;
    return close(request, cleanupOutcome(run.parts, space, { stopped, short }), {
      parts: run.parts,
      ...(plan.until === undefined ? {} : { until: plan.until }),
      space,
      usage,
      left,
    });
  });
}

/** What was measured is told, not needed. */
const usageOf = async (
  known: readonly DiskUsage[],
  summary: string,
  settle: boolean,
): Promise<DiskUsage[]> => {
  const filesystems = known.map(({ filesystem }) => filesystem);
  return await reading.readUsage
    .executeWithOptions({ summary }, [filesystems, settle])
    .catch((error: unknown) => {
      if (isCancellation(error)) throw error;
      return [];
    });
};

const close = (
  request: CleanupRequest,
  outcome: CleanupOutcome,
  rest: Partial<CleanupReport>,
): CleanupReport => ({
  ...ended(request, outcome),
  parts: [],
  space: [],
  usage: [],
  left: 0,
  problems: [],
  ...rest,
});

/** What has been done so far: a step a part, as the Web UI and the command line show them, and what came of each. */
class Run {
  readonly parts: PartReport[] = [];
  /** The newest measure of each filesystem. */
  usage: DiskUsage[] = [];
  tried = 0;
  readonly #request: CleanupRequest;
  readonly #steps = new ChangeSteps('How far each part has come.');

  constructor(request: CleanupRequest) {
    this.#request = request;
  }

  async part(part: CleanupPart, items: readonly CleanupItem[], until: number | undefined): Promise<void> {
    const report: PartReport = {
      part,
      removed: [],
      gone: [],
      kept: [],
      failed: [],
      notNeeded: [],
      space: [],
    };
    this.parts.push(report);
    const step = this.#steps.begin(part, `Clean up ${partTitles[part]}`);
    const before = this.usage;
    try {
      for (const [index, item] of items.entries()) {
        this.#steps.note(step, { note: `${index} of ${items.length}` });
        if (isNeeded(item, this.usage, until)) await this.#remove(item, report, until !== undefined);
        else report.notNeeded.push(toldOf(item));
        this.tried += 1;
      }
      const all = report.notNeeded.length === items.length;
      this.#steps.note(step, {
        state: all ? 'skipped' : report.failed.length > 0 ? 'failed' : 'done',
        note: all ? 'not needed' : `${items.length - report.notNeeded.length} of ${items.length}`,
      });
    } catch (error) {
      this.#steps.note(step, { state: 'skipped' });
      throw error;
    } finally {
      this.#steps.note(step, { endedAt: Date.now() });
      await CancellationScope.nonCancellable(async () => await this.#measure(report, items, before));
    }
  }

  /** One that cannot be removed keeps no other. */
  async #remove(item: CleanupItem, report: PartReport, measure: boolean): Promise<void> {
    const { operation: _operation, host: _host, plan: _plan, ...wish } = this.#request;
    const told = toldOf(item);
    try {
      const removal = await lengthy.removeForSpace.executeWithOptions({ summary: item.title }, [
        item,
        wish,
        measure,
      ]);
      this.usage = withNewest(this.usage, removal.usage);
      switch (removal.did) {
        case 'removed':
          report.removed.push({
            ...told,
            ...(removal.files === undefined ? {} : { files: removal.files }),
            notes: removal.notes,
          });
          break;
        case 'gone':
          report.gone.push(told);
          break;
        case 'kept':
          report.kept.push({ ...told, reasons: removal.reasons });
          break;
      }
    } catch (error) {
      if (isCancellation(error)) throw error;
      report.failed.push({ ...told, why: reasonOf(error) });
    }
  }

  async #measure(
    report: PartReport,
    items: readonly CleanupItem[],
    before: readonly DiskUsage[],
  ): Promise<void> {
    const own = before.filter(({ filesystem }) => items.some((item) => item.filesystem === filesystem));
    const didSomething = report.removed.length + report.failed.length > 0;
    if (!didSomething || own.length === 0) return;
    const after = await usageOf(own, `free space after ${partTitles[report.part]}`, true);
    report.space = spaceBetween(own, after);
    for (const one of after) this.usage = withNewest(this.usage, one);
  }
}

const toldOf = ({
  id,
  title,
  files,
  bytes,
}: CleanupItem): Pick<CleanupItem, 'id' | 'title' | 'files' | 'bytes'> => ({
  id,
  title,
  ...(files === undefined ? {} : { files }),
  ...(bytes === undefined ? {} : { bytes }),
});
