/** Leaks as findings, and histories that cannot be. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { leakFindings } from '../../domain/leak-finding.ts';

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
