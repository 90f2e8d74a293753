/** A look at a host as it is told: the score, what it lost, and what nobody could see. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { healthScore } from '../../domain/health-score.ts';
import type { Incident } from '../../domain/incident.ts';
import { cut, firstOf, fitting } from '../../domain/lines.ts';
import { incidentText, lookText, unknownIn, type Asked, type Look } from '../../domain/look.ts';

const minute = 60_000;
const at = Date.parse('2026-11-26T06:30:00Z');
const incident = (where: string, more: Partial<Incident> = {}): Incident => ({
  what: 'service-down',
  where,
  evidence: 'exited with code 137',
  severity: 'critical',
  openedAt: at - 12 * minute,
  lastSeenAt: at,
  returns: 0,
  ...more,
});
const look = (more: Partial<Look> = {}): string[] => {
  const one = { host: 'nas', at, asked: [], causes: [], ...more };
  return lookText({ ...one, health: healthScore(one.causes, unknownIn(one.asked)) });
};
const asked = (source: string, more: object): Asked => ({ source, tookMs: 1, ...more }) as Asked;

describe('a look', () => {
  test('at a host that is well says that, and no more', () => {
    assert.deepEqual(look(), ['nas: 100 of 100', '  Nothing is wrong that Baton can see.']);
  });

  test('names each point that was lost, effects under their causes', () => {
    const causes = [
      { incident: incident('shop/db'), effects: [incident('shop/app', { severity: 'warning' })] },
      { incident: incident('shop/web', { severity: 'warning' }), effects: [] },
      { incident: incident('/srv', { what: 'disk-filling', severity: 'info' }), effects: [] },
    ];
    assert.deepEqual(look({ causes }), [
      'nas: 60 of 100',
      '  ✗ (−25) service-down@shop/db: exited with code 137, for 12 min',
      '      ↳ (−3) service-down@shop/app: exited with code 137, for 12 min',
      '  ! (−10) service-down@shop/web: exited with code 137, for 12 min',
      '  · (−2) disk-filling@/srv: exited with code 137, for 12 min',
    ]);
  });

  test('tells what could not be asked, whole or in parts, and what is not here', () => {
    const sources = [
      asked('containers', { state: 'seen', findings: 0, samples: 0 }),
      asked('disks', { state: 'unknown', why: 'permission denied' }),
      asked('images', { state: 'seen', findings: 0, samples: 0, unknown: ['nginx', 'redis'] }),
      asked('systemd', { state: 'not here', why: 'no systemd' }),
      asked('traffic', { state: 'not here', why: 'no log' }),
    ];
    assert.deepEqual(unknownIn(sources), ['disks (permission denied)', 'images (nginx; redis)']);
    assert.deepEqual(look({ asked: sources }), [
      'nas: 90 of 100',
      '  ? (−5) disks (permission denied): not known',
      '  ? (−5) images (nginx; redis): not known',
      '  – not here: systemd, traffic',
    ]);
    assert.deepEqual(look({ asked: sources.slice(3) }).slice(1), [
      '  – not here: systemd, traffic',
      '  Nothing is wrong that Baton can see.',
    ]);
  });

  test('takes no more points than there are, and none for an update', () => {
    const many = Array.from({ length: 5 }, (_, n) => ({ incident: incident(`s${n}`), effects: [] }));
    assert.equal(healthScore(many, []).score, 0);
    const update = incident('shop/web', { severity: 'info', update: {} as never });
    assert.deepEqual(healthScore([{ incident: update, effects: [] }], []), { score: 100, losses: [] });
    assert.deepEqual(look({ causes: [{ incident: update, effects: [] }] }), [
      'nas: 100 of 100',
      '  · (−0) service-down@shop/web: exited with code 137, for 12 min',
    ]);
  });
});

describe('an incident', () => {
  const cases: [Partial<Incident>, string][] = [
    [{ openedAt: at - 59_999 }, 'new'],
    [{ openedAt: at - minute }, 'for 1 min'],
    [{ openedAt: at - 119 * minute }, 'for 119 min'],
    [{ openedAt: at - 120 * minute }, 'for 2 h'],
    [{ openedAt: at - 179 * minute }, 'for 2 h'],
    [{ returns: 1 }, 'for 12 min, back once'],
    [{ returns: 3 }, 'for 12 min, back 3 times'],
    [{ lastSeenAt: at - 15 * minute }, 'for 12 min'],
    [{ lastSeenAt: at - 16 * minute }, 'for 12 min, not measured since 2026-11-26T06:14Z'],
  ];
  for (const [more, age] of cases)
    test(`is told as ${age}`, () => {
      assert.equal(
        incidentText(incident('shop/db', more), at),
        `✗ service-down@shop/db: exited with code 137, ${age}`,
      );
    });
});

describe('lines', () => {
  test('are cut where they are too long, by what shows that they were', () => {
    assert.equal(cut('12345', 5), '12345');
    assert.equal(cut('123456', 5), '1234…');
  });

  test('are the first of them, each on one line, and how many more', () => {
    assert.deepEqual(firstOf(['a \n\t b', 'c'], 2), ['a b', 'c']);
    assert.deepEqual(firstOf(['a', 'b', 'c'], 2), ['a', 'b', 'and 1 more']);
    assert.deepEqual(firstOf(['x'.repeat(121)], 1), [`${'x'.repeat(119)}…`]);
    assert.deepEqual(firstOf(['12345'], 1, 4), ['123…']);
  });

  test('are as many as fit', () => {
    assert.deepEqual(fitting(['123', '456'], 8), ['123', '456']);
    assert.deepEqual(fitting(['123', '456'], 7), ['123', 'and 1 more']);
    assert.deepEqual(fitting(['123', '456', '789'], 3), ['and 3 more']);
    assert.deepEqual(fitting([], 0), []);
  });
});
