/** What Baton did last by itself, and whether an undo takes back that, and nothing else. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decided } from '../../domain/decided.ts';
import { lastAction, stackOfAction, whyNotUndone } from '../../domain/last-action.ts';
import type { ReleaseRecord } from '../../domain/release.ts';

const minute = 60_000;
const action = (minutes: number, target = 'shop', outcome = 'done') =>
  ({
    at: minutes * minute,
    proposal: { playbook: 'undo-recent-deploy', target },
    ended: { at: (minutes + 5) * minute, outcome },
  }) as Decided;

const release = (minutes: number, kind: ReleaseRecord['kind']) =>
  ({ kind, committedAt: new Date(minutes * minute).toISOString() }) as ReleaseRecord;

const playbooks = [{ name: 'undo-recent-deploy', undo: { possible: true, how: 'By hand.' } }];

describe('what Baton did last', () => {
  test('is what ended last, and well', () => {
    assert.equal(lastAction([]), undefined);
    assert.equal(lastAction([action(1, 'shop', 'rolled-back')]), undefined);
    assert.equal(
      lastAction([action(9, 'mail'), action(1), action(20, 'x', 'refused')])?.proposal.target,
      'mail',
    );
    assert.equal(stackOfAction(action(1, 'shop/db')), 'shop');
    assert.equal(stackOfAction(action(1, '/srv')), undefined);
  });

  const why = (...history: ReleaseRecord[]): string | undefined => {
    const last = lastAction([action(10)]);
    assert.ok(last);
    return whyNotUndone(last, history, playbooks);
  };

  test('can be undone where it put the release before in place, and nothing came after', () => {
    assert.equal(why(release(1, 'deploy'), release(12, 'undo')), undefined);
  });

  test('cannot be undone where a person deployed since, or where it changed no release', () => {
    assert.match(why(release(12, 'undo'), release(30, 'deploy')) ?? '', /another release/);
    assert.match(why(release(1, 'undo')) ?? '', /no other release.*By hand/);
    assert.match(why(release(12, 'deploy')) ?? '', /no other release/);
    assert.match(why() ?? '', /no other release/);
  });
});
