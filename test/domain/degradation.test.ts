/** Slower since a deploy: against the same hour of the days before, with how strong that is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { degradationFinding, findDegradation, watchedAfterMs } from '../../domain/degradation.ts';
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

describe('what a service is held against', () => {
  const warmUp = 5 * minute;
  const begin = deployedAt + warmUp;
  /** Looks of one time of the day, five minutes apart, so many days ago. */
  const looks = (values: readonly number[], daysAgo = 0) =>
    values.map((value, index) => ({ at: begin + index * 5 * minute - daysAgo * dayMs, value }));
  const same = (value: number, count: number): number[] => new Array<number>(count).fill(value);
  /** Looked at six times since, and as often on each of the days before; asked at the last look. */
  const judged = (since: readonly number[], days: Record<number, readonly number[]>) =>
    findDegradation(
      [...looks(since), ...Object.entries(days).flatMap(([ago, values]) => looks(values, Number(ago)))],
      deployedAt,
      begin + (since.length - 1) * 5 * minute,
    );
  const week = (values: readonly number[]): Record<number, readonly number[]> =>
    Object.fromEntries([1, 2, 3, 4, 5, 6, 7].map((ago) => [ago, values]));

  test('is six looks since, and three days that were looked at half as often', () => {
    const slow = same(200, 6);
    assert.equal(judged(slow, week(same(100, 6))).state, 'slower');
    assert.equal(judged(slow, { 1: same(100, 3), 6: same(100, 6), 7: same(100, 6) }).state, 'slower');
    const few: [ReturnType<typeof judged>, string][] = [
      [judged(slow.slice(1), week(same(100, 6))), '5 of 6 looks since, and 7 of 3 days before at that hour'],
      [
        judged(slow, { 1: same(100, 2), 6: same(100, 6), 7: same(100, 6) }),
        '6 of 6 looks since, and 2 of 3 days before at that hour',
      ],
      [
        judged(slow, { 1: same(100, 6), 7: same(100, 6), 8: same(100, 6) }),
        '6 of 6 looks since, and 2 of 3 days before at that hour',
      ],
    ];
    for (const [one, why] of few) assert.deepEqual(one, { state: 'not enough', why });
  });

  test('is not what was measured before it had started, nor another hour of the days', () => {
    const started = [...looks(same(200, 6)), { at: begin - 1, value: 9_000 }];
    const others = [1, 2, 3].flatMap((ago) => [
      ...looks(same(100, 6), ago),
      { at: begin - ago * dayMs - 1, value: 9_000 },
      { at: begin + 25 * minute - ago * dayMs + 1, value: 9_000 },
    ]);
    const later = [{ at: begin + 25 * minute + 1, value: 1 }];
    const told = findDegradation([...started, ...later, ...others], deployedAt, begin + 25 * minute);
    assert.ok(told.state === 'slower', told.why);
    assert.deepEqual([told.ratio, told.chance], [2, 1]);
    assert.equal(told.why, '200 ms now, 100 ms at that hour of the 3 days before (+100 %)');
  });

  test('has to be exceeded by three tenths, by five milliseconds, and on the slowest day', () => {
    assert.equal(judged(same(130, 6), week(same(100, 6))).state, 'slower');
    assert.deepEqual(judged(same(129, 6), week(same(100, 6))), {
      state: 'no slower',
      why: '129 ms now, 100 ms at that hour of the days before',
    });
    assert.equal(judged(same(10, 6), week(same(5, 6))).state, 'slower');
    assert.deepEqual(judged(same(9.5, 6), week(same(5, 6))), {
      state: 'no slower',
      why: '9.5 ms now, 5.0 ms at that hour of the days before',
    });
    const slowestDay = (value: number) => judged(same(150, 6), { ...week(same(100, 6)), 4: same(value, 6) });
    assert.equal(slowestDay(150).state, 'no slower');
    assert.equal(slowestDay(149).state, 'slower');
  });

  test('is exceeded by chance where some looks were as quick as ever', () => {
    const told = judged([90, 90, 140, 140, 140, 140], week(same(100, 6)));
    assert.equal(told.state, 'no slower');
    assert.match(told.why, /^it may be chance: p = 0\.\d+$/);
  });

  test('is told as a finding, or as nothing where too little was measured', () => {
    const finding = (told: ReturnType<typeof judged>) => degradationFinding('shop/app', told, '0123456789ab');
    assert.equal(finding(judged([], {})), undefined);
    assert.deepEqual(finding(judged(same(100, 6), week(same(100, 6)))), {
      what: 'slower-since-deploy',
      where: 'shop/app',
      state: 'fine',
      evidence: '100 ms now, 100 ms at that hour of the days before',
    });
    const slow = finding(judged(same(200, 6), week([...same(100, 5), 300])));
    assert.deepEqual([slow?.what, slow?.where, slow?.state], ['slower-since-deploy', 'shop/app', 'warning']);
    assert.match(
      slow?.evidence ?? '',
      /^since release 0123456789ab: 200 ms now, 100 ms at that hour of the 7 days before \(\+100 %\); an answer of now is slower than one of then in 83 of 100 cases, Mann-Whitney p = \de-\d$/,
    );
  });

  test('is watched for twelve hours', () => {
    assert.equal(watchedAfterMs, 12 * 60 * minute);
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
