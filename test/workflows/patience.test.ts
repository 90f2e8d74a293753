/** How long Baton goes on trying, on a server whose time can be skipped. The activities only count how often they are asked. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import { openTimeSkipping, plan, request, taskQueue, workerThatAnswers } from './time-skipping.ts';

describe('patience', () => {
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await openTimeSkipping();
  });
  after(async () => {
    await environment.teardown();
  });

  /** Runs a deploy in which some activities always fail, as if the engine were away. */
  const run = async (away: string[]) => {
    const asked: Record<string, number> = {};
    const answers: Record<string, unknown> = {
      preparePlan: { plan, digest: '', problems: [] },
      takeSnapshots: [],
      verifyPutBack: [],
      servicesThatRan: [],
      putBackData: [],
    };
    const worker = await workerThatAnswers(environment, (name) => {
      asked[name] = (asked[name] ?? 0) + 1;
      if (away.includes(name)) throw new Error('the engine does not answer');
      return answers[name];
    });
    const report = await worker.runUntil(
      environment.client.workflow.execute<typeof deployStack>('deployStack', {
        workflowId: `stack/host/web-${away.join('-')}`,
        taskQueue,
        args: [request],
      }),
    );
    return { report, asked, minutes: report.durationMs / 60_000 };
  };

  test('a step is tried for some minutes, through an engine’s restart, then everything is put back', async () => {
    const { report, asked, minutes } = await run(['validateRelease']);
    assert.equal(report.outcome, 'rolled-back');
    assert.equal(asked['validateRelease'], 12);
    assert.ok(minutes > 1 && minutes < 5, `${minutes} minutes`);
    for (const undo of [
      'servicesThatRan',
      'stopNew',
      'removeNew',
      'putBackData',
      'putBackFiles',
      'removeResources',
      'dropSnapshots',
      'verifyPutBack',
    ])
      assert.equal(asked[undo], 1, undo);
  });

  test('an undo step is tried for about an hour before a person is called; the other undo steps still run', async () => {
    const { report, asked, minutes } = await run(['validateRelease', 'putBackFiles']);
    assert.equal(report.outcome, 'needs-human');
    assert.ok(minutes > 45 && minutes < 75, `${minutes} minutes`);
    assert.match(report.left.join(), /Put files back: the engine does not answer/);
    for (const undo of ['stopNew', 'putBackData', 'removeResources', 'dropSnapshots', 'verifyPutBack'])
      assert.equal(asked[undo], 1, undo);
  });

  test('an unwind that cannot be verified is never called one', async () => {
    const { report } = await run(['validateRelease', 'verifyPutBack']);
    assert.equal(report.outcome, 'needs-human');
    assert.match(report.left.join(), /could not be verified/);
  });
});
