import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { noChange, pastOf } from '../../../domain/forecast/past.ts';
import { hour, hourly, nowOf, start } from './made-series.ts';

const values = (samples: readonly { value: number }[]): number[] => samples.map(({ value }) => value);

describe('a past', () => {
  test('without jumps is what was measured', () => {
    const history = hourly(24, (h) => 100 + h);
    const past = pastOf(history, hour);
    assert.deepEqual(past, {
      stepMs: hour,
      history,
      resets: [],
      gross: history,
      steady: history,
      end: history[23],
    });
    assert.equal(past.gross, past.steady);
  });

  test('with a reset and an import is told without the first, and without both, each to the same end', () => {
    const history = hourly(48, (h) => 1000 + h - (h >= 16 ? 500 : 0) + (h >= 32 ? 300 : 0));
    const past = pastOf(history, hour);
    assert.deepEqual(past.resets, [{ at: start + 16 * hour, size: 499 }]);
    const steps = (samples: readonly { value: number }[]): number[] =>
      values(samples)
        .slice(1)
        .map((value, index) => Math.round(value - (values(samples)[index] ?? 0)));
    // Without the fall only the rise is left, and without either each hour adds one.
    assert.equal(steps(past.gross).filter((step) => step > 100).length, 1);
    assert.ok(steps(past.gross).every((step) => step > 0));
    assert.deepEqual(new Set(steps(past.steady)), new Set([1]));
    for (const samples of [past.gross, past.steady]) assert.equal(samples.at(-1)?.value, 847);
  });

  test('goes on as it is, where nothing changes', () => {
    const past = pastOf(
      hourly(5, (h) => h),
      hour,
    );
    assert.equal(noChange.fit(past)?.(nowOf(past.history) + hour), 4);
  });
});
