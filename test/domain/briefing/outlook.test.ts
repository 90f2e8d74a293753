/** What a report tells of what comes: schedules, forecasts, quiet hours; and of how the host was. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { clockIn, lastedText } from '../../../domain/briefing/clock.ts';
import type { Facts } from '../../../domain/briefing/facts.ts';
import { aheadIn, dueIn, healthIn, plannedIn, quietIn } from '../../../domain/briefing/outlook.ts';
import { facts, hourMs, minuteMs, now } from './made-facts.ts';

const clock = clockIn('UTC');
const dayMs = 24 * hourMs;
const told = ({ lines }: ReturnType<typeof plannedIn>): string[] =>
  lines.map(({ mark, text, next }) => `${mark} ${text}${next === undefined ? '' : ` > ${next}`}`);

describe('what comes', () => {
  const planned = (count: number): Facts['planned'] =>
    Array.from({ length: count }, (_, index) => ({
      ...{ at: now + (count - index) * hourMs, name: `n${index}`, what: 'prune snapshots' },
    }));

  test('is told in order of time, with what waits for its hour, and not what waits for a person', () => {
    const wait = (waiting: unknown): Facts['waits'][number] =>
      ({ kind: 'deploy', stack: 'photos', waiting }) as unknown as Facts['waits'][number];
    const waits = [
      wait({ for: 'hour', startsAt: '2026-11-26T08:00:00Z' }),
      wait({ for: 'approval' }),
      wait(undefined),
    ];
    const section = plannedIn(facts({ planned: planned(2), waits }), clock);
    assert.deepEqual(told(section), [
      'info Thu 07:30 n1: prune snapshots',
      'info Thu 08:00 deploy photos: waits for its hour',
      'info Thu 08:30 n0: prune snapshots',
    ]);
    assert.deepEqual(
      [section.title, section.none],
      ['What comes', 'Nothing begins by itself in the next day.'],
    );
  });

  test('is told of ten, and how many more there are', () => {
    assert.equal(told(plannedIn(facts({ planned: planned(10) }), clock)).length, 10);
    const lines = told(plannedIn(facts({ planned: planned(12) }), clock));
    assert.equal(lines.length, 11);
    assert.match(lines.at(-1) ?? '', /2 more.*baton schedule next/);
  });

  test('does not come while the host is held', () => {
    assert.deepEqual(told(plannedIn(facts({ heldBy: 'by anna' }), clock)), [
      'warn the host is held by anna: nothing begins by itself > baton release',
    ]);
  });
});

describe('forecasts', () => {
  const of = (forecast: Record<string, unknown>, more: Record<string, unknown> = {}): Facts['forecasts'] =>
    [{ place: '/srv', usedBytes: 90, sizeBytes: 1024, forecast, ...more }] as unknown as Facts['forecasts'];
  const ahead = (forecasts: Facts['forecasts']): string[] => told(aheadIn(facts({ forecasts }), clock));

  test('ahead say when it is full, and between which days', () => {
    const limit = (span: { from?: number; to?: number }) =>
      ahead(of({ state: 'told', limit: { at: now + 3 * dayMs, ...span } }));
    assert.deepEqual(limit({ from: now + 2 * dayMs, to: now + 5 * dayMs }), [
      'warn /srv is at 8 % of 1.0 KiB, full in 3 days (Sat 28 Nov to Tue 1 Dec)',
    ]);
    assert.deepEqual(limit({}), ['warn /srv is at 8 % of 1.0 KiB, full in 3 days (? to later)']);
    assert.deepEqual(ahead(of({ state: 'told', limit: { at: now - dayMs } })), [
      'warn /srv is at 8 % of 1.0 KiB, full in 0 s (? to later)',
    ]);
  });

  test('ahead say that it is not full as far as they reach, or why there is none', () => {
    const far = ['good /srv is at 8 % of 1.0 KiB, and not full within the reach of a forecast'];
    assert.deepEqual(ahead(of({ state: 'told' })), far);
    assert.deepEqual(ahead(of({ state: 'told', limit: {} })), far);
    assert.deepEqual(ahead(of({ state: 'muted', why: 'no better' })), [
      'unknown /srv is at 8 % of 1.0 KiB; no forecast: no better',
    ]);
    const { title, none } = aheadIn(facts(), clock);
    assert.deepEqual([title, none], ['Forecasts ahead', 'No disk was measured in the last day.']);
  });

  test('that came due say by how much they were off, beside no change', () => {
    const due = (score: Record<string, unknown>): string[] =>
      told(
        dueIn(
          facts({
            due: [{ place: '/srv', forecast: { madeAt: now - 7 * dayMs }, score }] as unknown as Facts['due'],
          }),
          clock,
        ),
      );
    assert.deepEqual(due({ error: 2048, covered: 0.5, skill: 0.4 }), [
      'good /srv, made Thu 19 Nov: off by 2.0 KiB, 40 % of what “no change” was off by; the interval held 50 %',
    ]);
    assert.deepEqual(due({ error: 2048, covered: 0.4 }), [
      'warn /srv, made Thu 19 Nov: off by 2.0 KiB; the interval held 40 %',
    ]);
    const { title, none } = dueIn(facts(), clock);
    assert.deepEqual([title, none], ['Forecasts that came due', 'None came due.']);
  });
});

test('quiet hours are the quietest, or why they are not known', () => {
  const quiet = (one: Record<string, unknown>): string[] =>
    told(quietIn(facts({ traffic: [{ target: 'shop', quiet: one }] as unknown as Facts['traffic'] })));
  const windows = [{ from: 3, hours: 2, share: 0.05 }];
  assert.deepEqual(quiet({ state: 'told', shape: 'day', windows }), [
    'info shop: every day 03:00 to 05:00, with 5 % of its usual traffic',
  ]);
  assert.deepEqual(quiet({ state: 'told', shape: 'day', windows: [] }), ['info shop: none']);
  assert.deepEqual(quiet({ state: 'not enough', why: 'two days' }), ['unknown shop: not enough: two days']);
  const { title, none } = quietIn(facts());
  assert.deepEqual([title, none], ['Quiet hours', 'No traffic is on record.']);
});

describe('how the host was', () => {
  const look = (minutes: number, score: number, unknown: string[] = []) => ({
    ...{ at: now - minutes * minuteMs, score, unknown },
  });
  const health = (more: Partial<Facts>): string[] => told(healthIn(facts(more), clock));

  test('is its last score, its mean, and its least, and what could not be asked', () => {
    const looks = [
      look(30 * 60, 1, ['disk']),
      look(20, 90, ['traefik', 'disk']),
      look(10, 80, ['traefik']),
      look(0, 95),
    ];
    assert.deepEqual(health({ looks, meanScore: 88.34, meanScoreBefore: 90 }), [
      'info 95 of 100 at Thu 06:30; on average 88.3, 90.0 in the time before; least 80 at Thu 06:20',
      'unknown traefik could not be asked, at 2 looks of those shown',
      'unknown disk could not be asked, at 1 looks of those shown',
    ]);
    assert.deepEqual(health({ looks: [look(0, 100)], meanScore: 100 }), [
      'good 100 of 100 at Thu 06:30; on average 100.0; least 100 at Thu 06:30',
    ]);
  });

  test('is not known where nobody looked', () => {
    assert.deepEqual(health({ looks: [look(30 * 60, 100)] }), []);
    assert.deepEqual(health({ looks: [] }), []);
    const { meanScore: _none, ...unmeasured } = facts();
    const { title, lines, none } = healthIn(unmeasured, clock);
    assert.deepEqual([title, lines, none], ['Health', [], 'Nobody looked, so nothing is known.']);
  });
});

test('times are as exact as a morning needs them', () => {
  const texts = [59_499, 59_999, minuteMs, 119 * minuteMs, 2 * hourMs, 47 * hourMs, 2 * dayMs];
  assert.deepEqual(texts.map(lastedText), ['59 s', '60 s', '1 min', '119 min', '2 h', '47 h', '2 days']);
  const at = (text: string): number => Date.parse(`2026-11-${text}:00Z`);
  const spans: [string, string, string][] = [
    ['26T02:14', '26T02:20', 'Thu 02:14 to 02:20'],
    ['26T23:50', '27T00:10', 'Thu 23:50 to Fri 00:10'],
    ['20T02:00', '26T02:00', 'Fri 20 Nov 02:00 to Thu 26 Nov 02:00'],
    ['20T02:00', '26T01:59', 'Fri 02:00 to Thu 01:59'],
  ];
  for (const [from, to, text] of spans) assert.equal(clock.span(at(from), at(to)), text);
  assert.equal(clockIn('Europe/Berlin').moment(at('26T23:30')), 'Fri 00:30');
});
