/** Promises held against what came of them, and the level that they earn. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { calibrationOf, type Scored } from '../../domain/calibration.ts';
import { chanceOfSoFew, earnedCap, proposedLevel } from '../../domain/earned-level.ts';
import { levels } from '../../domain/autonomy.ts';

const promises = (kept: number, broken: number, promised: number): Scored[] => [
  ...Array.from({ length: kept }, () => ({ promised, kept: true })),
  ...Array.from({ length: broken }, () => ({ promised, kept: false })),
];
const about = (expected: number, actual: number | undefined): void => {
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) < 1e-9,
    `${actual ?? 'nothing'}, not ${expected}`,
  );
};

describe('calibration', () => {
  test('nothing was promised', () => {
    assert.equal(calibrationOf([]), undefined);
  });

  test('mean promise, share kept, Brier score beside that of the base rate, and tenths', () => {
    const found = calibrationOf([...promises(8, 2, 0.8), ...promises(1, 1, 1)]);
    about(10 / 12, found && found.promised);
    about(9 / 12, found?.kept);
    about((8 * 0.04 + 2 * 0.64 + 1) / 12, found?.brier);
    about((9 / 12) * (3 / 12), found?.baseRateBrier);
    assert.deepEqual(
      found?.bins.map(({ from, count, kept }) => [from, count, kept]),
      [
        [0.8, 10, 0.8],
        [0.9, 2, 0.5],
      ],
    );
  });
});

describe('the level that the record earns', () => {
  test('the chance of so few is that of the binomial where all promise the same', () => {
    about(0.1 ** 3, chanceOfSoFew(promises(0, 3, 0.9)));
    about(0.1 ** 3 + 3 * 0.9 * 0.1 ** 2, chanceOfSoFew(promises(1, 2, 0.9)));
    about(1, chanceOfSoFew(promises(3, 0, 0.9)));
    about(1, chanceOfSoFew([]));
  });

  test('falls a step where fewer help than chance explains, and to a dry run where much fewer do', () => {
    assert.equal(earnedCap('moderate', promises(9, 1, 0.9)), undefined);
    assert.equal(earnedCap('moderate', promises(6, 4, 0.9))?.level, 'conservative');
    assert.equal(earnedCap('moderate', promises(5, 5, 0.9))?.level, 'dry-run');
    assert.equal(earnedCap('aggressive', promises(7, 3, 0.92))?.level, 'moderate');
    assert.deepEqual(earnedCap('conservative', promises(7, 3, 0.92)), {
      level: 'dry-run',
      why: 'of the last 10 actions 7 helped, where 9.2 were promised',
    });
    assert.equal(earnedCap('off', promises(0, 20, 0.9)), undefined);
  });

  test('what is long past is forgiven', () => {
    assert.equal(earnedCap('moderate', [...promises(0, 20, 0.9), ...promises(40, 0, 0.9)]), undefined);
  });

  test('a higher one is proposed where enough was done and the share reaches what it asks', () => {
    assert.equal(proposedLevel('dry-run', promises(19, 0, 0.9)), undefined);
    assert.deepEqual(proposedLevel('dry-run', promises(20, 0, 0.9)), {
      level: 'conservative',
      why: '20 of 20 actions helped: 95 % by Laplace’s rule',
    });
    assert.equal(proposedLevel('dry-run', promises(20, 2, 0.9)), undefined);
    assert.equal(proposedLevel('conservative', promises(20, 2, 0.9))?.level, 'moderate');
    assert.equal(proposedLevel('aggressive', promises(90, 0, 0.9)), undefined);
    assert.equal(proposedLevel('off', promises(90, 0, 0.9)), undefined);
  });

  test('one more broken promise never earns a higher one', () => {
    const scored = fc.array(
      fc.record({ promised: fc.double({ min: 0.5, max: 1, noNaN: true }), kept: fc.boolean() }),
      { maxLength: 39 },
    );
    fc.assert(
      fc.property(scored, fc.constantFrom(...levels), (given, level) => {
        const rank = (some: readonly Scored[]): number =>
          levels.indexOf(earnedCap(level, some)?.level ?? 'aggressive');
        assert.ok(rank([...given, { promised: 0.9, kept: false }]) <= rank(given));
      }),
    );
  });
});
