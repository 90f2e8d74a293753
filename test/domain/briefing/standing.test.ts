/** How the record stands: of a week by playbook, of a month by what keeps data safe; and what is outstanding. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Facts } from '../../../domain/briefing/facts.ts';
import { keptOf, reportEvent } from '../../../domain/briefing/told.ts';
import { scoredActions } from '../../../domain/scored.ts';
import { readingTicket } from '../../../domain/ticket.ts';
import {
  decided,
  evening,
  hourMs,
  incident,
  linesOf,
  minuteMs,
  now,
  operation,
  outcome,
  sectionOf,
} from './made-facts.ts';

const dayMs = 24 * hourMs;

describe('the record of a week', () => {
  test('is by playbook, in the order of their names, and only of that week', () => {
    const outcomes = [
      outcome(),
      outcome({ failed: true }),
      outcome({ playbook: 'cleanup' }),
      outcome({ playbook: 'image-update', measurements: [] }),
      outcome({ playbook: 'cleanup', measurements: [] }),
      outcome({ playbook: 'older', endedAt: evening - 1 }),
      outcome({ playbook: 'zero', endedAt: evening }),
    ];
    assert.deepEqual(linesOf('By playbook', { kind: 'weekly', outcomes }), [
      'good cleanup: 1 of 1 helped, 1 not measured',
      'unknown image-update: 0 of 0 helped, 1 not measured',
      'warn service-restart: 1 of 2 helped',
      'good zero: 1 of 1 helped',
    ]);
  });
});

describe('the record of a month', () => {
  test('tells of each set of data when it was last proven to come back', () => {
    const set = (name: string, restore?: object) => ({ name, restore }) as unknown as Facts['sets'][number];
    const proven = { at: new Date(now - 3 * dayMs).toISOString() };
    const sets = [
      set('photos', { state: 'proven', proven }),
      set('mail', { state: 'old', proven }),
      set('wiki', { state: 'never' }),
      set('shop', { state: 'failed' }),
      set('cache'),
    ];
    assert.deepEqual(linesOf('Restore tests', { kind: 'monthly', sets }), [
      'good photos: proven, proven 3 days ago',
      'warn mail: old, proven 3 days ago',
      'warn wiki: never, never proven',
      'bad shop: failed, never proven',
    ]);
  });

  test('tells of each certificate whether it is over, or soon will be', () => {
    const certificates = [-1, 0, 14 * dayMs - 1, 14 * dayMs].map((ms, index) => ({
      place: `c${index}`,
      at: now + ms,
    }));
    assert.deepEqual(linesOf('Certificates', { kind: 'monthly', certificates }), [
      'bad c0: expired Thu 26 Nov',
      'warn c1: until Thu 26 Nov',
      'warn c2: until Thu 10 Dec',
      'good c3: until Thu 10 Dec',
    ]);
  });

  test('holds promises against what came of them', () => {
    const confidence = (value: number) => ({ ...decided('d').confidence, value });
    const action = (id: string) => ({ operation: id as typeof operation, workflowId: 'w' });
    const of = (failed: boolean, value: number): Partial<Facts> => ({
      promises: ['a', 'b'].map((id) => decided(id, { action: action(id), confidence: confidence(value) })),
      outcomes: [
        outcome({ operation: 'a' as typeof operation }),
        outcome({ operation: 'b' as typeof operation, failed }),
      ],
    });
    assert.deepEqual(linesOf('Promises', { kind: 'monthly', ...of(true, 0.5) }), [
      'good 2 actions: 50 % promised, 50 % kept; Brier 0.250, 0.250 for who knows only the share',
    ]);
    assert.deepEqual(linesOf('Promises', { kind: 'monthly', ...of(true, 0.9) }), [
      'warn 2 actions: 90 % promised, 50 % kept; Brier 0.410, 0.250 for who knows only the share',
    ]);
    assert.deepEqual(linesOf('Promises', { kind: 'monthly' }), []);
  });

  test('says of each where there is nothing', () => {
    const nones = ['Restore tests', 'Certificates', 'Promises'].map(
      (title) => sectionOf(title, { kind: 'monthly' })?.none,
    );
    assert.deepEqual(nones, [
      'baton.yml names no data sets.',
      'None was seen.',
      'No action was measured yet, so there is nothing to hold a promise against.',
    ]);
    assert.equal(
      sectionOf('By playbook', { kind: 'weekly' })?.none,
      'Baton did nothing by itself; that is neither good nor bad.',
    );
  });
});

describe('promises held against outcomes', () => {
  const acted = decided('a', { action: { operation, workflowId: 'w' } });
  const other = 'ffffffff' as typeof operation;

  test('are those of actions that were measured, oldest first', () => {
    const second = decided('b', { action: { operation: other, workflowId: 'w' } });
    const outcomes = [
      outcome({ endedAt: now }),
      outcome({ operation: other, endedAt: now - 1, failed: true }),
      outcome({ operation, endedAt: now - 2, measurements: [] }),
      outcome({ operation: 'eeeeeeee' as typeof operation }),
    ];
    assert.deepEqual(
      scoredActions([acted, second, decided('c')], outcomes).map(({ kept, endedAt, promised }) => [
        kept,
        endedAt,
        promised,
      ]),
      [
        [false, now - 1, 0.9],
        [true, now, 0.9],
      ],
    );
    assert.equal(scoredActions([acted], outcomes, now - 1).length, 1);
    assert.equal(scoredActions([acted], outcomes, now).length, 0);
  });
});

describe('what is outstanding', () => {
  const old = (where: string, ago: number, more: object = {}) =>
    incident(where, {
      what: 'image-outdated',
      severity: 'info',
      openedAt: now - ago,
      evidence: 'newer',
      ...more,
    });

  test('is told from the oldest on, twenty at the most, with what to type', () => {
    const incidents = Array.from({ length: 23 }, (_, n) => old(`s${n}`, n * hourMs));
    const lines = sectionOf('Updates outstanding', { kind: 'monthly', incidents })?.lines ?? [];
    assert.equal(lines.length, 21);
    assert.deepEqual(lines[0], {
      mark: 'info',
      text: 's22: newer',
      next: 'baton playbook run image-update s22 --dry-run',
    });
    assert.deepEqual(lines.at(-1), { mark: 'info', text: 'and 3 more', next: 'baton incidents' });
  });

  test('is what could not be asked by the last look alone', () => {
    const looks: Facts['looks'] = [
      { at: now - hourMs, score: 95, unknown: ['images (gone)'] },
      { at: now, score: 95, unknown: ['imagesother', 'disks (gone)'] },
    ];
    assert.deepEqual(linesOf('Updates outstanding', { kind: 'monthly', looks }), []);
    assert.equal(
      sectionOf('Updates outstanding', { kind: 'monthly', looks: [] })?.none,
      'None that Baton knows of.',
    );
  });
});

describe('what was wrong', () => {
  const wrong = (incidents: Facts['incidents'], needs: Facts['needs'] = {}) =>
    linesOf('What was wrong', { kind: 'morning', incidents, needs });

  test('is told with what is still there first, then the worst, then the newest', () => {
    const one = (
      where: string,
      severity: 'critical' | 'warning' | 'info',
      openedAgo: number,
      isOver: boolean,
    ) =>
      incident(where, {
        severity,
        openedAt: now - openedAgo * minuteMs,
        ...(isOver ? { closedAt: now - minuteMs } : {}),
      });
    const lines = wrong([
      one('a', 'critical', 50, true),
      one('b', 'info', 40, false),
      one('c', 'warning', 30, false),
      one('d', 'warning', 20, false),
      one('e', 'critical', 10, false),
    ]);
    assert.deepEqual(
      lines.map((text) => text.split(':')[0]),
      [
        'bad service-down at e',
        'warn service-down at d',
        'warn service-down at c',
        'info service-down at b',
        'info service-down at a',
      ],
    );
  });

  test('is twelve causes at the most, and how many more', () => {
    const many = (count: number) =>
      wrong(Array.from({ length: count }, (_, n) => incident(`s${n}`, { openedAt: now - n * minuteMs })));
    assert.equal(many(12).length, 12);
    assert.deepEqual(many(14).slice(12), ['info and 2 more']);
  });

  test('is told with how often it came back', () => {
    const back = (returns: number): string => wrong([incident('a', { returns })])[0] ?? '';
    assert.match(back(0), /still: exited/);
    assert.match(back(1), /still, back once: exited/);
    assert.match(back(2), /still, back 2 times: exited/);
  });

  test('is the cause of what began while it was there, also at its last moment', () => {
    const cause = incident('db', { openedAt: now - 60 * minuteMs, closedAt: now - 30 * minuteMs });
    const at = (minutes: number) => incident('app', { openedAt: now - minutes * minuteMs });
    const needs = { app: ['db'] };
    const isUnder = (minutes: number): boolean =>
      wrong([at(minutes), cause], needs).some((text) => text.startsWith('  '));
    assert.deepEqual([isUnder(40), isUnder(30), isUnder(29)], [true, true, false]);
    // Of three that follow on each other, the longest one holds them together.
    const short = incident('web', { openedAt: now - 55 * minuteMs, closedAt: now - 50 * minuteMs });
    assert.ok(
      wrong([at(40), short, cause], needs).some((text) => text.includes('at app') && text.startsWith('  ')),
    );
  });
});

describe('what a phone is told of a report', () => {
  const kept = (needs: number) =>
    keptOf(
      {
        title: 'nas in the morning',
        headline: 'Something needs you.',
        needs: Array.from({ length: needs }, (_, n) => ({ mark: 'bad', text: `n${n}` })),
        sections: [],
        end: '',
      } as never,
      'morning',
      '/var/report.html',
      ['the records'],
    );

  test('is its first line, and what needs somebody where that is more than one thing', () => {
    const event = (needs: number) => reportEvent(kept(needs), 'nas', 'run-1', now);
    assert.deepEqual(event(1), {
      id: 'report/run-1',
      kind: 'report',
      host: 'nas',
      title: 'nas in the morning',
      lines: ['Something needs you.'],
      end: 'All of it: baton report morning, or /var/report.html',
      at: '2026-11-26T06:30:00.000Z',
      report: 'morning',
    });
    assert.deepEqual(event(2).lines, ['Something needs you.', 'n0', 'n1']);
    assert.deepEqual(kept(8).needs, ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'and 2 more']);
    assert.deepEqual(kept(0).missing, ['the records']);
  });

  test('lets somebody read reports, and nothing else', () => {
    assert.deepEqual(readingTicket('anna', 'phone', now), {
      workflowId: '',
      runId: '',
      operation: '',
      plan: '',
      by: 'anna',
      channel: 'phone',
      may: 'read',
      expires: now,
    });
  });
});
