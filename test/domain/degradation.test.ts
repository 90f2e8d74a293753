/** Slower since a deploy: against the same hour of the days before, with how strong that is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { degradationFinding, findDegradation } from '../../domain/degradation.ts';
import { rankSum } from '../../domain/rank-sum.ts';
import { random } from '../random.ts';

const minute = 60_000;
const dayMs = 24 * 60 * minute;
const now = Date.parse('2026-11-26T21:00:00Z');
const deployedAt = now - 60 * minute;

/** Every five minutes for `days` days; three times as slow in the evening, with a tenth of noise. */
const latencies = (days: number, factorSince: number, seed = 1) => {
  const next = random(seed);
  return Array.from({ length: (days * dayMs) / (5 * minute) }, (_, index) => {
    const at = now - index * 5 * minute;
    const usual = new Date(at).getUTCHours() >= 18 ? 90 : 30;
    const factor = at > deployedAt ? factorSince : 1;
    return { at, value: usual * factor * (1 + 0.1 * (next() - 0.5)) };
  });
};
const found = (days: number, factor: number, seed?: number) =>
  findDegradation(latencies(days, factor, seed), deployedAt, now);

describe('a service since its deploy', () => {
  test('that is half as slow again is found, and how sure that is', () => {
    const told = found(8, 1.5);
    assert.ok(told.state === 'slower');
    assert.ok(Math.abs(told.ratio - 1.5) < 0.05 && told.chance === 1 && told.p < 1e-6);
    const finding = degradationFinding('shop/app', told, '0123456789ab');
    assert.equal(finding?.state, 'warning');
    assert.match(finding.evidence, /\+5\d %.*100 of 100.*p = /);
  });

  test('is held against the same hour: an evening is slower than a night in any case', () => {
    assert.equal(found(8, 1).state, 'no slower');
  });

  test('that is slower by less than anyone notices is not told', () => {
    assert.equal(found(8, 1.2).state, 'no slower');
  });

  test('is not judged by two days, nor by the first minutes', () => {
    assert.equal(found(2.5, 2).state, 'not enough');
    assert.equal(findDegradation(latencies(8, 2), now - 20 * minute, now).state, 'not enough');
  });

  test('is no slower than an evening that was as slow before', () => {
    const bad = latencies(8, 1.5).map(({ at, value }) => ({
      at,
      value: at < now - 2 * dayMs + minute && at > now - 2.2 * dayMs ? value * 1.6 : value,
    }));
    assert.equal(findDegradation(bad, deployedAt, now).state, 'no slower');
  });

  test('whose latency has not changed is called slower in none of 200 evenings', () => {
    const wrong = Array.from({ length: 200 }, (_, seed) => found(8, 1, seed)).filter(
      ({ state }) => state === 'slower',
    );
    assert.equal(wrong.length, 0);
  });
});

describe('the test of ranks', () => {
  /** Of all ways to choose as many: in how many `u` is as great. */
  const exactly = (some: number[], others: number[]): number => {
    const all = [...some, ...others];
    const uOf = (chosen: number[], rest: number[]): number =>
      chosen.reduce((sum, a) => sum + rest.filter((b) => b < a).length, 0);
    const ways = Array.from({ length: 2 ** all.length }, (_, bits) =>
      all.map((value, index) => ({ value, isChosen: ((bits >> index) & 1) === 1 })),
    ).filter((way) => way.filter(({ isChosen }) => isChosen).length === some.length);
    const us = ways.map((way) =>
      uOf(
        way.filter(({ isChosen }) => isChosen).map(({ value }) => value),
        way.filter(({ isChosen }) => !isChosen).map(({ value }) => value),
      ),
    );
    return us.filter((u) => u >= uOf(some, others)).length / us.length;
  };

  for (const [some, others] of [
    [
      [78, 64, 75, 45, 82],
      [110, 70, 53, 51],
    ],
    [
      [6, 7, 8, 9, 10, 11],
      [1, 2, 3, 4, 5, 12],
    ],
  ] as const)
    test(`is near what counting every way to choose gives, of ${some.join(' ')}`, () => {
      const { p } = rankSum(some, others);
      assert.ok(Math.abs(p - exactly([...some], [...others])) < 0.02, `${p}`);
    });

  test('of values that are all the same says nothing', () => {
    assert.deepEqual(rankSum([1, 1, 1], [1, 1]), { chance: 0.5, p: 1 });
    assert.deepEqual(rankSum([], [1]), { chance: 0.5, p: 1 });
  });
});
