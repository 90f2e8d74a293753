/** A copy whose target is locked or away for hours, whose stack is busy, which is cancelled, and whose failure people hear of. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { copyWorkflowId } from '../../domain/ids.ts';
import type { BatonEvent } from '../../domain/event.ts';
import type { CopyPlan, CopyReport, PlannedSet, SetReport } from '../../domain/copy.ts';
import type { OperationId } from '../../domain/names.ts';
import type { checkCopies } from '../../workflows/copies.ts';
import type { copyData } from '../../workflows/copy-data.ts';
import type { runScheduled } from '../../workflows/run-scheduled.ts';
import { openLocal, openTimeSkipping, taskQueue, workerThatAnswers } from './time-skipping.ts';

const operation = '0a1b2c3d' as OperationId;
const request = { operation, host: 'host', name: 'offsite' };
const sets: PlannedSet[] = [
  { path: '/srv/photos', action: 'copy' },
  { path: '/srv/papers', action: 'copy' },
];
const plan: CopyPlan = {
  name: 'offsite',
  target: 'sftp:nas:/srv/restic',
  sets,
  remove: [],
  copyLimitBytes: 0,
  problems: [],
};
const copied = (path: string): SetReport => ({ path, did: 'copied', addedBytes: 1024, notes: [] });
const failure = (type: string): ApplicationFailure =>
  ApplicationFailure.create({ type, message: `the repository is ${type}` });

type Answers = Record<string, (args: unknown[]) => unknown>;

describe('a copy', () => {
  let environment: TestWorkflowEnvironment;
  beforeEach(async () => {
    environment = await openTimeSkipping();
  });
  afterEach(async () => {
    await environment.teardown();
  });

  const usual: Answers = {
    planCopy: () => plan,
    copySet: ([, path]) => copied(String(path)),
    retireCopies: () => ({ removed: [], pruned: false }),
    channelsFor: () => [],
  };
  const working = async <T>(
    answers: Answers,
    work: (asked: [string, unknown[]][]) => Promise<T>,
  ): Promise<T> => {
    const asked: [string, unknown[]][] = [];
    const worker = await workerThatAnswers(environment, (name, args) => {
      asked.push([name, args]);
      return { ...usual, ...answers }[name]?.(args);
    });
    return await worker.runUntil(work(asked));
  };
  const start = async () =>
    await environment.client.workflow.start<typeof copyData>('copyData', {
      workflowId: copyWorkflowId('host', 'offsite'),
      taskQueue,
      args: [request],
    });
  const run = async (answers: Answers): Promise<{ report: CopyReport; asked: string[]; noted: unknown }> =>
    await working(answers, async (asked) => {
      const report = await (await start()).result();
      const noted = asked.find(([name]) => name === 'noteCopyRun')?.[1][1];
      return { report, asked: asked.map(([name]) => name), noted };
    });

  test('copies one path after the other, then removes old copies, and notes how it ended', async () => {
    const { report, asked, noted } = await run({});
    assert.equal(report.outcome, 'done');
    assert.deepEqual(asked, ['planCopy', 'copySet', 'copySet', 'retireCopies', 'noteCopyRun']);
    assert.deepEqual({ ...(noted as object), at: '' }, { operation, at: '', outcome: 'done', why: [] });
  });

  test('waits for a lock that goes away', async () => {
    let tries = 0;
    const { report } = await run({
      copySet: ([, path]) => {
        tries += 1;
        if (tries < 6) throw failure('locked');
        return copied(String(path));
      },
    });
    assert.equal(report.outcome, 'done');
  });

  test('one path that cannot be copied keeps no other, and is told', async () => {
    const { report, asked } = await run({
      copySet: ([, path]) => {
        if (path === '/srv/photos') throw failure('locked');
        return copied(String(path));
      },
    });
    assert.equal(report.outcome, 'incomplete');
    assert.deepEqual(
      report.sets.map(({ path, did, why }) => [path, did, why]),
      [
        ['/srv/photos', 'failed', 'the repository is locked'],
        ['/srv/papers', 'copied', undefined],
      ],
    );
    assert.equal(asked.filter((name) => name === 'copySet').length, 9);
    assert.ok(asked.includes('retireCopies'));
  });

  test('where nothing was copied, no old copy is removed', async () => {
    const { report, asked } = await run({
      copySet: () => {
        throw failure('wrong-password');
      },
    });
    assert.equal(report.outcome, 'incomplete');
    // Another try would find the same.
    assert.deepEqual(asked, ['planCopy', 'copySet', 'copySet', 'noteCopyRun']);
  });

  test('is refused where its plan has mistakes, or cannot be made', async () => {
    const problems = [{ severity: 'error' as const, code: 'no-target', message: 'There is none.' }];
    assert.equal((await run({ planCopy: () => ({ ...plan, problems }) })).report.outcome, 'refused');
    const { report } = await run({
      planCopy: () => {
        throw failure('unreachable');
      },
    });
    assert.equal(report.outcome, 'refused');
    assert.match(report.problems[0]?.message ?? '', /is unreachable/);
  });

  test('old copies that cannot be removed make it incomplete', async () => {
    const { report } = await run({
      retireCopies: () => {
        throw failure('locked');
      },
    });
    assert.deepEqual([report.outcome, report.notRetired], ['incomplete', 'the repository is locked']);
  });

  test('a snapshot that cannot be taken is told, and the newest is copied', async () => {
    const newest = { name: 'x', takenAt: '2026-11-23T00:00:00Z', ageMs: 1, driver: 'btrfs' };
    const { report } = await run({
      planCopy: () => ({ ...plan, sets: [{ ...sets[0], action: 'take', newest }] }),
      prepareGuard: () => ({
        stack: 'web',
        data: [],
        problems: [{ severity: 'error', code: 'x', message: 'It is a mount point.' }],
      }),
    });
    assert.equal(report.outcome, 'done');
    assert.match(report.sets[0]?.notes.join() ?? '', /mount point.*2026-11-23T00:00:00Z was used/);
  });

  const scheduled = async (
    answers: Answers,
    task: object,
  ): Promise<{ outcome: string; events: BatonEvent[] }> =>
    await working(answers, async (asked) => {
      const timing = { cron: '0 3 * * *', timeZone: 'UTC', jitterMs: 0, catchUpMs: 600_000 };
      const handle = await environment.client.workflow.start<typeof runScheduled>('runScheduled', {
        workflowId: 'scheduled/host/night',
        taskQueue,
        args: [
          { host: 'host', schedule: { name: 'night', ...timing, task: task as never }, origin: 'baton.yml' },
        ],
      });
      const { outcome } = await handle.result();
      while (outcome !== 'done' && !asked.some(([name]) => name === 'channelsFor'))
        await new Promise((resolve) => setTimeout(resolve, 20));
      const events = asked
        .filter(([name]) => name === 'channelsFor')
        .map(([, [event]]) => event as BatonEvent);
      return { outcome, events };
    });

  test('that a schedule makes tells people where it fails, and nobody where it does not', async () => {
    const task = { do: 'copy', copy: 'offsite' };
    assert.deepEqual(await scheduled({}, task), { outcome: 'done', events: [] });
  });

  test('that fails at night is an event, with why', async () => {
    const copySet = (): never => {
      throw failure('wrong-password');
    };
    const { outcome, events } = await scheduled({ copySet }, { do: 'copy', copy: 'offsite' });
    assert.equal(outcome, 'incomplete');
    assert.match(
      events[0]?.lines.join() ?? '',
      /\/srv\/photos: not copied: the repository is wrong-password/,
    );
  });

  test('a finding of a check is an event, and one that cannot be made too', async () => {
    const checkCopies = () => ({ at: '2026-11-23T00:00:00Z', problems: ['pack 1e71 is damaged'] });
    const { outcome, events } = await scheduled(
      { checkCopies },
      { do: 'check-copy', copy: 'offsite', readPercent: 5 },
    );
    assert.equal(outcome, 'incomplete');
    assert.match(events[0]?.lines.join() ?? '', /pack 1e71 is damaged/);
  });

  test('a check that cannot be made is refused', async () => {
    const report = await working(
      {
        checkCopies: () => {
          throw failure('wrong-password');
        },
      },
      async () =>
        await environment.client.workflow.execute<typeof checkCopies>('checkCopies', {
          workflowId: copyWorkflowId('host', 'offsite'),
          taskQueue,
          args: [request],
        }),
    );
    assert.deepEqual([report.outcome, report.problems], ['refused', ['the repository is wrong-password']]);
  });
});

test('a copy that is cancelled stops after the path that it is at, and removes no old copy', async () => {
  const environment = await openLocal();
  const asked: string[] = [];
  const handle = environment.client.workflow.start<typeof copyData>('copyData', {
    workflowId: copyWorkflowId('host', 'offsite'),
    taskQueue,
    args: [request],
  });
  const worker = await workerThatAnswers(environment, async (name, args) => {
    asked.push(name);
    if (name === 'planCopy') return plan;
    if (name !== 'copySet') return undefined;
    await (await handle).cancel();
    return copied(String(args[1]));
  });
  const report = await worker.runUntil(async () => await (await handle).result());
  assert.deepEqual([report.outcome, report.sets.map(({ path }) => path)], ['stopped', ['/srv/photos']]);
  assert.deepEqual(asked, ['planCopy', 'copySet', 'noteCopyRun']);
  await environment.teardown();
});
