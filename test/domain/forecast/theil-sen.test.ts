/** Slopes between the same hours of days, and what a season adds between its phases. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { median, spread, mean } from '../../../domain/forecast/order-statistics.ts';
import { phaseOf, seasonalLine, seasonalShape, slopesOf } from '../../../domain/forecast/theil-sen.ts';
import { random } from '../../random.ts';

/** A period of four phases of ten. */
const season = { periodMs: 40, stepMs: 10 };
const samples = (values: readonly number[], from = 0) =>
  values.map((value, index) => ({ at: from + index * 10, value }));

describe('phases', () => {
  test('are counted from 0, also before the epoch', () => {
    assert.deepEqual(
      [0, 9, 10, 39, 40, 55].map((at) => phaseOf(at, season)),
      [0, 0, 1, 3, 0, 1],
    );
    assert.deepEqual(
      [-1, -10, -11, -40].map((at) => phaseOf(at, season)),
      [3, 3, 2, 0],
    );
  });
});

describe('slopes', () => {
  test('are those between all pairs of the same phase', () => {
    const history = samples([0, 100, 0, 0, 4, 140, 0, 0, 20, 100]);
    // Of phase 0: 0, 4 and 20 at 0, 40 and 80; of phase 1: 100, 140 and 100; of the others two zeros each.
    assert.deepEqual(
      slopesOf(history, season).sort((a, b) => a - b),
      [-1, 0, 0, 0, 0.1, 0.25, 0.4, 1],
    );
  });

  test('of one time are none', () => {
    const twice = [
      { at: 0, value: 1 },
      { at: 0, value: 5 },
    ];
    assert.deepEqual(slopesOf(twice, season), []);
    assert.equal(seasonalLine(twice, season), undefined);
    assert.deepEqual(slopesOf([], season), []);
  });
});

describe('a line with a season', () => {
  const shape = [0, 8, 4, -8];
  const history = samples(Array.from({ length: 20 }, (_, index) => 3 * index + (shape[index % 4] ?? 0)));

  test('has the slope of the same phases, whatever the season', () => {
    const line = seasonalLine(history, season);
    assert.equal(line?.slope, 0.3);
    assert.equal(seasonalLine(history, season), line, 'it is drawn once');
    assert.notEqual(seasonalLine(history, { periodMs: 80, stepMs: 10 }), line);
  });

  test('adds at each phase what it usually adds, and between two in proportion', () => {
    const line = seasonalLine(history, season);
    const added = (at: number): number => Math.round(1e6 * (line?.shape(at) ?? 0)) / 1e6;
    // Beside the median of what the line leaves, which lies between 0 and 4.
    assert.deepEqual([0, 10, 20, 30, 40, 410].map(added), [-2, 6, 2, -10, -2, 6]);
    assert.deepEqual([5, 12.5, 25, 35, -5].map(added), [2, 5, -4, -6, -6]);
  });

  test('stands at where in its step a sample usually is', () => {
    const late = history.map(({ at, value }) => ({ at: at + 7, value }));
    const added = seasonalShape(late, 0.3, season);
    assert.deepEqual(
      [7, 17, 27, 37].map((at) => Math.round(added(at))),
      [-2, 6, 2, -10],
    );
  });

  test('has in a phase without a sample what the phase before it has', () => {
    const without = (phase: number) => history.filter((_, index) => index % 4 !== phase);
    const added = (phase: number): number[] => {
      const one = seasonalShape(without(phase), 0.3, season);
      return [0, 10, 20, 30].map((at) => Math.round(one(at)));
    };
    // What is left has another median: 4 where the lowest is away, and 0 where the highest is.
    assert.deepEqual(added(3), [-4, 4, 0, 0]);
    assert.deepEqual(added(1), [0, 0, 4, -8]);
    assert.deepEqual(added(0), [-12, 4, 0, -12]);
  });

  test('of nothing adds nothing', () => {
    assert.equal(seasonalShape([], 1, season)(15), 0);
  });
});

describe('medians', () => {
  test('are those of the sorted values, whatever their order', () => {
    const next = random(1);
    for (let count = 1; count < 60; count += 1) {
      const values = Array.from({ length: count }, () => Math.floor(next() * 20));
      const sorted = [...values].sort((a, b) => a - b);
      const [low = 0, high = 0] = [sorted[Math.ceil(count / 2) - 1], sorted[Math.floor(count / 2)]];
      assert.equal(median(values), (low + high) / 2, values.join(' '));
    }
    assert.equal(median([]), undefined);
  });

  test('of deviations are a spread: that of normal values', () => {
    assert.equal(spread([1, 2, 3, 4, 100]), 1.4826);
    assert.equal(spread([]), 0);
    assert.deepEqual([mean([]), mean([1, 2, 6])], [0, 3]);
  });
});
