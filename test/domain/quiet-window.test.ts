import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { weekHourIn, type TrafficHour } from '../../domain/quiet-hours.ts';
import { quietSpan, trafficAround } from '../../domain/quiet-window.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Thursday. */
const now = Date.parse('2026-11-26T18:20:00Z');
const weekHour = weekHourIn('UTC');

/** Busy by day; nearly nobody in these hours. */
const measured = (days: number, quiet: readonly number[]): TrafficHour[] =>
  Array.from({ length: days * 24 }, (_, index) => {
    const at = Math.floor(now / hourMs) * hourMs - (days * 24 - index) * hourMs;
    return { at, value: quiet.includes(new Date(at).getUTCHours()) ? 3 : 100 };
  });

const clockOf = (at = 0): string => new Date(at).toISOString().slice(5, 16);

describe('the hours for what can wait', () => {
  test('are the quietest that were measured, the next time they come', () => {
    const span = quietSpan(measured(10, [13, 14]), weekHour, { now, takesMs: hourMs });
    assert.equal(clockOf(span?.from), '11-27T13:00');
    assert.equal(clockOf(span?.to), '11-27T15:00');
    assert.equal(span?.why, 'hours with 3 % of the usual traffic, as measured on 10 days');
  });

  test('are those that are open now, where enough is left of them', () => {
    const open = (takesMs: number) => quietSpan(measured(10, [17, 18]), weekHour, { now, takesMs });
    assert.equal(clockOf(open(30 * 60_000)?.from), '11-26T17:00');
    assert.equal(clockOf(open(50 * 60_000)?.from), '11-27T17:00');
  });

  test('are over before the harm is there, though later ones were quieter', () => {
    const span = quietSpan(measured(10, [13, 14]), weekHour, {
      now,
      takesMs: hourMs,
      dueAt: now + 10 * hourMs,
    });
    assert.ok(span && span.from + hourMs <= now + 10 * hourMs, clockOf(span?.from));
  });

  test('are as long as the work takes', () => {
    const span = quietSpan(measured(10, [1, 2, 3, 4]), weekHour, { now, takesMs: 3.5 * hourMs });
    assert.deepEqual([clockOf(span?.from), clockOf(span?.to)], ['11-27T01:00', '11-27T05:00']);
  });

  test('are not told from two days', () => {
    assert.equal(quietSpan(measured(2, [3, 4]), weekHour, { now, takesMs: hourMs }), undefined);
  });

  test('come within two days, whatever is quieter on Sunday', () => {
    const weeks = measured(28, [3, 4]).map(({ at, value }) => ({
      at,
      value: new Date(at).getUTCDay() === 0 ? 1 : value,
    }));
    const span = quietSpan(weeks, weekHour, { now, takesMs: hourMs });
    assert.ok(span && span.from <= now + 2 * dayMs, clockOf(span?.from));
    assert.equal(clockOf(span.from), '11-27T03:00');
  });
});

describe('the traffic around a target', () => {
  const hour = (at: number, value: number): TrafficHour => ({ at, value });
  const all = [
    { place: 'books/app', hours: [hour(0, 5), hour(hourMs, 7)] },
    { place: 'photos/web', hours: [hour(0, 100)] },
  ];

  test('is its own', () => {
    assert.deepEqual(trafficAround('books/app', all), [hour(0, 5), hour(hourMs, 7)]);
  });

  test('is that of the whole host for a disk, of hours in which all of it was measured', () => {
    assert.deepEqual(trafficAround('/srv', all), [hour(0, 105)]);
  });

  test('is none where none is measured', () => {
    assert.deepEqual(trafficAround('/srv', []), []);
  });
});
