/** Rates of what counts up. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Counters } from '../../activities/observe/counters.ts';

const minute = 60_000;

describe('what counts up', () => {
  test('has a rate from the second time on, over a minute at least', () => {
    const counters = new Counters();
    assert.equal(counters.perSecond('a', 100, 0), undefined);
    assert.equal(counters.perSecond('a', 160, minute / 2), undefined);
    assert.equal(counters.perSecond('a', 220, 2 * minute), 1);
    assert.equal(counters.perSecond('b', 220, 2 * minute), undefined);
  });

  test('has none where it begins anew, or where the clock was set back', () => {
    const counters = new Counters();
    counters.perSecond('a', 100, 10 * minute);
    assert.equal(counters.perSecond('a', 5, 12 * minute), undefined);
    assert.equal(counters.perSecond('a', 65, 13 * minute), 1);
    assert.equal(counters.perSecond('a', 70, 2 * minute), undefined);
    assert.equal(counters.perSecond('a', 130, 3 * minute), 1);
  });
});
