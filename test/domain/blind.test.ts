/** Gaps between looks are found and told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { blindMs, blindSpans, blindText, lookEveryMs } from '../../domain/blind.ts';

const night = Date.parse('2026-11-26T02:00:00Z');
const minute = (count: number): number => night + count * 60_000;
const clock = (at: number): string => new Date(at).toISOString().slice(11, 16);
const told = (looks: number[], from = minute(0), to = minute(60)): string[] =>
  blindSpans(looks, { from, to }).map((span) => blindText(span, clock));

describe('times at which nobody looked', () => {
  test('one look that is missing is a gap, one that is late is none', () => {
    const looks = [5, 10, 55, 60].map(minute);
    assert.deepEqual(told(looks), ['blind from 02:10 to 02:55']);
    assert.deepEqual(told([4, 9, 14, 23, 32, 41, 50, 59].map(minute)), []);
  });

  test('before the first and after the last look nobody looked', () => {
    assert.deepEqual(told([minute(30)]), ['blind from 02:00 to 02:30', 'blind from 02:30 to 03:00']);
    assert.deepEqual(told([]), ['blind from 02:00 to 03:00']);
  });

  test('a look from outside of what is asked about fills nothing', () => {
    assert.deepEqual(told([minute(-5), minute(65)]), ['blind from 02:00 to 03:00']);
  });

  test('whatever the looks, spans are apart, inside, and with none of them in between', () => {
    const looks = fc.array(fc.integer({ min: -10, max: 70 }).map(minute));
    fc.assert(
      fc.property(looks, (times) => {
        const spans = blindSpans(times, { from: minute(0), to: minute(60) });
        assert.ok(blindMs(spans) <= 60 * 60_000);
        for (const [index, { from, to }] of spans.entries()) {
          assert.ok(to - from > 2 * lookEveryMs && from >= (spans[index - 1]?.to ?? minute(0)));
          assert.ok(!times.some((at) => at > from && at < to));
        }
      }),
    );
  });
});
