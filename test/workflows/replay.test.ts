/** Workflows must go on replaying the histories of operations that older versions began. Needs no server. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { before, describe, test } from 'node:test';
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

  // One worker for all of them: one for each takes six times as long, and one of those was seen never to end.
  const errors = new Map<string, Error | undefined>();
  before(async () => {
    const codePath = await workflowBundle(thisHost().cacheDirectory);
    const histories = names.map((name) => ({
      workflowId: name,
      history: JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as object,
    }));
    for await (const { workflowId, error } of Worker.runReplayHistories(
      { workflowBundle: { codePath } },
      histories,
    ))
      errors.set(workflowId, error);
  });
  for (const name of names)
    test(`${name} replays`, () => {
      assert.ok(errors.has(name));
      assert.ifError(errors.get(name));
    });
});
