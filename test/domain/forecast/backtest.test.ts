/** Which of two methods did better on the past of a series, and whether that is more than luck. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAhead, type Trial } from '../../../domain/forecast/backtest.ts';

/** @param errors at one origin each, an hour ahead. */
const trial = (skill: number, ...errors: number[]): Trial => ({
  method: { name: 'any', fit: () => undefined },
  misses: errors.map((error, origin) => ({ origin, leadMs: 3_600_000, error, ungrown: 0 })),
  skill,
});

describe('a method is ahead of another', () => {
  test('where it is less off at most origins, whichever way', () => {
    assert.equal(isAhead(trial(0.5, 1, -1, 2, -1), trial(0.6, 2, 2, -3, -2)), true);
  });

  test('not where one lucky origin makes all of the difference', () => {
    assert.equal(isAhead(trial(0.5, 1, 2.1, -2.1, 2.1), trial(0.6, 3, 2, 2, -2)), false);
  });

  test('not where both are the same', () => {
    const same = trial(0.5, 1, 2, 3);
    assert.equal(isAhead(same, same), false);
  });

  test('by what is off in all, where they can be compared at one origin only', () => {
    assert.equal(isAhead(trial(0.5, 1), trial(0.6, 2, 2)), true);
    assert.equal(isAhead(trial(0.7, 1), trial(0.6, 2, 2)), false);
  });
});
