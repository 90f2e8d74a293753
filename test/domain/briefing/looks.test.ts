import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { meanScore, thinned } from '../../../domain/briefing/looks.ts';

const look = (at: number, score: number) => ({ at, score, unknown: [] });
const scores = (looks: readonly { score: number }[]): number[] => looks.map(({ score }) => score);

describe('looks, as few as a picture needs', () => {
  const looks = [100, 40, 90, 95, 80, 80].map((score, index) => look(1000 + 10 * index, score));

  test('keep the lowest of each group, wherever in it that is', () => {
    assert.deepEqual(scores(thinned(looks, { from: 1000, to: 1060 }, 3)), [40, 90, 80]);
    assert.deepEqual(scores(thinned(looks, { from: 1000, to: 1060 }, 2)), [40, 80]);
  });

  test('of those with the same score keep the first', () => {
    assert.deepEqual(
      thinned(looks, { from: 1000, to: 1060 }, 2).map(({ at }) => at),
      [1010, 1040],
    );
  });

  test('are all kept where there are few, also in a period of no length', () => {
    assert.deepEqual(thinned(looks, { from: 1000, to: 1060 }, 100), looks);
    assert.deepEqual(thinned(looks, { from: 1000, to: 1000 }, 100), looks);
  });
});

describe('the mean score of a period', () => {
  const looks = [look(10, 100), look(20, 50), look(30, 0)];

  test('is of the looks from its begin on, and before its end', () => {
    assert.equal(meanScore(looks, { from: 10, to: 30 }), 75);
    assert.equal(meanScore(looks, { from: 11, to: 31 }), 25);
  });

  test('is none where nobody looked', () => {
    assert.equal(meanScore(looks, { from: 31, to: 90 }), undefined);
    assert.equal(meanScore([], { from: 0, to: 90 }), undefined);
  });
});
