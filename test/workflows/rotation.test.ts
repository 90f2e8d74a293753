/** A rotation that something comes between: a pin, another plan, an operation under way, a removal that fails, a cancel. */
import assert from 'node:assert/strict';
import type { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import { execa } from 'execa';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { hostTaskQueue, rotationWorkflowId } from '../../domain/ids.ts';
import { parseOperationId } from '../../domain/names.ts';
import type { RotationReport } from '../../domain/rotation.ts';
import type { SnapshotInfo } from '../../domain/snapshot.ts';
import type { rotateSnapshots } from '../../workflows/rotate-snapshots.ts';
import { until } from '../e2e/site.ts';
import { heardOfIt, injected, Laboratory } from './laboratory.ts';

const operation = parseOperationId('0123abcd');

describe('a rotation', () => {
  let laboratory: Laboratory;
  let data: string;
  /** Oldest first; by the rule only the last one stays. */
  let snapshots: SnapshotInfo[];

  before(async () => {
    laboratory = await Laboratory.open();
  });
  after(async () => {
    await laboratory.close();
  });

  let count = 0;
  beforeEach(async () => {
    count += 1;
    laboratory.meddle = () => undefined;
    data = join(laboratory.site.data, `notes-${count}`);
    await execa('btrfs', ['subvolume', 'create', data]);
    await keep(1);
    for (const text of ['one', 'two', 'three']) await change(text);
    snapshots = await listed();
    assert.equal(snapshots.length, 3);
  });

  /** What earlier tests left at other paths stays out of it. */
  const keep = async (minimum: number): Promise<void> => {
    const rules = [{ paths: [data], keep: { minimum } }];
    await laboratory.site.write('.config/baton/baton.yml', JSON.stringify({ snapshots: rules }));
  };
  const ask = async <T>(workflow: string, args: unknown[] = []): Promise<T> =>
    (await laboratory.client.workflow.execute(workflow, {
      workflowId: `question/${workflow}/${Date.now()}`,
      taskQueue: hostTaskQueue(laboratory.site.host),
      args,
    })) as T;
  const listed = async (): Promise<SnapshotInfo[]> =>
    (await ask<SnapshotInfo[]>('snapshotList'))
      .filter(({ path }) => path === data)
      // Two may be of one second.
      .sort((a, b) => (`${a.takenAt} ${a.name}` < `${b.takenAt} ${b.name}` ? -1 : 1));
  const names = async (): Promise<string[]> => (await listed()).map(({ name }) => name);
  const change = async (text: string): Promise<void> => {
    const request = laboratory.guardRequest(`notes-${count}`, [data], `echo ${text} > ${data}/page`);
    const { report } = await laboratory.run(request);
    assert.equal(report.outcome, 'done');
  };
  const start = async (plan?: string) => {
    assert.ok(operation);
    const { host } = laboratory.site;
    return await laboratory.client.workflow.start<typeof rotateSnapshots>('rotateSnapshots', {
      workflowId: rotationWorkflowId(host),
      taskQueue: hostTaskQueue(host),
      args: [{ operation, host, ...(plan === undefined ? {} : { plan }) }],
    });
  };
  const rotate = async (plan?: string): Promise<RotationReport> => await (await start(plan)).result();

  test('removes what no rule keeps, and then has nothing more to do', async () => {
    const report = await rotate();
    assert.equal(report.outcome, 'done');
    assert.deepEqual(
      report.removed.map(({ name }) => name),
      snapshots.slice(0, 2).map(({ name }) => name),
    );
    assert.deepEqual(await names(), [snapshots[2]?.name]);
    assert.equal((await rotate()).outcome, 'unchanged');
  });

  test('looks once more before each removal: what was pinned meanwhile stays', async () => {
    const [first, second] = snapshots;
    assert.ok(first && second);
    let removals = 0;
    laboratory.meddle = async (activity, moment) => {
      if (activity !== 'removeSnapshot' || moment !== 'before') return;
      removals += 1;
      if (removals > 1) return;
      const marks = JSON.parse(await readFile(`${second.location}.json`, 'utf8')) as object;
      await writeFile(
        `${second.location}.json`,
        JSON.stringify({ ...marks, pinned: { by: 'anna', at: '2026-11-23T13:09:29Z' } }),
      );
    };
    const report = await rotate();
    assert.equal(report.outcome, 'done');
    assert.deepEqual(
      report.kept.map(({ name, reasons }) => [name, reasons]),
      [[second.name, ['pinned by anna']]],
    );
    assert.deepEqual(await names(), [second.name, snapshots[2]?.name]);
  });

  test('looks once more before each removal: a rule that is more generous by then counts', async () => {
    laboratory.meddle = async (activity) => {
      if (activity === 'removeSnapshot') await keep(9);
    };
    const report = await rotate();
    assert.deepEqual(report.removed, []);
    assert.equal((await names()).length, 3);
  });

  test('another plan than the one that was seen removes nothing', async () => {
    const { digest } = await ask<{ digest: string }>('rotationPlan');
    await change('four');
    const report = await rotate(digest);
    assert.deepEqual([report.outcome, report.problems[0]?.code], ['refused', 'plan-outdated']);
    assert.equal((await names()).length, 4);
  });

  test('the snapshot of an operation under way is held, also where it is not the newest', async () => {
    const request = laboratory.guardRequest(`notes-${count}`, [data], 'exit 1', { onFailure: 'hold' });
    const handle = await laboratory.start(request);
    const held = async (): Promise<SnapshotInfo | undefined> =>
      (await listed()).find((one) => one.operation === request.operation);
    await until('the command to fail', async () => {
      const { held: failure } = await handle.query<{ held?: object }>('progress');
      return failure !== undefined;
    });
    const open = await held();
    assert.ok(open);
    // A newer one, which the rule would keep instead.
    const later = `${data.replace(/notes-\d+$/, '')}.baton-snapshots/notes-${count}/later.before.20990101T000000Z.ffffffff`;
    await execa('btrfs', ['subvolume', 'snapshot', '-r', data, later]);
    await writeFile(`${later}.json`, '{"outcome":"done"}');
    const report = await rotate();
    assert.equal(report.outcome, 'done');
    assert.deepEqual(await names(), [open.name, 'later.before.20990101T000000Z.ffffffff']);
    await handle.executeUpdate('rollBack', { args: ['enough'] });
    assert.equal((await handle.result()).outcome, 'rolled-back');
  });

  test('one that cannot be removed keeps no other', async () => {
    let removals = 0;
    laboratory.meddle = (activity, moment) => {
      if (activity !== 'removeSnapshot' || moment !== 'before') return;
      removals += 1;
      if (removals === 1) throw injected();
    };
    const report = await rotate();
    assert.equal(report.outcome, 'incomplete');
    assert.deepEqual(
      report.failed.map(({ name, why }) => [name, why]),
      [[snapshots[0]?.name, 'injected']],
    );
    assert.deepEqual(await names(), [snapshots[0]?.name, snapshots[2]?.name]);
  });

  test('what was freed is told where it could be measured', async () => {
    let measured = 0;
    laboratory.meddle = (activity, moment) => {
      if (activity === 'readSpace' && moment === 'before' && (measured += 1) > 1) throw injected();
    };
    const report = await rotate();
    assert.deepEqual([report.outcome, report.removed.length, report.space], ['done', 2, []]);
    assert.ok(measured > 1);
  });

  test('a cancel while it measures ends it before anything is removed', async () => {
    const handle = await start();
    laboratory.meddle = async (activity, moment) => {
      if (activity !== 'readSpace' || moment !== 'before') return;
      await handle.cancel();
      await heardOfIt();
    };
    await assert.rejects(
      handle.result(),
      ({ cause }: WorkflowFailedError) => cause instanceof CancelledFailure,
    );
    assert.equal((await names()).length, 3);
  });

  test('a cancel ends it after the snapshot that it is at', async () => {
    const handle = await start();
    laboratory.meddle = async (activity, moment) => {
      if (activity === 'removeSnapshot' && moment === 'before') await handle.cancel();
    };
    const report = await handle.result();
    assert.deepEqual([report.outcome, report.removed.length, report.left], ['stopped', 1, 1]);
    assert.deepEqual(
      await names(),
      snapshots.slice(1).map(({ name }) => name),
    );
  });
});
