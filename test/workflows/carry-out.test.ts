/** What a cycle decides is begun once, asks before it begins, and is closed whatever becomes of it. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ActionRequest } from '../../domain/action.ts';
import type { Deliberation } from '../../domain/decided.ts';
import { actionWorkflowId, cycleWorkflowId } from '../../domain/ids.ts';
import type { Look } from '../../domain/look.ts';
import type { OperationId } from '../../domain/names.ts';
import type { Progress } from '../../domain/operation.ts';
import type { carryOut } from '../../workflows/carry-out.ts';
import type { oodaCycle } from '../../workflows/ooda-cycle.ts';
import { madePlaybook } from '../domain/made-playbook.ts';
import { openTimeSkipping, taskQueue, workerThatAnswers } from './time-skipping.ts';

const operation = '0a1b2c3d' as OperationId;
const gate = { approvals: 1, expiresMs: 3_600_000, windows: [], tells: [] };
const request: ActionRequest = {
  operation,
  host: 'host',
  playbook: 'service-restart',
  hash: 'a'.repeat(64),
  target: 'shop/db',
  cause: 'service-down',
  decision: operation,
  answer: 'ask',
  session: 'aaaaaaaa',
  plan: { kind: 'playbook', playbook: 'service-restart', target: 'shop/db', lines: ['Restart it'] },
  digest: 'aaaaaaaaaaaa',
  gate,
  againAfterMs: [],
};
const look: Look = { host: 'host', at: 0, asked: [], health: { score: 100, losses: [] }, causes: [] };
const quiet: Deliberation = {
  level: { level: 'moderate', why: 'as set' },
  decided: [],
  begin: [],
  problems: [],
};

describe('what was decided', () => {
  let environment: TestWorkflowEnvironment;
  let ends: unknown[];
  beforeEach(async () => {
    environment = await openTimeSkipping();
    ends = [];
  });
  afterEach(async () => {
    await environment.teardown();
  });

  type Answers = Record<string, (args: unknown[]) => unknown>;
  const working = async <T>(answers: Answers, work: (asked: string[]) => Promise<T>): Promise<T> => {
    const asked: string[] = [];
    const usual: Answers = {
      whyMayNotBegin: () => null,
      keepEnd: ([decision, end]) => void ends.push([decision, (end as { outcome: string }).outcome]),
      keepLook: () => look,
      keepForecasts: () => ({ made: 0, scored: 0 }),
      decide: () => quiet,
      channelsFor: () => [],
    };
    const worker = await workerThatAnswers(environment, (name, args) => {
      asked.push(name);
      return { ...usual, ...answers }[name]?.(args);
    });
    return await worker.runUntil(work(asked));
  };
  const begin = async (more: Partial<ActionRequest> = {}) =>
    await environment.client.workflow.start<typeof carryOut>('carryOut', {
      workflowId: actionWorkflowId('host', operation),
      taskQueue,
      args: [{ ...request, ...more }],
    });
  const cycle = async () =>
    await environment.client.workflow.start<typeof oodaCycle>('oodaCycle', {
      workflowId: cycleWorkflowId('host'),
      taskQueue,
      args: [],
    });

  test('is not done where nobody answers, and its decision is closed', async () => {
    await working({}, async (asked) => {
      const { outcome } = await (await begin()).result();
      assert.equal(outcome, 'not-approved');
      assert.ok(!asked.includes('preparePlaybook'));
    });
    assert.deepEqual(ends, [[operation, 'not-approved']]);
  });

  test('is not done where somebody says no', async () => {
    await working({}, async (asked) => {
      const handle = await begin();
      while (!(await handle.query<Progress>('progress')).waiting);
      await handle.executeUpdate('reject', { args: [{ by: 'anna', channel: 'baton' }] });
      assert.equal((await handle.result()).outcome, 'not-approved');
      assert.ok(!asked.includes('preparePlaybook'));
    });
    assert.deepEqual(ends, [[operation, 'not-approved']]);
  });

  test('does not begin at its hour where Baton was told to stop meanwhile', async () => {
    const notBefore = new Date((await environment.currentTimeMs()) + 3_600_000).toISOString();
    const whyMayNotBegin = () => 'Baton was told to stop meanwhile.';
    await working({ whyMayNotBegin }, async (asked) => {
      const handle = await begin({ answer: 'schedule', gate: { ...gate, approvals: 0, notBefore } });
      const { outcome, notes } = await handle.result();
      assert.equal(outcome, 'refused');
      assert.match(notes.join(), /told to stop/);
      assert.ok(!asked.includes('preparePlaybook'));
    });
    assert.deepEqual(ends, [[operation, 'refused']]);
  });

  test('is told as it ended, though its end cannot be kept', async () => {
    const keepEnd = () => {
      throw ApplicationFailure.nonRetryable('the disk is full');
    };
    await working({ keepEnd }, async () => {
      const { outcome, notes } = await (await begin()).result();
      assert.equal(outcome, 'not-approved');
      assert.match(notes.join(), /Its end could not be kept in the records: .*the disk is full/);
    });
  });

  test('is told as done, though what came of it cannot be kept', async () => {
    const keepOutcome = () => {
      throw ApplicationFailure.nonRetryable('the disk is full');
    };
    const playbook = madePlaybook({ target: 'stack', steps: [{ do: 'rotate' }] });
    const target = { kind: 'stack', stack: 'shop' };
    const answers: Answers = {
      keepOutcome,
      preparePlaybook: () => ({ playbook, target, figures: [], problems: [] }),
      planRotation: () => ({ remove: [{ path: '/srv', name: 'old' }], problems: [] }),
      removeSnapshot: () => ({ did: 'removed' }),
      readSpace: () => [],
      noteBaseline: () => [],
      measureSuccess: () => ({ figures: [], measurement: { afterMs: 0, at: 1, held: true } }),
    };
    await working(answers, async () => {
      const { outcome, notes } = await (await begin({ gate: { ...gate, approvals: 0 } })).result();
      assert.equal(outcome, 'done', notes.join());
      assert.match(notes.join(), /What came of it could not be kept in the records: .*the disk is full/);
    });
  });

  test('is begun once, though two cycles say so', async () => {
    await working({ decide: () => ({ ...quiet, begin: [request] }) }, async () => {
      for (let time = 0; time < 2; time += 1) await (await cycle()).result();
      // Nobody answers.
      await environment.client.workflow.getHandle(actionWorkflowId('host', operation)).result();
      await (await cycle()).result();
    });
    assert.deepEqual(ends, [[operation, 'not-approved']]);
  });

  test('a quiet cycle is one short workflow', async () => {
    await working({}, async (asked) => {
      const handle = await cycle();
      await handle.result();
      const { events = [] } = await handle.fetchHistory();
      // As Temporal bills them: the start, and each activity, child and timer.
      assert.ok(1 + asked.length <= 6, asked.join());
      assert.deepEqual(asked, ['keepLook', 'keepForecasts', 'decide']);
      assert.ok((events ?? []).length <= 40, String((events ?? []).length));
    });
  });
});
