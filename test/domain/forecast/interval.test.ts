/** How wide an interval is: as far off as the backtest was in eight of ten cases, and never narrower further ahead. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Miss, Trial } from '../../../domain/forecast/backtest.ts';
import { widthOf } from '../../../domain/forecast/interval.ts';

const method = { name: 'any', fit: () => undefined };
/** What was off so long ahead, each at an origin of its own. */
const misses = (leadMs: number, ...errors: number[]): Miss[] =>
  errors.map((error, origin) => ({ origin, leadMs, error, ungrown: 0 }));
const width = (all: Miss[], more: Partial<Trial['method']> = {}) =>
  widthOf({ method: { ...method, ...more }, misses: all, skill: 1 });

describe('an interval', () => {
  test('holds what was off in eight of ten cases, and one more for luck', () => {
    assert.equal(width(misses(10, 9, -1, 3, -7, 5, -2, 4, 8, 6))(10), 8, 'the eighth of nine');
    assert.equal(width(misses(10, 5, 1, 4, 2, 3))(10), 5, 'of five the fifth');
    assert.equal(width(misses(10, 1, 2, 3))(10), 3, 'of few the largest');
    assert.equal(width(misses(10, ...Array.from({ length: 14 }, (_, n) => n + 1)))(10), 12);
  });

  test('is that of the nearest lead before the first, between two in proportion, and grows on after the last', () => {
    const all = [...misses(20, 4), ...misses(10, 2), ...misses(40, 12)];
    const of = width(all);
    assert.deepEqual([0, 5, 10, 15, 20, 30, 40, 80].map(of), [2, 2, 2, 3, 4, 8, 12, 24]);
  });

  test('never gets narrower: what fell is the mean of what it fell from and to', () => {
    const of = width([...misses(1, 2), ...misses(2, 9), ...misses(3, 6), ...misses(4, 3), ...misses(5, 8)]);
    assert.deepEqual([1, 2, 3, 4, 5].map(of), [2, 6, 6, 6, 8]);
    const even = width([...misses(1, 9), ...misses(2, 3), ...misses(3, 3)]);
    assert.deepEqual([1, 2, 3].map(even), [5, 5, 5]);
  });

  test('leaves out what a reset took, of a method that speaks of the time until one', () => {
    const fallen = [{ origin: 0, leadMs: 10, error: -98, ungrown: 100 }];
    assert.equal(width(fallen, { untilReset: true })(10), 2);
    assert.equal(width(fallen)(10), 98);
  });

  test('of nothing has no width', () => {
    assert.equal(width([])(10), 0);
  });
});
