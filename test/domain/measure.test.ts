/** Whether a figure is as much better as was asked for. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  criterionHolds,
  criterionText,
  figureText,
  figureValue,
  successHolds,
  valueText,
  whyOutOfReach,
  type Criterion,
  type Unit,
} from '../../domain/measure.ts';

type Figure = Parameters<typeof figureText>[0];

describe('a criterion', () => {
  const measure = 'free-bytes';
  const rises = (by: number, relative: boolean): Criterion => ({ measure, risesBy: { by, relative } });
  const falls = (by: number, relative: boolean): Criterion => ({ measure, fallsBy: { by, relative } });
  const cases: [string, Criterion, number | undefined, number | undefined, boolean | undefined][] = [
    ['at most', { measure, atMost: 5 }, undefined, 5, true],
    ['above it', { measure, atMost: 5 }, undefined, 6, false],
    ['at least', { measure, atLeast: 5 }, undefined, 5, true],
    ['below it', { measure, atLeast: 5 }, undefined, 4, false],
    ['rose enough', rises(10, false), 100, 110, true],
    ['rose too little', rises(10, false), 100, 109, false],
    ['rose by a share', rises(10, true), 200, 220, true],
    ['rose by too small a share', rises(10, true), 200, 219, false],
    ['fell enough', falls(1, false), 1, 0, true],
    ['fell not at all', falls(1, false), 1, 1, false],
    ['was not measured', { measure, atMost: 5 }, 4, undefined, undefined],
    ['was not measured before', rises(1, false), undefined, 5, undefined],
  ];
  for (const [title, criterion, before, after, holds] of cases)
    test(title, () => {
      const figure = {
        what: measure,
        unit: 'bytes',
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after }),
      };
      assert.equal(criterionHolds(criterion, [figure]), holds);
    });

  test('cannot be reached where there is nothing left to fall', () => {
    const why = (criterion: Criterion, before?: number) =>
      whyOutOfReach(
        [criterion],
        [{ what: measure, unit: 'bytes', ...(before === undefined ? {} : { before }) }],
      );
    assert.equal(why(falls(1, false), 0), 'free-bytes is 0 B, and would have to fall');
    assert.equal(why(falls(1, false), 1), undefined);
    assert.equal(why(falls(10, true), 0), 'free-bytes is 0 B, and would have to fall');
    assert.equal(why(falls(10, true), 3), undefined);
    assert.equal(why(rises(1, false), 0), undefined);
    assert.equal(why(falls(1, false)), undefined, 'not known');
  });

  test('that is not known leaves the success unknown, unless another says no', () => {
    const known = { what: 'drift', unit: 'count', before: 1, after: 1 };
    const unknown: Criterion = { measure: 'unhealthy', atMost: 0 };
    assert.equal(successHolds([{ measure: 'drift', atMost: 1 }, unknown], [known]), undefined);
    assert.equal(successHolds([{ measure: 'drift', atMost: 0 }, unknown], [known]), false);
    assert.equal(successHolds([{ measure: 'drift', atMost: 1 }], [known]), true);
  });
});

describe('in words', () => {
  test('a value has the unit of its measure', () => {
    const values: [number, Unit, string][] = [
      [3 * 2 ** 20, 'bytes', '3.0 MiB'],
      [84.96, 'percent', '85 %'],
      [0.14, 'ms', '0.1 ms'],
      [7, 'count', '7'],
      [2.5, 'days', '2.5 days'],
    ];
    for (const [value, unit, text] of values) assert.equal(valueText(value, unit), text);
  });

  test('a criterion says what must be, or by how much it must change', () => {
    const measure = 'used-percent';
    assert.equal(criterionText({ measure, atMost: 85 }), 'used-percent is at most 85 %');
    assert.equal(criterionText({ measure, atLeast: 5 }), 'used-percent is at least 5 %');
    assert.equal(
      criterionText({ measure, fallsBy: { by: 3, relative: false } }),
      'used-percent falls by 3 %',
    );
    assert.equal(
      criterionText({ measure, risesBy: { by: 10, relative: true } }),
      'used-percent rises by 10 % of what it was',
    );
  });

  test('a figure says what it was, and what it is', () => {
    const figure: Figure = { what: 'memory-bytes', unit: 'bytes', before: 2 ** 20 };
    assert.equal(figureText(figure), 'memory-bytes: 1.0 MiB → not known');
    assert.equal(figureValue(figure, 1024), '1.0 KiB');
  });

  test('what cannot fall so far is the measure that is asked about', () => {
    const fall: Criterion = { measure: 'dead-percent', fallsBy: { by: 3, relative: false } };
    const figures: Figure[] = [
      { what: 'database-bytes', unit: 'bytes', before: 0 },
      { what: 'dead-percent', unit: 'percent', before: 9 },
    ];
    assert.equal(whyOutOfReach([fall], figures), undefined);
    assert.equal(whyOutOfReach([fall], []), undefined);
    assert.equal(whyOutOfReach([fall], [{ what: 'dead-percent', unit: 'percent' }]), undefined);
  });
});
