import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { momentText, parseTime, whenText } from '../../client/when.ts';

const at = (text: string): Date => new Date(text);
const now = at('2026-11-26T18:30:00');

describe('a time that is typed', () => {
  for (const [typed, meant] of [
    ['2026-12-01T02:30', '2026-12-01T02:30:00'],
    ['2026-12-01 02:30', '2026-12-01T02:30:00'],
    ['2026-12-01T02:30Z', '2026-12-01T02:30:00Z'],
    ['19:05', '2026-11-26T19:05:00'],
    ['18:30', '2026-11-27T18:30:00'],
    ['2:30', '2026-11-27T02:30:00'],
  ] as const)
    test(`${typed} is ${meant}`, () => {
      assert.deepEqual(parseTime(typed, now), at(meant));
    });

  for (const typed of [
    '',
    '25:00',
    '12:60',
    '2026-13-01T02:30',
    '2026-11-31 02:30',
    'tomorrow',
    '2026-12-01',
    '02:30 ',
  ])
    test(`${JSON.stringify(typed)} is none`, () => {
      assert.equal(parseTime(typed, now), undefined);
    });

  test('the last day of a month and year is followed by the first of the next', () => {
    assert.deepEqual(parseTime('02:30', at('2026-12-31T23:00:00')), at('2027-01-01T02:30:00'));
  });
});

test('a moment is told by its weekday, with its date where it is further off', () => {
  const told = (text: string): string => momentText(at(text).toISOString(), now);
  assert.equal(told('2026-11-28T02:30:00'), 'Sat 02:30');
  assert.equal(told('2026-11-23T22:05:00'), 'Mon 22:05');
  assert.equal(told('2026-12-08T02:30:00'), 'Tue 2026-12-08 02:30');
});

test('what is to come is told with how far off it is', () => {
  const told = (text: string): string => whenText(at(text).toISOString(), now);
  assert.equal(told('2026-11-26T21:42:00'), 'Thu 21:42, in 3h 12m');
  assert.equal(told('2026-11-26T18:29:00'), 'Thu 18:29, now');
  assert.equal(told('2026-12-08T18:30:00'), 'Tue 2026-12-08 18:30, in 12 days');
});
