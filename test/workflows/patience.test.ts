/** How long Baton goes on trying, on a server whose time can be skipped. The activities only count how often they are asked. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { thisHost } from '../../client/this-host.ts';
import type { OperationRequest } from '../../domain/operation.ts';
import type { Plan } from '../../domain/plan.ts';
import { searchAttributeNames } from '../../domain/search-attributes.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import { needed } from '../host/environment.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Temporal's `IndexedValueType`. */
const keyword = 2;

const plan: Plan = {
  format: 1,
  kind: 'deploy',
  stack: 'web' as Plan['stack'],
  file: '/srv/stacks/web.yml',
  host: 'host',
  engine: 'podman',
  release: '0123456789ab' as Plan['release'],
  previousRelease: 'ba9876543210' as Plan['release'],
  services: [],
  networks: [{ key: 'default', name: 'web_default', action: 'create' }],
  volumes: [],
  files: [{ path: '/srv/routes/web.yml', action: 'write' }],
  data: [],
  restore: [],
  policy: { minHealthyTimeMs: 0, healthyDeadlineMs: 0, progressDeadlineMs: 0, rollback: 'auto' },
  checks: 0,
  problems: [],
};
const request = {
  operation: '0a1b2c3d',
  kind: 'deploy',
  stack: 'web',
  host: 'host',
  source: { from: 'file', file: plan.file, envFiles: [], variables: {}, profiles: [] },
  options: { copyLimitBytes: 0, build: false, pull: false },
} as unknown as OperationRequest;

describe('patience', () => {
  let environment: TestWorkflowEnvironment;

  before(async () => {
    environment = await TestWorkflowEnvironment.createTimeSkipping({
      server: { executable: { type: 'existing-path', path: needed('BATON_TEST_TIME_SKIPPING_BIN') } },
    });
  });
  before(async () => {
    // The test server can add them, but not list them.
    await environment.connection.operatorService.addSearchAttributes({
      namespace: 'default',
      searchAttributes: Object.fromEntries(searchAttributeNames.map((name) => [name, keyword])),
    });
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
    const activities = new Proxy(
      {},
      {
        has: () => true,
        ownKeys: () => names,
        getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
        get: (_target, name) => async () => {
          asked[String(name)] = (asked[String(name)] ?? 0) + 1;
          if (away.includes(String(name))) throw new Error('the engine does not answer');
          return await Promise.resolve(answers[String(name)]);
        },
      },
    );
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: 'baton.host',
      workflowBundle: { codePath: await workflowBundle(thisHost().cacheDirectory) },
      activities,
    });
    const report = await worker.runUntil(
      environment.client.workflow.execute<typeof deployStack>('deployStack', {
        workflowId: `stack/host/web-${away.join('-')}`,
        taskQueue: 'baton.host',
        args: [request],
      }),
    );
    return { report, asked, minutes: report.durationMs / 60_000 };
  };
  const names = [
    'preparePlan',
    'takeSnapshots',
    'prepareResources',
    'writeFiles',
    'validateRelease',
    'recordRelease',
    'forgetRelease',
    'dropReplaced',
    'dropSnapshots',
    'removeResources',
    'putBackFiles',
    'putBackService',
    'putBackData',
    'servicesThatRan',
    'stopNew',
    'removeNew',
    'verifyPutBack',
  ];

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
