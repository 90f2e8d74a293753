/** Leaks as findings, and histories that cannot be. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { historyFinding, leakFindings } from '../../domain/leak-finding.ts';

const hourMs = 3_600_000;
const now = Date.parse('2026-11-26T03:00:00Z');
const mebi = 2 ** 20;
const about = { limitBytes: 512 * mebi, machineBytes: 8_192 * mebi, startedAt: now - 9 * 24 * hourMs, now };
/** Of so many days, an hour each: up and down with the day, and `perHour` up for good. */
const memory = (days: number, perHour: number) =>
  Array.from({ length: days * 24 }, (_, index) => {
    const at = now - (days * 24 - index) * hourMs;
    const hour = new Date(at).getUTCHours();
    return { at, value: (100 + 40 * Math.sin((hour * Math.PI) / 12) + perHour * index) * mebi };
  });
const told = (samples: { at: number; value: number }[], more: object = {}): Record<string, string> =>
  Object.fromEntries(
    leakFindings('shop/api', samples, { ...about, ...more }).map(({ what, state }) => [what, state]),
  );

describe('memory', () => {
  test('that rises from day to day is a leak, the sooner it is full the worse', () => {
    assert.equal(told(memory(8, 0.5))['memory-leak'], 'info');
    assert.equal(told(memory(8, 2))['memory-leak'], 'warning');
    const [, leak] = leakFindings('shop/api', memory(8, 2), about);
    assert.ok(leak?.dueAt !== undefined && leak.dueAt > now, 'until then it can wait');
    assert.match(leak.evidence, /^2\.\d? ?M?i?B?.* an hour.*reached in \d+\.\d days/);
  });

  test('that goes up and down with the day is none', () => {
    assert.equal(told(memory(8, 0))['memory-leak'], 'fine');
  });

  test('of which too little was measured is not spoken of, unless a restart has given it back', () => {
    assert.equal(told(memory(2, 2))['memory-leak'], undefined);
    assert.equal(told(memory(8, 2), { startedAt: now - hourMs })['memory-leak'], 'fine');
  });

  test('with impossible values in its history is told, and judged without them', () => {
    const broken = memory(8, 2).map(({ at, value }, index) => ({
      at,
      value: [-1, 0, 1e12][index % 40] ?? value,
    }));
    const found = told(broken);
    assert.deepEqual(found, { 'impossible-history': 'warning', 'memory-leak': 'warning' });
    const [history] = leakFindings('shop/api', broken, about);
    assert.match(history?.evidence ?? '', /is negative.*is zero/);
  });

  test('of which most is impossible tells nothing but that', () => {
    const broken = memory(8, 2).map(({ at }) => ({ at, value: -1 }));
    assert.deepEqual(told(broken), { 'impossible-history': 'warning' });
  });
});

describe('in words', () => {
  /** A line without noise: 1 MiB an hour, for so many days. */
  const line = (days: number, more: object = {}) => {
    const samples = Array.from({ length: days * 24 + 1 }, (_, index) => ({
      at: now - (days * 24 - index) * hourMs,
      value: (100 + index) * mebi,
    }));
    return leakFindings('shop/api', samples, { ...about, ...more });
  };
  const top = (hours: number): number => (100 + 8 * 24 + hours) * mebi;

  test('a leak is told with its pace, and when its limit is reached', () => {
    assert.deepEqual(line(8, { limitBytes: top(48) })[1], {
      what: 'memory-leak',
      where: 'shop/api',
      state: 'warning',
      evidence:
        '1.0 MiB an hour: it has risen for 7.9 days, at the same hours of the day; its limit of 340 MiB is reached in 2.0 days (2.0 to 2.0)',
      dueAt: now + 48 * hourMs,
    });
    assert.equal(line(8, { limitBytes: top(49) })[1]?.state, 'info');
  });

  test('a history is told with what was set aside, and when last', () => {
    assert.deepEqual(line(8)[0], {
      what: 'impossible-history',
      where: 'memory shop/api',
      state: 'fine',
      evidence: 'every value is possible',
    });
    const set = (reason: string, count: number) => ({ reason, count, first: 0, last: now });
    assert.deepEqual(historyFinding('memory x', [set('is zero', 1), set('is negative', 2)]), {
      what: 'impossible-history',
      where: 'memory x',
      state: 'warning',
      evidence:
        'set aside: 1 that is "is zero", last 2026-11-26T03:00Z; 2 that are "is negative", last 2026-11-26T03:00Z',
    });
  });

  test('too little is told only while a restart settles', () => {
    const told = (startedAgoMs: number) => line(2, { startedAt: now - startedAgoMs })[1]?.evidence;
    assert.equal(told(3 * 24 * hourMs), undefined);
    assert.match(
      told(3 * 24 * hourMs - 1) ?? '',
      /^since its last restart it was measured for \d\.\d of 3 days$/,
    );
  });
});
