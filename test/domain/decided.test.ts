/** What was decided, in a line each. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decidedTitle, decidedWhy, deliberationText, mostDone } from '../../domain/decided.ts';
import { decided } from './briefing/made-facts.ts';

const limit = { rule: 'budget', atMost: 'ask', why: 'the budget is spent' } as const;

describe('a decision', () => {
  test('is told by what it came to, on what, and why it was no more', () => {
    assert.equal(decidedTitle(decided('a')), 'act · service-restart on shop/db (service-down)');
    const limited = decided('a', {
      decision: { answer: 'ask', limits: [limit, { ...limit, why: 'something else' }] },
    });
    assert.equal(decidedWhy(limited), 'the budget is spent');
    assert.match(decidedWhy(decided('a')), /^nothing spoke against it, with 90 %/);
  });

  test('stands in a list with the level, and what is wrong with it', () => {
    const text = deliberationText({
      level: { level: 'dry-run', why: 'nobody has turned it on' },
      decided: [
        decided('a', { decision: { answer: 'watch', limits: [limit] }, wouldHave: 'act' }),
        decided('b', { decision: { answer: 'ask', limits: [limit] } }),
      ],
      begin: [],
      problems: ['preferences.yml:3:1: no such key'],
    });
    assert.deepEqual(text, [
      'Level dry-run: nobody has turned it on',
      '! preferences.yml:3:1: no such key',
      'watch · service-restart on shop/db (service-down) · a: the budget is spent; otherwise: act',
      'ask · service-restart on shop/db (service-down) · b: the budget is spent',
    ]);
  });

  test('of several is known by the boldest', () => {
    const of = (...all: ('nothing' | 'watch' | 'ask' | 'schedule' | 'act')[]) =>
      mostDone(all.map((answer) => decided('a', { decision: { answer, limits: [] } })));
    assert.equal(of('ask', 'act', 'watch'), 'act');
    assert.equal(of('watch', 'ask'), 'ask');
    assert.equal(of('schedule', 'ask'), 'schedule');
    assert.equal(of(), 'nothing');
  });
});
