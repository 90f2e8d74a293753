/** How far Baton may go by itself: what people laid down, and what they are told of it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { actionEvent, cannotDecideEvent, levelEvent } from '../../domain/autonomy-event.ts';
import {
  acts,
  hasOptedOut,
  isProtected,
  levels,
  levelUnder,
  nextHigher,
  nextLower,
  rulesAt,
  rulesOf,
  type Preferences,
} from '../../domain/autonomy.ts';
import { capOf, readMandate, whyNotNow, type Mandate } from '../../domain/mandate.ts';
import { matches } from '../../domain/wildcard.ts';

const mandate: Mandate = {
  level: 'moderate',
  by: 'anna',
  since: '2026-11-26T06:30:00Z',
  session: 's1',
};

describe('a mandate', () => {
  test('is whole, or is none', () => {
    assert.deepEqual(readMandate(mandate), mandate);
    for (const level of levels)
      assert.equal(readMandate({ ...mandate, level }) !== undefined, level !== 'off', level);
    for (const broken of [
      undefined,
      null,
      'moderate',
      {},
      { ...mandate, level: 'total' },
      { ...mandate, by: 7 },
      { ...mandate, session: undefined },
      { ...mandate, since: 'yesterday' },
      { ...mandate, since: 1_764_138_600_000 },
    ])
      assert.equal(readMandate(broken), undefined, JSON.stringify(broken));
  });

  test('caps what may be done, and where there is none nothing is', () => {
    assert.deepEqual(capOf(mandate), { level: 'moderate', why: 'as anna set it at 2026-11-26T06:30:00Z' });
    assert.deepEqual(capOf(undefined), { level: 'dry-run', why: 'nobody has turned it on' });
  });

  test('lets begin what was decided in it, and in no other', () => {
    assert.equal(whyNotNow('s1', mandate), undefined);
    assert.equal(whyNotNow('s1', undefined), 'Baton was told to stop meanwhile.');
    assert.equal(whyNotNow('s0', mandate), 'Baton was told to stop, and was turned on again since.');
    assert.equal(
      whyNotNow('s1', { ...mandate, level: 'dry-run' }),
      'The level is dry-run by now, as anna set it.',
    );
  });
});

describe('levels', () => {
  test('go from the most careful on, one step at a time, and never down to nothing', () => {
    assert.deepEqual(levels.filter(acts), ['conservative', 'moderate', 'aggressive']);
    assert.deepEqual(levels.map(nextLower), ['off', 'dry-run', 'dry-run', 'conservative', 'moderate']);
    assert.deepEqual(levels.map(nextHigher), [
      'dry-run',
      'conservative',
      'moderate',
      'aggressive',
      undefined,
    ]);
  });

  test('are capped by the most careful, the first of several', () => {
    const cap = levelUnder([
      { level: 'aggressive', why: 'a' },
      { level: 'dry-run', why: 'b' },
      { level: 'dry-run', why: 'c' },
      { level: 'moderate', why: 'd' },
    ]);
    assert.deepEqual(cap, { level: 'dry-run', why: 'b' });
  });

  test('ask for less from step to step', () => {
    const asked = levels.map((level) => rulesOf[level]);
    assert.deepEqual(
      asked.map(({ minConfidence, mostDependents }) => [minConfidence, mostDependents]),
      [
        [0.95, 1],
        [0.95, 1],
        [0.95, 1],
        [0.85, 4],
        [0.75, 12],
      ],
    );
  });
});

describe('preferences', () => {
  const preferences: Preferences = {
    weekday: { maxActions: 5 },
    weekend: { maxActions: 5 },
    minConfidence: { 'image-update': 0.99 },
    protected: ['vaultwarden/*', 'shop/db'],
    optOuts: [{ target: 'shop/*', playbooks: ['image-*', 'cleanup'] }],
  };

  test('replace the confidence that a level asks for, of one playbook', () => {
    assert.equal(rulesAt('moderate', 'image-update', preferences).minConfidence, 0.99);
    assert.deepEqual(rulesAt('moderate', 'cleanup', preferences), rulesOf.moderate);
  });

  test('protect what they name, and nothing that only looks like it', () => {
    const is = (target: string): boolean => isProtected(target, preferences);
    assert.deepEqual(['vaultwarden/app', 'vaultwarden/', 'shop/db'].map(is), [true, true, true]);
    assert.deepEqual(['vaultwarden', 'shop/db2', 'my-shop/db', 'shop/dbx'].map(is), [
      false,
      false,
      false,
      false,
    ]);
  });

  test('opt out of a playbook where both its name and its target fit', () => {
    assert.equal(hasOptedOut('shop/web', 'image-update', preferences), true);
    assert.equal(hasOptedOut('shop/web', 'cleanup', preferences), true);
    assert.equal(hasOptedOut('shop/web', 'service-restart', preferences), false);
    assert.equal(hasOptedOut('blog/web', 'cleanup', preferences), false);
  });

  test('hold nothing but stars for a pattern', () => {
    for (const text of ['a.b', '[x]', 'a+b', '(a|b)', '^a$', 'a\\b', '{1}', 'a-b', 'a?b', 'a/b']) {
      assert.equal(matches(text, text), true, text);
      assert.equal(matches(text, `${text}x`) || matches(text, `x${text}`), false, text);
    }
    assert.equal(matches('a.b', 'axb'), false);
    assert.equal(matches('*', 'two\nlines'), true);
    assert.equal(matches('a*c*e', 'abcde'), true);
    assert.equal(matches('a*c*e', 'abde'), false);
  });
});

describe('what people are told', () => {
  const now = Date.parse('2026-11-26T06:30:00Z');
  const run = { workflowId: 'playbook/nas/x', runId: 'r' };
  const report = {
    operation: '0a1b2c3d',
    playbook: 'cleanup',
    target: '/srv',
    host: 'nas',
    outcome: 'done',
    figures: [],
  } as unknown as Parameters<typeof actionEvent>[1];
  const told = (answer: string, outcome = 'done') =>
    actionEvent({ answer, decision: 'd1' } as never, { ...report, outcome } as never, run, now);

  test('is what was done by itself, and whether anybody was asked', () => {
    assert.deepEqual(told('act'), {
      id: '0a1b2c3d/done-by-itself',
      kind: 'done',
      host: 'nas',
      title: 'cleanup on /srv (nas) is done, unasked',
      lines: [],
      end: 'Why: baton decisions d1.',
      at: '2026-11-26T06:30:00.000Z',
      operation: { ...run, operation: '0a1b2c3d' },
    });
    assert.equal(told('ask')?.title, 'cleanup on /srv (nas) is done');
    assert.equal(told('act', 'rolled-back'), undefined);
  });

  test('is that the level was lowered, once for each level of a mandate', () => {
    const event = levelEvent('nas', mandate, { level: 'conservative', why: 'two\nfailed' }, now);
    assert.deepEqual(
      [event.id, event.title, event.lines, event.end, event.kind],
      [
        'auto/2026-11-26T06:30:00Z/conservative',
        'Baton has lowered its level on nas to conservative',
        ['two failed'],
        'Look at it: baton record. Once you have: baton auto on --level LEVEL.',
        'failed',
      ],
    );
  });

  test('is that nothing can be decided, once a day', () => {
    const event = cannotDecideEvent('nas', 'the records are gone', now);
    assert.deepEqual(
      [event.id, event.title, event.lines, event.end, event.at],
      [
        'auto/cannot-decide/2026-11-26',
        'Baton cannot decide on nas, and does nothing by itself',
        ['the records are gone'],
        'See: baton auto status.',
        '2026-11-26T06:30:00.000Z',
      ],
    );
    assert.equal(cannotDecideEvent('nas', '', now + 3_600_000).id, event.id);
  });
});
