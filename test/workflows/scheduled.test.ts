/** What a schedule starts: the real operation under the real lock, or nothing, and it says which. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowFailedError, WorkflowHandle } from '@temporalio/client';
import { CancelledFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { keyword } from '../../client/search-attributes.ts';
import { holdWorkflowId, rotationWorkflowId, stackWorkflowId } from '../../domain/ids.ts';
import type { BatonEvent } from '../../domain/event.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import type { ScheduledReport, Task } from '../../domain/schedule.ts';
import { searchAttributeName } from '../../domain/search-attributes.ts';
import type { holdHost } from '../../workflows/hold-host.ts';
import type { runScheduled } from '../../workflows/run-scheduled.ts';
import { madePlaybook } from '../domain/made-playbook.ts';
import { until } from '../e2e/site.ts';
import { openTimeSkipping, plan, taskQueue, workerThatAnswers } from './time-skipping.ts';

const deploy: Task = {
  do: 'deploy',
  source: { from: 'file', file: '/srv/stacks/web.yml', envFiles: [], variables: {}, profiles: [] },
  options: { copyLimitBytes: 0, build: false, pull: false },
};
const snapshot: Task = {
  do: 'guard',
  question: {
    kind: 'guard',
    title: 'nightly',
    data: ['/srv/photos'],
    checks: [],
    onFailure: 'roll-back',
    onCrash: 'fail',
    copyLimitBytes: 0,
  },
};
const { restore: _none, services: _neither, ...ofGuard } = plan;
const guardPlan = {
  ...ofGuard,
  kind: 'guard',
  title: 'nightly',
  data: [{ path: '/srv/photos' }],
  checks: [],
};

describe('a scheduled task', () => {
  let environment: TestWorkflowEnvironment;
  let count = 0;
  // One each: a server skips no time any more once a child has ended after its parent, as what tells people does.
  beforeEach(async () => {
    environment = await openTimeSkipping();
  });
  afterEach(async () => {
    await environment.teardown();
  });

  type Answers = Record<string, (args: unknown[]) => unknown>;

  /** @param startDelay until a worker hears of it. */
  const begin = async (task: Task, startDelay?: string): Promise<WorkflowHandle<typeof runScheduled>> => {
    count += 1;
    const schedule = {
      name: 'nightly',
      cron: '0 3 * * *',
      timeZone: 'UTC',
      jitterMs: 0,
      catchUpMs: 600_000,
      task,
    };
    return await environment.client.workflow.start<typeof runScheduled>('runScheduled', {
      workflowId: `scheduled/host/nightly-${count}`,
      taskQueue,
      ...(startDelay === undefined ? {} : { startDelay: startDelay }),
      args: [{ host: 'host', schedule, origin: 'baton.yml' }],
    });
  };
  const working = async <T>(answers: Answers, work: (asked: string[]) => Promise<T>): Promise<T> => {
    const asked: string[] = [];
    const worker = await workerThatAnswers(environment, (name, args) => {
      asked.push(name);
      return answers[name]?.(args);
    });
    return await worker.runUntil(work(asked));
  };
  const usual: Answers = {
    stackOfFile: () => 'web',
    channelsFor: () => [],
    preparePlan: () => ({ plan, digest: 'aaaaaaaaaaaa', problems: [] }),
    prepareGuard: () => ({ ...guardPlan, digest: 'aaaaaaaaaaaa' }),
    takeSnapshots: () => [],
    takeGuardSnapshots: () => [{ path: '/srv/photos', name: 'web.taken.x', location: '/snap' }],
  };
  const run = async (task: Task, answers: Answers = {}): Promise<ScheduledReport & { asked: string[] }> =>
    await working({ ...usual, ...answers }, async (asked) => ({
      ...(await (await begin(task)).result()),
      asked,
    }));

  test('that is cancelled before it begins does nothing, and is no operation that was held back', async () => {
    const handle = await begin(deploy);
    await handle.cancel();
    await working({}, async (asked) => {
      await assert.rejects(
        handle.result(),
        ({ cause }: WorkflowFailedError) => cause instanceof CancelledFailure,
      );
      assert.deepEqual(asked, []);
    });
  });

  test('deploys the stack that its file is of by then', async () => {
    const { outcome, stack, operation } = await run(deploy);
    assert.deepEqual({ outcome, stack }, { outcome: 'done', stack: 'web' });
    assert.match(operation ?? '', /^[0-9a-f]{8}$/);
  });

  test('takes snapshots, and runs, stops and compares nothing', async () => {
    const { outcome, asked } = await run(snapshot);
    assert.equal(outcome, 'done');
    assert.deepEqual(asked, ['prepareGuard', 'prepareGuard', 'takeGuardSnapshots', 'markSnapshots']);
  });

  test('is refused where its file cannot be read, and says why', async () => {
    const stackOfFile = () => {
      throw new Error('web.yml:3:1: what is this');
    };
    await working({ ...usual, stackOfFile }, async (asked) => {
      const { outcome, notes } = await (await begin(deploy)).result();
      assert.equal(outcome, 'refused');
      assert.match(notes.join(), /web\.yml:3:1/);
      // That is told after its end.
      await until('people to be told', () => asked.includes('channelsFor'));
      assert.deepEqual(new Set(asked), new Set(['stackOfFile', 'channelsFor']));
    });
  });

  test('is left out where the stack is busy', async () => {
    const gate = { approvals: 1, expiresMs: 3_600_000, windows: [], tells: [] };
    const preparePlan = () => ({ plan, gate, digest: 'aaaaaaaaaaaa', problems: [] });
    await working({ ...usual, preparePlan }, async () => {
      const first = await begin(deploy);
      const stack = environment.client.workflow.getHandle(stackWorkflowId('host', 'web' as StackName));
      while ((await stack.describe().catch(() => undefined))?.status.name !== 'RUNNING');
      const { outcome, notes } = await (await begin(deploy)).result();
      assert.equal(outcome, 'busy');
      assert.match(notes.join(), /^stack\/host\/web is at work/);
      await stack.executeUpdate('reject', { args: [{ by: 'anna', channel: 'baton' }] });
      assert.equal((await first.result()).outcome, 'not-approved');
    });
  });

  test('is left out while the host is held, unless it only looks', async () => {
    await working({ ...usual, checkSnapshots: () => [] }, async (asked) => {
      const held = await environment.client.workflow.start<typeof holdHost>('holdHost', {
        workflowId: holdWorkflowId('host'),
        taskQueue,
        args: ['host', '11111111' as OperationId, { by: 'anna', channel: 'baton' }],
      });
      // Waiting for a result would let the server skip to the end of the hold, which has none.
      const outcomeOf = async (task: Task): Promise<unknown> => {
        const handle = await begin(task);
        while ((await handle.describe()).status.name === 'RUNNING');
        return (await handle.describe()).typedSearchAttributes.get(keyword(searchAttributeName.outcome));
      };
      assert.equal(await outcomeOf(deploy), 'held');
      assert.equal(await outcomeOf({ do: 'prune' }), 'held');
      assert.equal(await outcomeOf({ do: 'verify' }), 'done');
      assert.ok(!asked.includes('stackOfFile'));
      await held.signal('requestRelease', { by: 'anna', channel: 'baton' });
      assert.equal((await held.result()).heldBack.length, 2);
    });
  });

  test('is left out where the worker came back too late', async () => {
    await working(usual, async (asked) => {
      assert.equal((await (await begin(deploy, '11 minutes')).result()).outcome, 'late');
      assert.ok(!asked.includes('stackOfFile'));
    });
  });

  test('is done where the worker came back in time', async () => {
    await working(usual, async () => {
      assert.equal((await (await begin(deploy, '9 minutes')).result()).outcome, 'done');
    });
  });

  test('a playbook runs as its file says by then, and says whether it helped', async () => {
    const target = { kind: 'service', stack: 'web', service: 'db' };
    const prepared = {
      playbook: {
        ...madePlaybook({ name: 'tidy', target: 'service', hash: 'b'.repeat(64) }),
        steps: [{ do: 'maintain', indexes: false }],
      },
      target,
      figures: [],
      problems: [],
    };
    const maintenance = {
      kind: 'postgres',
      service: 'db',
      container: { id: '1', name: 'web-db-1' },
      indexes: false,
    };
    const hashes: unknown[] = [];
    const { outcome, notes, asked } = await run(
      { do: 'playbook', playbook: 'tidy', target: 'web/db' },
      {
        preparePlaybook: ([wanted]) => {
          hashes.push((wanted as { hash?: string }).hash);
          return prepared;
        },
        noteBaseline: () => [],
        prepareGuard: () => ({ ...guardPlan, data: [], maintenance, digest: 'aaaaaaaaaaaa' }),
        measureSuccess: () => ({ figures: [], measurement: { afterMs: 0, at: 0, held: false } }),
      },
    );
    assert.equal(outcome, 'done');
    assert.deepEqual(hashes, [undefined, 'b'.repeat(64)]);
    assert.equal(asked.filter((name) => name === 'maintainDatabase').length, 1);
    assert.ok(notes.includes('It has not helped.'));
    assert.ok(!asked.includes('takeGuardSnapshots') && !asked.includes('compareWithBefore'));
  });

  test('a playbook that is not there, or not for this target, is refused', async () => {
    const preparePlaybook = () => ({
      figures: [],
      problems: [{ severity: 'error', code: 'no-such-playbook', message: 'There is no playbook "tidy".' }],
    });
    const { outcome, notes } = await run(
      { do: 'playbook', playbook: 'tidy', target: 'web/db' },
      { preparePlaybook },
    );
    assert.equal(outcome, 'refused');
    assert.match(notes.join(), /There is no playbook "tidy"/);
  });

  test('prunes under the lock of every rotation', async () => {
    const planRotation = () => ({ remove: [], digest: 'aaaaaaaaaaaa', problems: [] });
    const { outcome } = await run({ do: 'prune' }, { planRotation });
    assert.equal(outcome, 'unchanged');
    const { type } = await environment.client.workflow.getHandle(rotationWorkflowId('host')).describe();
    assert.equal(type, 'rotateSnapshots');
  });

  test('that verifies ends as incomplete where a snapshot is not in good order', async () => {
    const checkSnapshots = () => [
      { path: '/srv/a', location: '/snap/a', problems: [] },
      { path: '/srv/b', location: '/snap/b', problems: ['It is not read-only.'] },
    ];
    const { outcome, notes } = await run({ do: 'verify' }, { checkSnapshots });
    assert.equal(outcome, 'incomplete');
    assert.deepEqual(notes, ['2 looked at, 1 not in good order.', '/snap/b: It is not read-only.']);
  });

  test('that reports tells its first line, and says where the page is and what it lacks', async () => {
    const told: BatonEvent[] = [];
    const keepBriefing = () => ({
      kind: 'morning',
      title: 'host in the morning',
      headline: 'Nothing needs you.',
      needs: [],
      file: '/state/reports/morning-2026-11-26.html',
      missing: ['what waits'],
    });
    const channelsFor = ([event]: unknown[]) => {
      told.push(event as BatonEvent);
      return [];
    };
    const { outcome, notes } = await working({ ...usual, keepBriefing, channelsFor }, async () => {
      const ended = await (await begin({ do: 'report', report: 'morning' })).result();
      await until('people to be told', () => told.some(({ kind }) => kind === 'report'));
      return ended;
    });
    assert.equal(outcome, 'incomplete');
    assert.deepEqual(notes, [
      'Nothing needs you.',
      'Kept as /state/reports/morning-2026-11-26.html.',
      'Not read: what waits.',
    ]);
    assert.deepEqual(told.find(({ kind }) => kind === 'report')?.lines, ['Nothing needs you.']);
  });

  test('that is cancelled cancels its operation, which puts everything back', async () => {
    const { promise: begun, resolve: tell } = Promise.withResolvers<undefined>();
    // Long enough for the cancel to arrive meanwhile.
    const validateRelease = async () => {
      tell(undefined);
      await delay(500);
    };
    const undoing = { servicesThatRan: () => [], putBackData: () => [], verifyPutBack: () => [] };
    await working({ ...usual, ...undoing, validateRelease }, async () => {
      const handle = await begin(deploy);
      await begun;
      await handle.cancel();
      assert.equal((await handle.result()).outcome, 'cancelled');
    });
  });
});
