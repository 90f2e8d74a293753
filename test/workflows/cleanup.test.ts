/** A cleanup, decision by decision: activities answer what a test says, so that each thing that may come between does. */
import assert from 'node:assert/strict';
import type { WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { after, before, describe, test } from 'node:test';
import type {
  CleanupItem,
  CleanupPart,
  CleanupPlan,
  CleanupRemoval,
  CleanupReport,
  CleanupRequest,
} from '../../domain/cleanup.ts';
import type { ChangeProgress } from '../../domain/operation.ts';
import type { DiskUsage } from '../../domain/cleanup-target.ts';
import { cleanupWorkflowId } from '../../domain/ids.ts';
import { parseOperationId } from '../../domain/names.ts';
import { mostRemovals } from '../../domain/rotation.ts';
import type { cleanUp } from '../../workflows/clean-up.ts';
import { openLocal, taskQueue, workerThatAnswers } from './time-skipping.ts';

const operation = parseOperationId('0123abcd');
const usage = (usedBytes: number, filesystem = '/'): DiskUsage => ({
  filesystem,
  usedBytes,
  freeBytes: 100 - usedBytes,
  settled: true,
});
const item = (part: CleanupPart, id: string, filesystem = '/'): CleanupItem => ({
  part,
  id,
  title: id,
  place: filesystem,
  filesystem,
});
/** Not in the order of the parts, as no plan is. */
const remove = [
  item('snapshots', 'snapshot'),
  item('images', 'image 1'),
  item('images', 'image 2'),
  item('temp', 'scratch'),
  item('images', 'image elsewhere', '/srv'),
];

describe('a cleanup', () => {
  let environment: TestWorkflowEnvironment;
  before(async () => {
    environment = await openLocal();
  });
  after(async () => {
    await environment.teardown();
  });

  type Answers = {
    plan?: Partial<CleanupPlan>;
    /** @throws to make a removal fail. */
    removal?: (
      one: CleanupItem,
      handle: () => WorkflowHandle<typeof cleanUp>,
    ) => Promise<CleanupRemoval> | CleanupRemoval;
    /** What is measured, in order; the last one stays. */
    measured?: DiskUsage[][];
  };
  let runs = 0;
  const run = async (
    { plan = {}, removal = () => ({ did: 'removed', notes: [] }), measured = [[usage(80)]] }: Answers,
    request: Partial<CleanupRequest> = {},
  ): Promise<{ report: CleanupReport; tried: string[]; measures: boolean[]; progress: ChangeProgress }> => {
    runs += 1;
    const host = `host-${runs}`;
    const tried: string[] = [];
    const measures: boolean[] = [];
    const results = [...measured];
    const whole: CleanupPlan = { remove, usage: [usage(80)], digest: 'digest', problems: [], ...plan };
    const handleOf = () => environment.client.workflow.getHandle<typeof cleanUp>(cleanupWorkflowId(host));
    const worker = await workerThatAnswers(environment, async (activity, args) => {
      switch (activity) {
        case 'planCleanup':
          return whole;
        case 'readUsage':
          return results.length > 1 ? results.shift() : results[0];
        case 'removeForSpace': {
          const [one, , measure] = args as [CleanupItem, unknown, boolean];
          tried.push(one.id);
          measures.push(measure);
          return await removal(one, handleOf);
        }
        default:
          throw new Error(activity);
      }
    });
    assert.ok(operation);
    const args: [CleanupRequest] = [{ operation, host, volumes: [], ...request }];
    return await worker.runUntil(async () => {
      const handle = await environment.client.workflow.start<typeof cleanUp>('cleanUp', {
        workflowId: cleanupWorkflowId(host),
        taskQueue,
        args,
      });
      const report = await handle.result();
      return { report, tried, measures, progress: await handle.query<ChangeProgress>('progress') };
    });
  };

  test('goes from what costs least to what costs most, and tells what was measured round each part', async () => {
    const { report, tried, progress, measures } = await run({
      measured: [[usage(79)], [usage(60)], [usage(60)]],
    });
    assert.deepEqual(tried, ['scratch', 'image 1', 'image 2', 'image elsewhere', 'snapshot']);
    assert.equal(report.outcome, 'done');
    assert.deepEqual(
      report.parts.map(({ part, space: [space] }) => [
        part,
        (space?.freeAfter ?? 0) - (space?.freeBefore ?? 0),
      ]),
      [
        ['temp', 1],
        ['images', 19],
        ['snapshots', 0],
      ],
    );
    assert.deepEqual(report.space, [{ filesystem: '/', freeBefore: 20, freeAfter: 40, settled: true }]);
    assert.deepEqual(
      progress.steps.map(({ id, state }) => [id, state]),
      [
        ['temp', 'done'],
        ['images', 'done'],
        ['snapshots', 'done'],
      ],
    );
    // Without a target nobody needs to know in between.
    assert.ok(measures.every((measure) => !measure));
  });

  test('stops on each filesystem when the target is reached there, and tells what was not needed', async () => {
    const after: Record<string, DiskUsage> = {
      scratch: usage(75),
      'image 1': usage(70),
      'image elsewhere': usage(72, '/srv'),
    };
    const { report, tried } = await run({
      plan: { until: 70, usage: [usage(80), usage(90, '/srv')] },
      removal: ({ id }) => ({ did: 'removed', notes: [], ...(after[id] ? { usage: after[id] } : {}) }),
      measured: [[usage(75)], [usage(70), usage(72, '/srv')], [usage(70), usage(72, '/srv')]],
    });
    assert.deepEqual(tried, ['scratch', 'image 1', 'image elsewhere']);
    assert.deepEqual(
      report.parts.flatMap(({ notNeeded }) => notNeeded.map(({ id }) => id)),
      ['image 2', 'snapshot'],
    );
    // The other filesystem is too full still.
    assert.equal(report.outcome, 'short');
  });

  test('which frees nothing says so', async () => {
    assert.equal((await run({})).report.outcome, 'freed-nothing');
  });

  test('one that cannot be removed keeps no other, and what is held by now is told as kept', async () => {
    const { report, tried } = await run({
      removal: ({ id }) => {
        if (id === 'image 1') throw ApplicationFailure.create({ message: 'it resists', nonRetryable: true });
        return id === 'snapshot'
          ? { did: 'kept', reasons: ['somebody pinned it'] }
          : { did: 'removed', notes: [] };
      },
    });
    assert.equal(tried.length, 5);
    assert.equal(report.outcome, 'incomplete');
    assert.deepEqual(
      report.parts.flatMap(({ failed }) => failed.map(({ id, why }) => [id, why])),
      [['image 1', 'it resists']],
    );
    assert.deepEqual(
      report.parts.flatMap(({ kept }) => kept.map(({ reasons }) => reasons)),
      [['somebody pinned it']],
    );
  });

  test('another plan than the one that was seen removes nothing', async () => {
    const { report, tried } = await run({}, { plan: 'another' });
    assert.deepEqual(
      [report.outcome, tried, report.problems.map(({ code }) => code)],
      ['refused', [], ['plan-outdated']],
    );
    assert.deepEqual((await run({}, { plan: 'digest' })).tried.length, 5);
  });

  test('a cancel ends it after the thing that it is at, and what was done is told', async () => {
    const { report, tried } = await run({
      removal: async ({ id }, handle) => {
        if (id === 'image 1') await handle().cancel();
        return { did: 'removed', notes: [] };
      },
    });
    assert.deepEqual(tried, ['scratch', 'image 1']);
    assert.equal(report.outcome, 'stopped');
    assert.equal(report.parts.flatMap(({ removed }) => removed).length + report.left, 5);
  });

  test('nothing to remove is no success and no failure', async () => {
    assert.equal((await run({ plan: { remove: [] } })).report.outcome, 'unchanged');
    assert.equal((await run({ plan: { remove: [], until: 70 } })).report.outcome, 'short');
  });

  test('more than one run can hold is left for another', async () => {
    const many = Array.from({ length: mostRemovals + 3 }, (_, index) => item('images', String(index)));
    const { report, tried } = await run({ plan: { remove: many } });
    assert.deepEqual([tried.length, report.left], [mostRemovals, 3]);
  });
});
