/** Workflows must go on replaying the histories of operations that older versions began. Needs no server. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { thisHost } from '../../client/this-host.ts';
import { workflowBundle } from '../../worker/bundle.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const directory = new URL('../histories/', import.meta.url);
const names = readdirSync(directory).filter((name) => name.endsWith('.json'));

describe('recorded histories', () => {
  test('there are some of every ending', () => {
    for (const ending of ['done', 'unchanged', 'refused', 'rolled-back', 'cancelled', 'needs-human', 'held'])
      assert.ok(names.includes(`deploy-${ending}.json`), ending);
    for (const ending of ['done', 'refused', 'rolled-back', 'kept'])
      assert.ok(names.includes(`guard-${ending}.json`), ending);
    for (const ending of ['approved', 'rejected', 'expired', 'hour', 'started', 'held', 'window'])
      assert.ok(names.includes(`gate-${ending}.json`), ending);
    for (const what of ['deploy', 'snapshot', 'cleanup', 'held'])
      assert.ok(names.includes(`scheduled-${what}.json`), what);
    for (const what of ['cycle-acts', 'cycle-quiet', 'action-done', 'measure-waiting'])
      assert.ok(names.includes(`${what}.json`), what);
    for (const name of ['deploy-told', 'tell-people', 'tell-channel', 'delivery-started', 'hold-released'])
      assert.ok(names.includes(`${name}.json`), name);
  });

  for (const name of names)
    test(`${name} replays`, async () => {
      const workflowBundlePath = await workflowBundle(thisHost().cacheDirectory);
      const history = JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as object;
      await Worker.runReplayHistory({ workflowBundle: { codePath: workflowBundlePath } }, history);
    });
});
