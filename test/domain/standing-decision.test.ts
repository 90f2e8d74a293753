/** What was decided on is not decided again, a no is a no for a while, and an attempt cools down. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Decided } from '../../domain/decided.ts';
import type { Proposal } from '../../domain/decision.ts';
import type { OperationId } from '../../domain/names.ts';
import { actionsOn, coolDownEnd, stands } from '../../domain/standing-decision.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const now = Date.parse('2026-11-26T18:00:00Z');

const proposal: Proposal = {
  id: 'service-restart shop/db crash-loop #1',
  playbook: 'service-restart',
  target: 'shop/db',
  cause: 'crash-loop',
  evidence: [],
  reversible: true,
  changesData: false,
  disruptive: true,
  takesMs: 60_000,
  touches: ['shop'],
};

const decided = (at: number, more: Partial<Decided> = {}, of: Partial<Proposal> = {}): Decided => ({
  id: `d${at}`,
  at,
  proposal: { ...proposal, ...of },
  decision: { answer: 'ask', limits: [] },
  level: { level: 'moderate', why: 'as set' },
  confidence: {
    value: 0.5,
    own: { helped: 0, of: 0 },
    wider: { helped: 0, of: 0 },
    lent: { helped: 0, of: 0 },
    reliability: 1,
  },
  alternatives: [],
  action: { operation: 'abcd1234' as OperationId, workflowId: 'w' },
  ...more,
});
const { action: _none, ...notBegun } = decided(now - 2 * hourMs);
const ended = (outcome: NonNullable<Decided['ended']>['outcome'], at: number, why?: string) => ({
  ended: { at, outcome, ...(why === undefined ? {} : { why }) },
});

describe('what was begun on a matter', () => {
  test('is what has an action, of that playbook, target and cause, oldest first', () => {
    const [late, early] = [decided(now - hourMs), decided(now - 3 * hourMs)];
    const others = [
      notBegun,
      decided(now - 4 * hourMs, {}, { playbook: 'memory-relief' }),
      decided(now - 5 * hourMs, {}, { target: 'shop/web' }),
      decided(now - 6 * hourMs, {}, { cause: 'service-down' }),
    ];
    assert.deepEqual(actionsOn(proposal, [late, ...others, early]), [early, late]);
    assert.deepEqual(actionsOn(proposal, [early, ...others, late]), [early, late]);
  });
});

describe('a decision stands', () => {
  const yes = (): boolean => true;
  const no = (): boolean => false;
  const saidNo = decided(now - 2 * dayMs, ended('not-approved', now - dayMs));

  test('never where nothing was begun', () => {
    assert.equal(stands(proposal, [], now, yes), false);
    assert.equal(stands(proposal, [notBegun], now, yes), false);
  });

  test('while its action is there, and not when that is lost', () => {
    const running = decided(now - hourMs);
    assert.equal(stands(proposal, [running], now, yes), true);
    assert.equal(stands(proposal, [running], now, no), false);
    assert.equal(
      stands(proposal, [running], now, (one) => one === running),
      true,
    );
  });

  test('not when its action has ended, whatever came of it', () => {
    for (const outcome of ['done', 'rolled-back', 'refused', 'needs-human'] as const)
      assert.equal(
        stands(proposal, [decided(now - hourMs, ended(outcome, now - 1))], now, yes),
        false,
        outcome,
      );
  });

  test('for a week where somebody said no, or nobody anything', () => {
    const answered = (at: number) => [decided(at - hourMs, ended('not-approved', at))];
    assert.equal(stands(proposal, answered(now - 7 * dayMs + 1), now, no), true);
    assert.equal(stands(proposal, answered(now - 7 * dayMs), now, no), false);
  });

  test('not for another incident of the same kind', () => {
    assert.equal(
      stands({ ...proposal, id: 'service-restart shop/db crash-loop #2' }, [saidNo], now, no),
      false,
    );
  });

  test('until somebody says that they have looked', () => {
    assert.equal(stands(proposal, [saidNo], now, no, now - dayMs), true);
    assert.equal(stands(proposal, [saidNo], now, no, now - dayMs + 1), false);
  });

  test('by what was begun last', () => {
    const later = decided(now - hourMs, ended('done', now - 1));
    assert.equal(stands(proposal, [later, saidNo], now, no), false);
  });
});

describe('an attempt cools down', () => {
  const cools = (all: Decided[]): number | undefined => coolDownEnd(proposal, all, hourMs);

  test('from its end on, for whatever cause it was made', () => {
    assert.equal(cools([decided(now - 9 * hourMs, ended('done', now - 2 * hourMs))]), now - hourMs);
    assert.equal(cools([decided(now, ended('rolled-back', now), { cause: 'service-down' })]), now + hourMs);
  });

  test('from its beginning on, as long as it has no end', () => {
    assert.equal(cools([decided(now - 2 * hourMs)]), now - hourMs);
  });

  test('by the latest of several', () => {
    const [one, other] = [decided(now - 5 * hourMs), decided(now - 3 * hourMs)];
    assert.equal(cools([one, other]), now - 2 * hourMs);
    assert.equal(cools([other, one]), now - 2 * hourMs);
  });

  test('not where nothing was begun, or it never came to it, or it was elsewhere or another playbook', () => {
    for (const other of [
      notBegun,
      decided(now, ended('refused', now, 'the host was held')),
      decided(now, {}, { target: 'shop/web' }),
      decided(now, {}, { playbook: 'memory-relief' }),
    ])
      assert.equal(cools([other]), undefined);
  });
});
