/** Sudden falls that stay, and sudden rises: what is one, what is left without them, and whether they come regularly. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { cycleOf, findImports, findResets, withoutJumps } from '../../../domain/forecast/reset.ts';
import { random } from '../../random.ts';

const samples = (values: readonly number[]) => values.map((value, index) => ({ at: index * 10, value }));
const line = (count: number, valueAt: (index: number) => number) =>
  samples(Array.from({ length: count }, (_, index) => valueAt(index)));
const resets = (...values: number[]) => findResets(samples(values)).map(({ at, size }) => [at, size]);

describe('a reset', () => {
  test('is a fall that stays', () => {
    assert.deepEqual(resets(10, 11, 12, 13, 3, 4, 5, 6), [[40, 10]]);
    assert.deepEqual(resets(10, 11, 12, 13, 3, 14, 15, 16), [], 'a value that was only wrong once');
    assert.deepEqual(
      resets(10, 11, 12, 13, 14, 15, 16, 6),
      [[70, 10]],
      'at the very end nobody knows better',
    );
    assert.deepEqual(resets(20, 6, 7, 8, 9, 10), [[10, 14]]);
    assert.deepEqual(resets(5, 5, 5, 5), []);
    assert.deepEqual(resets(5), []);
    assert.deepEqual(resets(), []);
  });

  test('is more than six times what is usual between two samples', () => {
    const next = random(3);
    const noisy = line(400, (index) => 100 + index + 4 * next() - (index >= 200 ? 30 : 0));
    assert.deepEqual(
      findResets(noisy).map(({ at }) => at),
      [2_000],
    );
    assert.deepEqual(findResets(line(400, (index) => 100 + index + 4 * next())), []);
  });

  test('is more than what is rounded: a two-hundredth of all that there is', () => {
    const falls = (size: number): number =>
      findResets(line(300, (index) => (index === 0 ? 0 : 100_000 - (index < 150 ? 0 : size)))).length;
    assert.deepEqual([falls(501), falls(499)], [1, 0]);
  });

  test('is not each step of what falls all the time', () => {
    assert.deepEqual(findResets(line(100, (index) => 1_000 - 2 * index)), []);
    assert.deepEqual(
      findResets(line(100, (index) => 1_000 - 2 * index - (index >= 50 ? 100 : 0))).map(({ at }) => at),
      [500],
    );
    assert.deepEqual(findImports(line(100, (index) => 2 * index)), []);
  });

  test('has a counterpart', () => {
    const grown = line(100, (index) => index + (index >= 50 ? 100 : 0));
    assert.deepEqual(findImports(grown), [{ at: 500, size: 101 }]);
    assert.deepEqual(findResets(grown), []);
  });
});

describe('a series without its jumps', () => {
  test('grows in the step of a jump as it does in the others, to the same last value', () => {
    const fallen = samples([10, 12, 14, 4, 6, 8]);
    assert.deepEqual(
      withoutJumps(fallen, findResets(fallen)).map(({ value }) => value),
      [-2, 0, 2, 4, 6, 8],
    );
    assert.deepEqual(
      withoutJumps(fallen, findResets(fallen)).map(({ at }) => at),
      [0, 10, 20, 30, 40, 50],
    );
  });

  test('grows the more, the longer a step is', () => {
    const gap = [
      { at: 0, value: 10 },
      { at: 10, value: 12 },
      { at: 40, value: 3 },
      { at: 50, value: 5 },
    ];
    assert.deepEqual(
      withoutJumps(gap, [{ at: 40, size: 9 }]).map(({ value }) => value),
      [-5, -3, 3, 5],
    );
  });

  test('is itself where there are none', () => {
    const history = samples([1, 2, 3]);
    assert.equal(withoutJumps(history, []), history);
    assert.deepEqual(withoutJumps([], [{ at: 0, size: 1 }]), []);
  });
});

describe('resets', () => {
  const cycle = (...times: number[]): number | undefined =>
    cycleOf(
      times.map((at) => ({ at, size: 1 })),
      10,
    );

  test('come regularly where four of five gaps are alike', () => {
    assert.equal(cycle(0, 100, 200), 100);
    assert.equal(cycle(0, 100, 200, 300, 400, 900), 100);
    assert.equal(cycle(0, 100, 200, 300, 800), undefined);
    assert.equal(cycle(0, 96, 204, 300), 100, 'in whole steps');
    assert.equal(cycle(0, 100, 215), 110, 'a step and a half is alike');
    assert.equal(cycle(0, 100, 216, 300), undefined);
    assert.equal(cycle(0, 1_000, 2_100, 3_000), 1_000, 'and so is a tenth');
    assert.equal(cycle(0, 1_000, 2_101, 3_000), undefined);
  });

  test('of which there are too few, or that fall step after step, have no cycle', () => {
    assert.equal(cycle(), undefined);
    assert.equal(cycle(0, 100), undefined);
    assert.equal(cycle(0, 10, 20, 30), undefined);
    assert.equal(cycle(0, 10, 100, 110, 200), 90, 'one in two steps is one');
  });
});
