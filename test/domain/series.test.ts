import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isUntrustworthy, onGrid, readSeries, type Measure } from '../../domain/series.ts';

const disk: Measure = { unit: 'bytes', min: 0, max: 1e12, zero: 'impossible' };
const now = 1_000;
const read = (values: number[], measure = disk) =>
  readSeries(
    values.map((value, at) => ({ at, value })),
    measure,
    now,
  );

describe('a series', () => {
  const impossible: [what: string, value: number, reason: string][] = [
    ['a negative value', -1, 'is negative'],
    ['a zero', 0, 'is zero'],
    ['more than the disk holds', 2e12, 'is above 1000000000000 bytes'],
    ['far more than is usual', 1e11, 'is more than 1000 times the median'],
    ['no number', Number.NaN, 'is no number'],
    ['what is infinite', Infinity, 'is no number'],
  ];
  for (const [what, value, reason] of impossible)
    test(`sets ${what} aside, with the reason and the time`, () => {
      const { samples, quarantined } = read([100, value, 102, value, 101]);
      assert.deepEqual(
        samples.map((sample) => sample.value),
        [100, 102, 101],
      );
      assert.deepEqual(quarantined, [{ reason, count: 2, first: 1, last: 3 }]);
    });

  test('takes what is usual from what is possible', () => {
    const values = [
      ...new Array<number>(5).fill(-1e9),
      ...new Array<number>(5).fill(5e12),
      100,
      102,
      99_000,
      0,
      0,
      0,
    ];
    assert.deepEqual(
      read(values).samples.map(({ value }) => value),
      [100, 102, 99_000],
    );
    assert.deepEqual(read([1, 1, 1_000]).samples.length, 3);
    assert.deepEqual(read([1, 1, 1_001]).samples.length, 2);
  });

  test('keeps what is just possible, and tells what is below its least', () => {
    const celsius: Measure = { unit: 'count', min: -20, max: 50, zero: 'possible' };
    const { samples, quarantined } = read([-20, 50, 0, -21, 51], celsius);
    assert.deepEqual(
      samples.map(({ value }) => value),
      [-20, 50, 0],
    );
    assert.deepEqual(
      quarantined.map(({ reason }) => reason),
      ['is above 50 count', 'is below -20 count'],
    );
  });

  test('keeps a zero where nothing may be measured', () => {
    const { samples, quarantined } = read([0, 0, 1], { unit: 'ratio', min: 0, max: 1, zero: 'possible' });
    assert.equal(samples.length, 3);
    assert.deepEqual(quarantined, []);
  });

  test('sets aside what has no time, or one to come', () => {
    const { samples, quarantined } = readSeries(
      [
        { at: Number.NaN, value: 1 },
        { at: now + 1, value: 1 },
        { at: now, value: 1 },
      ],
      disk,
      now,
    );
    assert.deepEqual(samples, [{ at: now, value: 1 }]);
    assert.deepEqual(
      quarantined.map(({ reason }) => reason),
      ['has no time', 'is of a time to come'],
    );
  });

  test('is not trusted where more than half of it is impossible', () => {
    assert.equal(isUntrustworthy(read([1, -1, 0])), true);
    assert.equal(isUntrustworthy(read([1, 1, 0, -1])), false);
  });

  test('is the same in whatever order its samples come, and however often each does', () => {
    const sample = fc.record({
      at: fc.integer({ min: 0, max: 50 }),
      value: fc.oneof(fc.double({ noNaN: false }), fc.double({ min: 1, max: 1e6 })),
    });
    fc.assert(
      fc.property(fc.array(sample), fc.array(fc.nat()), (samples, picks) => {
        const shuffled = samples
          .map((one, index) => ({ one, key: picks[index % Math.max(1, picks.length)] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ one }) => one);
        const once = readSeries(samples, disk, now);
        assert.deepEqual(readSeries(shuffled, disk, now), once);
        assert.deepEqual(readSeries([...samples, ...samples], disk, now).samples, once.samples);
      }),
    );
  });
});

test('a gap stays a gap on a grid, and a step has the medians of its time and values', () => {
  const grid = onGrid(
    [0, 1, 2, 30, 31].map((at) => ({ at, value: at * at })),
    10,
  );
  assert.deepEqual(grid, [
    { at: 1, value: 1 },
    { at: 30.5, value: 930.5 },
  ]);
});
