/** Sizes, ages and counts as a person writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countText, timesText } from '../../domain/count-text.ts';
import { formatAge, formatBytes, formatDuration } from '../../domain/size.ts';

test('a size has the unit in which it is least, and one decimal below ten', () => {
  const cases: [number, string][] = [
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1536, '1.5 KiB'],
    [10 * 1024, '10 KiB'],
    [1023 * 1024, '1023 KiB'],
    [2 ** 20 - 1, '1.0 MiB'],
    [2 ** 20, '1.0 MiB'],
    [2.5 * 2 ** 30, '2.5 GiB'],
    [2 ** 40, '1.0 TiB'],
    [2 ** 50, '1.0 PiB'],
    [5000 * 2 ** 50, '5000 PiB'],
  ];
  for (const [bytes, text] of cases) assert.equal(formatBytes(bytes), text);
});

test('an age is whole in its unit', () => {
  const cases: [number, string][] = [
    [7 * 86_400_000, '7d'],
    [36 * 3_600_000, '36h'],
    [3_600_000, '1h'],
    [90 * 60_000, '90m'],
    [90_000, '90s'],
    [45_000, '45s'],
    [1_500, '1.5s'],
    [0, '0s'],
  ];
  for (const [ms, text] of cases) assert.equal(formatAge(ms), text);
});

test('a duration is as exact as it is short', () => {
  const cases: [number, string][] = [
    [0, '0ms'],
    [209.6, '210ms'],
    [999, '999ms'],
    [999.5, '1.0s'],
    [2_440, '2.4s'],
    [59_940, '59.9s'],
    [59_950, '1m 0s'],
    [60_000, '1m 0s'],
    [83_000, '1m 23s'],
    [3_599_000, '59m 59s'],
    [3_600_000, '1h 0m'],
    [90_061_000, '25h 1m'],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});

test('one is no plural', () => {
  assert.deepEqual(
    [0, 1, 2].map((count) => countText(count, 'service')),
    ['0 services', '1 service', '2 services'],
  );
  assert.deepEqual([0, 1, 2].map(timesText), ['0 times', 'once', '2 times']);
});
