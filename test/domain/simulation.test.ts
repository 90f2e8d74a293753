/** What recorded history says: of each level, and of an incident that looks familiar. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acts, levels, rulesOf } from '../../domain/autonomy.ts';
import { clockIn } from '../../domain/briefing/clock.ts';
import type { Decided } from '../../domain/decided.ts';
import type { Limit } from '../../domain/decision.ts';
import { similarText, similarTo } from '../../domain/similar.ts';
import { simulated, simulatedText } from '../../domain/simulation.ts';
import { decided, hourMs, incident, now, operation, outcome } from './briefing/made-facts.ts';

const limit = (rule: Limit['rule'], atMost: Limit['atMost']): Limit => ({ rule, atMost, why: 'because' });
const dry = (id: string, value: number, ...limits: Limit[]): Decided => ({
  ...decided(id, { decision: { answer: 'watch', limits: [limit('dry-run', 'watch'), ...limits] } }),
  confidence: { ...decided(id).confidence, value },
});
const through = (decisions: Decided[], incidents = [incident('shop/db')], outcomes = [outcome()]) =>
  simulated({ decisions, incidents, outcomes })[0]?.levels.map(({ level, count, fates }) => ({
    level,
    count,
    fates,
  }));

describe('a simulation', () => {
  test('lets through what the confidence allows at each level', () => {
    const counts = through([dry('a', 0.97), dry('b', 0.9), dry('c', 0.8), dry('d', 0.5)]);
    assert.deepEqual(
      counts?.map(({ level, count }) => [level, count]),
      [
        ['conservative', 1],
        ['moderate', 2],
        ['aggressive', 3],
      ],
    );
  });

  test('lets nothing through that something else spoke against', () => {
    for (const rule of ['protected', 'stopped', 'held', 'stale', 'budget'] as const)
      assert.ok(
        through([dry('a', 0.99, limit(rule, 'ask'))])?.every(({ count }) => count === 0),
        rule,
      );
  });

  test('lets through what is at the border, and what would have been scheduled', () => {
    const countsOf = (one: Decided) => through([one])?.map(({ count }) => count);
    assert.deepEqual(countsOf(dry('a', 0.95)), [1, 1, 1]);
    assert.deepEqual(countsOf(dry('a', 0.85)), [0, 1, 1]);
    assert.deepEqual(countsOf(dry('a', 0.75)), [0, 0, 1]);
    assert.deepEqual(countsOf(dry('a', 0.99, limit('users', 'schedule'))), [1, 1, 1]);
    for (const rule of ['off', 'new-here', 'confidence', 'dependents'] as const)
      assert.deepEqual(countsOf(dry('a', 0.99, limit(rule, 'nothing'))), [1, 1, 1], rule);
  });

  test('lets through only what was seen here often enough', () => {
    const confidence = (of: number): Decided['confidence'] => ({
      ...decided('a').confidence,
      value: 0.99,
      own: { helped: of, of },
    });
    const lets = [0, 1, 2, 3, 5, 10].map((of) =>
      through([{ ...dry('a', 0.99), confidence: confidence(of) }])?.map(({ count }) => count),
    );
    assert.deepEqual(
      lets,
      [0, 1, 2, 3, 5, 10].map((of) =>
        levels.filter(acts).map((level) => (of >= rulesOf[level].leastHere ? 1 : 0)),
      ),
    );
    assert.notDeepEqual(lets[0], lets[5]);
  });

  test('is told by playbook, in the order of their names, with what it came to', () => {
    const cleanup = { ...dry('c', 0.5), proposal: { ...decided('c').proposal, playbook: 'cleanup' } };
    const scheduled = decided('b', { decision: { answer: 'schedule', limits: [] } });
    const found = simulated({
      decisions: [dry('a', 0.8), scheduled, cleanup],
      incidents: [incident('shop/db')],
      outcomes: [],
    });
    assert.deepEqual(
      found.map(({ playbook, count, answers }) => [playbook, count, answers]),
      [
        ['cleanup', 1, { watch: 1 }],
        ['service-restart', 2, { watch: 1, schedule: 1 }],
      ],
    );
    assert.deepEqual(found.flatMap(simulatedText), [
      'cleanup: 1 decision (1 watch), 50 % confidence on average',
      '  conservative (95 %) would have let 0 through',
      '  moderate (85 %) would have let 0 through',
      '  aggressive (75 %) would have let 0 through',
      'service-restart: 2 decisions (1 watch, 1 schedule), 85 % confidence on average',
      '  conservative (95 %) would have let 0 through',
      '  moderate (85 %) would have let 1 through: 1 is still there',
      '  aggressive (75 %) would have let 2 through: 2 is still there',
    ]);
  });

  test('tells what came of each by its own operation, and its own incident', () => {
    const other = outcome({ operation: 'ffffffff' as typeof operation, failed: true });
    assert.deepEqual(
      through([decided('a', { action: { operation, workflowId: 'w' } })], [], [other, outcome()])?.[2]?.fates,
      {
        helped: 1,
      },
    );
    const full = incident('shop/db', { what: 'disk-full' });
    assert.deepEqual(through([dry('a', 0.9)], [full], [])?.[2]?.fates, { 'not known': 1 });
    const { at } = dry('a', 0.9);
    const seen = (openedAt: number, closedAt: number) =>
      through([dry('a', 0.9)], [incident('shop/db', { openedAt, closedAt })], [])?.[2]?.fates;
    for (const [openedAt, closedAt] of [
      [at, at],
      [at - 1, at + 1],
    ] as const)
      assert.deepEqual(seen(openedAt, closedAt), { 'went away by itself': 1 });
    for (const [openedAt, closedAt] of [
      [at + 1, at + 2],
      [at - 2, at - 1],
    ] as const)
      assert.deepEqual(seen(openedAt, closedAt), { 'not known': 1 }, 'it was another one');
  });

  test('does not count a decision that repeats another', () => {
    const again = decided('b', { decision: { answer: 'nothing', limits: [limit('decided', 'nothing')] } });
    assert.equal(simulated({ decisions: [dry('a', 0.99), again], outcomes: [], incidents: [] })[0]?.count, 1);
  });

  const acted = decided('a', { action: { operation, workflowId: 'w' } });
  const fates: [string, Decided, Parameters<typeof through>[1], Parameters<typeof through>[2], string][] = [
    ['helped', acted, [], [outcome()], 'helped'],
    ['did not help', acted, [], [outcome({ failed: true })], 'did not help'],
    [
      'was not measured',
      acted,
      [incident('shop/db', { closedAt: now })],
      [outcome({ measurements: [] })],
      'not known',
    ],
    [
      'was not done, and is over',
      dry('a', 0.9),
      [incident('shop/db', { closedAt: now })],
      [],
      'went away by itself',
    ],
    ['was not done, and is there', dry('a', 0.9), [incident('shop/db')], [], 'is still there'],
    ['is of no incident', dry('a', 0.9), [incident('shop/web')], [], 'not known'],
  ];
  for (const [what, one, incidents, outcomes, fate] of fates)
    test(`says what really came of what ${what}`, () => {
      assert.deepEqual(through([one], incidents, outcomes)?.[2]?.fates, { [fate]: 1 });
    });
});

test('similar incidents are told with what was done, those of the same place first', () => {
  const before = incident('shop/db', { openedAt: now - 30 * hourMs, closedAt: now - 29 * hourMs });
  const other = incident('blog/db');
  const acted = decided('a', { at: now - 29.5 * hourMs, action: { operation, workflowId: 'w' } });
  const history = {
    incidents: [before, other, incident('x', { what: 'disk-full' })],
    outcomes: [outcome()],
    decisions: [acted],
  };
  const found = similarTo('service-down@shop/db', history);
  assert.deepEqual(
    found.map(({ incident: { where }, same, done }) => [where, same, done.map(({ fate }) => fate)]),
    [
      ['shop/db', true, ['helped']],
      ['blog/db', false, []],
    ],
  );
  const [first] = found;
  assert.deepEqual(first && similarText(first, clockIn('UTC'), now), [
    'service-down@shop/db: Wed 25 Nov 00:30, lasted 60 min',
    '  it looked like: exited with code 137',
    '  service-restart: act, helped (baton decisions a)',
  ]);
  assert.deepEqual(similarTo('no-such-thing', history), []);
});

test('of similar incidents each is told with what was done about it, the newest first', () => {
  const at = (hours: number) => now - hours * hourMs;
  const old = incident('a/db', { openedAt: at(50), closedAt: at(49), evidence: 'old' });
  const newer = incident('b/db', { openedAt: at(30), evidence: 'newer' });
  const own = incident('shop/db', { openedAt: at(60), closedAt: at(59) });
  const about = (id: string, time: number, target: string, more: Partial<Decided> = {}): Decided => ({
    ...decided(id, { at: time, proposal: { ...decided(id).proposal, target } }),
    ...more,
  });
  const decisions = [
    about('before', at(50) - 1, 'a/db'),
    about('first', at(50), 'a/db'),
    about('last', at(49) + 600_000, 'a/db'),
    about('late', at(49) + 600_001, 'a/db'),
    about('elsewhere', at(49.5), 'c/db'),
    about('again', at(49.5), 'a/db', {
      decision: { answer: 'nothing', limits: [limit('decided', 'nothing')] },
    }),
    about('other', at(49.5), 'a/db', {
      proposal: { ...decided('x').proposal, target: 'a/db', cause: 'disk-full' },
    }),
  ];
  const found = similarTo('service-down@shop/db', { incidents: [old, newer, own], outcomes: [], decisions });
  assert.deepEqual(
    found.map(({ incident: { where }, done }) => [where, done.map(({ decision }) => decision)]),
    [
      ['shop/db', []],
      ['b/db', []],
      ['a/db', ['first', 'last']],
    ],
  );
  const [, open] = found;
  assert.deepEqual(open && similarText(open, clockIn('UTC'), now), [
    'service-down@b/db: Wed 25 Nov 00:30, for 30 h, still there',
    '  it looked like: newer',
    '  nothing was decided on about it',
  ]);
  assert.equal(similarTo('service-down', { incidents: [old], outcomes: [], decisions })[0]?.same, false);
});

test('what was done to a stack was done about its services', () => {
  const slower = incident('shop/web', { what: 'slower-since-deploy' });
  const proposal = { ...decided('a').proposal, target: 'shop', cause: 'slower-since-deploy' };
  const acted = decided('a', { proposal, action: { operation, workflowId: 'w' } });
  const [found] = similarTo('slower-since-deploy@shop/web', {
    incidents: [slower],
    outcomes: [outcome()],
    decisions: [acted],
  });
  assert.deepEqual(
    found?.done.map(({ fate }) => fate),
    ['helped'],
  );
});
