/** Incidents: one identity, closed by measurement, effects folded under their cause. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { healthScore } from '../../domain/health-score.ts';
import {
  afterLook,
  causesAmong,
  incidentId,
  isOpen,
  keptTurns,
  severities,
  type Finding,
  type Incident,
} from '../../domain/incident.ts';

const hourMs = 3_600_000;
const now = Date.parse('2026-11-26T03:00:00Z');

const found = (where: string, state: Finding['state'] = 'critical', what = 'service-down'): Finding => ({
  what,
  where,
  state,
  evidence: `${where} is ${state}`,
});
const incident = (where: string, openedAt = now, severity: Incident['severity'] = 'critical'): Incident => ({
  what: 'service-down',
  where,
  evidence: `${where} is down`,
  severity,
  openedAt,
  lastSeenAt: openedAt,
  returns: 0,
});

describe('an incident', () => {
  test('seen twice, or a hundred times in one look, is one', () => {
    const first = afterLook([], [found('redis')], now);
    const again = afterLook(first, Array<Finding>(100).fill(found('redis', 'warning')), now + hourMs);
    assert.deepEqual(again, [
      {
        what: 'service-down',
        where: 'redis',
        severity: 'warning',
        evidence: 'redis is warning',
        openedAt: now,
        lastSeenAt: now + hourMs,
        returns: 0,
      },
    ]);
  });

  test('says by when the harm is there for as long as it is not', () => {
    const threat = afterLook([], [{ ...found('api', 'warning'), dueAt: now + hourMs }], now);
    assert.equal(threat[0]?.dueAt, now + hourMs);
    const there = afterLook(threat, [found('api')], now + 1);
    assert.equal('dueAt' in (there[0] ?? {}), false);
  });

  test('is not over because nobody looked', () => {
    const open = afterLook([], [found('redis')], now);
    assert.deepEqual(afterLook(open, [], now + hourMs), open);
  });

  test('closes where it was measured to be over, and opens again where it returns', () => {
    const open = afterLook([], [found('redis')], now);
    const closed = afterLook(open, [found('redis', 'fine')], now + hourMs);
    assert.deepEqual(closed.map(isOpen), [false]);
    const [back] = afterLook(closed, [found('redis')], now + 2 * hourMs);
    assert.deepEqual([back?.openedAt, back?.returns, back?.closedAt], [now, 1, undefined]);
    const [later] = afterLook(closed, [found('redis')], now + 30 * hourMs);
    assert.deepEqual([later?.openedAt, later?.returns], [now + 30 * hourMs, 0], 'another one');
  });

  test('remembers when it was over and when it came back', () => {
    let known = afterLook([], [found('redis')], now);
    for (const [hours, state] of [
      [1, 'fine'],
      [2, 'critical'],
      [3, 'fine'],
    ] as const)
      known = afterLook(known, [found('redis', state)], now + hours * hourMs);
    assert.deepEqual(
      known[0]?.turns?.map(({ at, to }) => [(at - now) / hourMs, to]),
      [
        [1, 'closed'],
        [2, 'returned'],
        [3, 'closed'],
      ],
    );
    for (let hour = 4; hour < 200; hour += 1)
      known = afterLook(known, [found('redis', hour % 2 === 0 ? 'critical' : 'fine')], now + hour * hourMs);
    assert.equal(known[0]?.turns?.length, keptTurns);
  });

  test('is over where every place was looked at, and its own is gone', () => {
    const open = afterLook([], [found('redis'), found('nas', 'critical', 'disk-full')], now);
    const [redis, nas] = afterLook(open, [found('other', 'fine')], now + hourMs, ['service-down']);
    assert.deepEqual([redis?.closedAt, nas?.closedAt], [now + hourMs, undefined]);
  });

  test('of two looks that disagree the worse one counts', () => {
    const states = afterLook([], [found('redis', 'fine'), found('redis', 'warning')], now);
    assert.deepEqual(
      states.map(({ severity }) => severity),
      ['warning'],
    );
    assert.deepEqual(afterLook([], [found('redis', 'fine')], now), []);
  });
});

describe('causes', () => {
  const needs = new Map([
    ['traefik', ['authelia']],
    ['authelia', ['redis']],
    ['immich', ['postgres', 'redis']],
  ]);
  const told = (incidents: Incident[], graph = needs): Record<string, string[]> =>
    Object.fromEntries(
      causesAmong(incidents, graph).map((cause) => [
        cause.incident.where,
        cause.effects.map(({ where }) => where),
      ]),
    );

  test('a dead Redis under a failing Authelia is one incident with one cause, whichever was seen first', () => {
    assert.deepEqual(told([incident('authelia', now - 1), incident('redis'), incident('traefik')]), {
      redis: ['authelia', 'traefik'],
    });
  });

  test('through a place that is well, too', () => {
    assert.deepEqual(told([incident('traefik'), incident('redis')]), { redis: ['traefik'] });
  });

  test('what shares nothing stands by itself, the worst first', () => {
    assert.deepEqual(Object.keys(told([incident('postgres', now, 'warning'), incident('redis')])), [
      'redis',
      'postgres',
    ]);
  });

  test('in a circle the first is the cause', () => {
    const circle = new Map([
      ['a', ['b']],
      ['b', ['a']],
    ]);
    assert.deepEqual(told([incident('a', now), incident('b', now - 1)], circle), { b: ['a'] });
  });

  test('every open incident stands exactly once, whatever the graph', () => {
    const places = ['a', 'b', 'c', 'd', 'e'];
    const graphs = fc.dictionary(fc.constantFrom(...places), fc.subarray(places));
    const incidents = fc.uniqueArray(
      fc.record({
        where: fc.constantFrom(...places),
        at: fc.nat({ max: 3 }),
        severity: fc.constantFrom(...severities),
      }),
      { selector: ({ where }) => where },
    );
    fc.assert(
      fc.property(graphs, incidents, (graph, given) => {
        const all = given.map(({ where, at, severity }) => incident(where, now + at, severity));
        const causes = causesAmong(all, new Map(Object.entries(graph)));
        const listed = causes.flatMap((cause) => [cause.incident, ...cause.effects]).map(incidentId);
        assert.deepEqual(listed.sort(), all.map(incidentId).sort());
      }),
    );
  });
});

describe('the health score', () => {
  test('names every point that it lost, and counts what is not known', () => {
    const causes = [{ incident: incident('redis'), effects: [incident('authelia')] }];
    const health = healthScore(causes, ['the journal']);
    assert.equal(health.score, 100 - 25 - 3 - 5);
    assert.deepEqual(health.losses, [
      { points: 25, of: 'service-down@redis' },
      { points: 5, of: 'the journal' },
      { points: 3, of: 'service-down@authelia' },
    ]);
  });

  test('is 100 only where all is known and well, and never below 0', () => {
    assert.deepEqual(healthScore([], []), { score: 100, losses: [] });
    const many = Array.from({ length: 9 }, (_, index) => ({
      incident: incident(String(index)),
      effects: [],
    }));
    assert.equal(healthScore(many, []).score, 0);
  });
});
