/** What of all that is known of a host bears on one proposal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { candidateOf, lookedAtKey, type Facts } from '../../domain/circumstances.ts';
import type { Occasion } from '../../domain/playbook.ts';
import { trafficMeasure } from '../../domain/traffic.ts';
import { madePlaybook } from './made-playbook.ts';

const now = Date.UTC(2026, 10, 26, 12);
const minute = 60_000;
const playbook = madePlaybook({ name: 'service-restart', target: 'service', cooldownMs: 60 * minute });
const occasion: Occasion = {
  ...{ playbook: 'service-restart', target: 'shop/db', cause: 'service-down', reliability: 1 },
  ...{ evidence: [], reversible: true, changesData: false, disruptive: true, takesMs: minute },
};
const facts = (more: Partial<Facts> = {}): Facts =>
  ({
    ...{ now, causes: [], needs: new Map(), latest: [], forecasts: [] },
    ...{ level: 'moderate', preferences: {}, decided: [], outcomes: [] },
    ...{ lookedAt: new Map(), open: new Set(), budgetLeft: 3, heldBy: [], underWay: [] },
    ownStacks: new Set(),
    windowFor: () => 'unknown',
    restoreProved: () => true,
    ...(more as object),
  }) as unknown as Facts;
const around = (more: Partial<Facts> = {}) => candidateOf(playbook, occasion, facts(more)).around;

test('a quiet host gives nothing to consider', () => {
  const { proposal, playbook: same, around: quiet } = candidateOf(playbook, occasion, facts());
  assert.equal(same, playbook);
  assert.equal(proposal.target, 'shop/db');
  assert.equal(lookedAtKey(proposal), 'service-restart shop/db');
  assert.deepEqual(
    [quiet.now, quiet.level, quiet.budgetLeft, quiet.heldBy, quiet.window, quiet.restoreProved],
    [now, 'moderate', 3, [], 'unknown', true],
  );
  assert.deepEqual(
    [quiet.busyWith, quiet.ended, quiet.stopped, quiet.decided, quiet.dependents, quiet.isOwnPart],
    [[], [], false, false, 'unknown', false],
  );
  assert.equal('coolsDownUntil' in quiet, false);
});

test('operations count where they are on what is touched: those that run, and those that ended lately', () => {
  const { busyWith, ended } = around({
    underWay: [
      { what: 'deploy shop', on: 'shop' },
      { what: 'guard shop/db', on: 'shop/db', endedAt: now - minute },
      { what: 'deploy wiki', on: 'wiki' },
      { what: 'undo wiki', on: 'wiki', endedAt: now },
    ],
  });
  assert.deepEqual(busyWith, ['deploy shop']);
  assert.deepEqual(ended, [{ what: 'guard shop/db', at: now - minute }]);
  const unknown = around({ underWay: 'unknown' });
  assert.deepEqual([unknown.busyWith, unknown.ended], ['unknown', []]);
});

test('users are the requests of the last look at the target, where these are measured', () => {
  const sample = (place: string, more: object = {}): Facts['latest'][number] => ({
    ...{ measure: trafficMeasure, place, at: now, value: 5 },
    ...more,
  });
  assert.equal(around({ latest: [sample('shop/db'), sample('shop/db', { value: 2 })] }).activeUsers, 7);
  assert.equal(around({ latest: [sample('shop/db', { at: now - 15 * minute })] }).activeUsers, 5);
  for (const other of [
    sample('wiki/web'),
    sample('shop/db', { measure: 'memory.used' }),
    sample('shop/db', { at: now - 16 * minute }),
  ])
    assert.equal(around({ latest: [other] }).activeUsers, 'unknown');
});

test('what Baton itself stands on is known as that', () => {
  assert.equal(around({ ownStacks: new Set(['shop']) }).isOwnPart, true);
  assert.equal(around({ ownStacks: new Set(['wiki']) }).isOwnPart, false);
});

test('others that need the target are counted, and whether its data came back is asked of it', () => {
  const needs = new Map([
    ['shop/app', ['shop/db']],
    ['shop/web', ['shop/app']],
    ['shop/db', []],
  ]) as unknown as Facts['needs'];
  assert.equal(around({ needs }).dependents, 2);
  const asked: string[] = [];
  const restoreProved = (target: string): boolean => asked.push(target) > 1;
  assert.equal(around({ restoreProved }).restoreProved, false);
  assert.deepEqual(asked, ['shop/db']);
});
