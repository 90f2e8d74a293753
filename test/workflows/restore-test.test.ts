/** A restore test: every set is tried for itself, everything of it is removed, and people hear of what failed. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { ApplicationFailure } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { BatonEvent } from '../../domain/event.ts';
import { restoreTestWorkflowId } from '../../domain/ids.ts';
import type { OperationId } from '../../domain/names.ts';
import type { RestoreProof, RestoreTestReport, SetTest } from '../../domain/restore-test.ts';
import type { restoreTest } from '../../workflows/restore-test.ts';
import { until } from '../e2e/site.ts';
import { openTimeSkipping, taskQueue, workerThatAnswers } from './time-skipping.ts';

type Answers = Record<string, (args: unknown[]) => unknown>;

/** Of the plan that an activity is given. */
const setOf = ([, plan]: unknown[]): string => (plan as { set: string }).set;

const planned = (...sets: string[]) => ({
  tests: sets.map((set) => ({
    set,
    path: `/srv/${set}`,
    snapshot: `web.taken.x`,
    driver: 'btrfs',
    stack: 'web',
    release: '0123456789ab',
    service: 'app',
    ask: { timeoutMs: 1_000, memoryBytes: 1 },
    question: 'whether it is there',
  })),
  untestable: [{ set: 'new', why: 'There is no snapshot of it yet.' }],
  problems: [],
});

describe('a restore test', () => {
  let environment: TestWorkflowEnvironment;
  // One each: a server skips no time any more once a child has ended after its parent, as what tells people does.
  beforeEach(async () => {
    environment = await openTimeSkipping();
  });
  afterEach(async () => {
    await environment.teardown();
  });

  /** @returns what came of it, which activities were asked for, in order, what was noted, and what was told. */
  const run = async (
    answers: Answers,
    sets: string[] = [],
  ): Promise<{ report: RestoreTestReport; asked: string[]; noted: RestoreProof[]; told: string[] }> => {
    const asked: string[] = [];
    const noted: RestoreProof[] = [];
    const told: string[] = [];
    const usual: Answers = {
      planRestoreTests: () => planned('photos', 'mail'),
      testRestore: (args) => ({ set: setOf(args), result: 'proven', tookMs: 7 }) satisfies SetTest,
      noteRestoreTest: ([, proof]) => noted.push(proof as RestoreProof),
      channelsFor: ([event]) => {
        told.push((event as BatonEvent).title);
        return [];
      },
    };
    const worker = await workerThatAnswers(environment, (name, args) => {
      asked.push(name);
      return { ...usual, ...answers }[name]?.(args);
    });
    const report = await worker.runUntil(async () => {
      const ended = await environment.client.workflow.execute<typeof restoreTest>('restoreTest', {
        workflowId: restoreTestWorkflowId('host'),
        taskQueue,
        args: [{ operation: '0a1b2c3d' as OperationId, host: 'host', sets }],
      });
      // People are told in a workflow of its own, which may begin after this one's end.
      if (ended.outcome === 'unproven') await until('people to be told', () => told.length > 0);
      return ended;
    });
    return { report, asked, noted, told };
  };
  const results = ({ tests }: RestoreTestReport): string[] =>
    tests.map(({ set, result }) => `${set} ${result}`);

  test('tries each set, notes what came of it, and removes everything of it before the next', async () => {
    const { report, asked, noted, told } = await run({});
    assert.equal(report.outcome, 'done');
    assert.deepEqual(results(report), ['new untested', 'photos proven', 'mail proven']);
    const one = ['testRestore', 'noteRestoreTest', 'clearRestoreTests'];
    assert.deepEqual(asked, ['clearRestoreTests', 'planRestoreTests', ...one, ...one]);
    assert.deepEqual(
      noted.map(({ result, tookMs }) => [result, tookMs]),
      [
        ['proven', 7],
        ['proven', 7],
      ],
    );
    assert.deepEqual(told, []);
  });

  test('one that fails keeps no other, is noted with the reason, and people hear of it', async () => {
    const { report, noted, told } = await run({
      testRestore: (args) =>
        setOf(args) === 'photos'
          ? { set: 'photos', result: 'failed', why: 'It said no.' }
          : { set: setOf(args), result: 'proven' },
    });
    assert.equal(report.outcome, 'unproven');
    assert.deepEqual(results(report), ['new untested', 'photos failed', 'mail proven']);
    assert.deepEqual(
      noted.map(({ result, why }) => [result, why]),
      [
        ['failed', 'It said no.'],
        ['proven', undefined],
      ],
    );
    assert.match(told.join(), /photos/);
  });

  test('an engine that stays away says nothing of the data: untested, not noted, and still cleared', async () => {
    const { report, asked, noted } = await run({
      testRestore: () => {
        throw ApplicationFailure.create({ message: 'no answer', type: 'unreachable' });
      },
    });
    assert.equal(report.outcome, 'unchanged');
    assert.deepEqual(noted, []);
    assert.equal(asked.filter((name) => name === 'clearRestoreTests').length, 3);
    assert.match(report.tests.map(({ why }) => why).join(), /no answer/);
  });

  test('what cannot be removed is told as left', async () => {
    const { report } = await run({
      clearRestoreTests: () => {
        throw ApplicationFailure.create({ message: 'it will not go', type: 'permission' });
      },
    });
    assert.equal(report.outcome, 'unproven');
    assert.match(report.left.join(), /it will not go/);
  });

  test('a set that was named and cannot be tried is not proven', async () => {
    const none = { ...planned(), tests: [] };
    assert.equal((await run({ planRestoreTests: () => none }, ['new'])).report.outcome, 'unproven');
  });

  test('a name that is none is refused, and nothing is tried', async () => {
    const problems = [{ severity: 'error', code: 'no-such-set', message: 'There is no data set "x".' }];
    const { report, asked } = await run(
      { planRestoreTests: () => ({ tests: [], untestable: [], problems }) },
      ['x'],
    );
    assert.equal(report.outcome, 'refused');
    assert.ok(!asked.includes('testRestore'));
  });
});
