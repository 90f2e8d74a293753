/** Where growth began to be another one. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { steadySince } from '../../../domain/forecast/change.ts';
import { random } from '../../random.ts';
import { hour, hourly, start } from './made-series.ts';

/** Hours since the beginning from which the rate is what it is now. */
const since = (hours: number, valueAt: (hour: number) => number): number =>
  (steadySince(hourly(hours, valueAt), hour) - start) / hour;

const day = 24;
/** A line whose rate is another one from an hour on. */
const bent =
  (at: number, before: number, after: number) =>
  (h: number): number =>
    h < at ? before * h : before * at + after * (h - at);
/** More by day than by night, the same each day. */
const daily = (h: number): number => 20 * Math.sin((h / day) * 2 * Math.PI);

describe('growth', () => {
  test('that is even never changed, with or without a daily shape', () => {
    assert.equal(
      since(30 * day, (h) => 3 * h),
      0,
    );
    assert.equal(
      since(30 * day, (h) => 3 * h + daily(h)),
      0,
    );
    assert.equal(
      since(30 * day, () => 7),
      0,
    );
  });

  test('that became another one is that since the hour at which it did', () => {
    assert.equal(since(20 * day, bent(10 * day, 1, 5)), 10 * day);
    assert.equal(since(20 * day, bent(10 * day, 5, 1)), 10 * day);
    assert.ok(
      Math.abs(since(20 * day, (h) => bent(10 * day, 1, 9)(h) + daily(h)) - 10 * day) <= 6,
      'under a daily shape within a quarter of a day',
    );
  });

  test('that changed twice counts from the second time, to a day', () => {
    const twice = (h: number): number =>
      h < 20 * day ? bent(10 * day, 1, 5)(h) : bent(10 * day, 1, 5)(20 * day) + 20 * (h - 20 * day);
    const found = since(30 * day, twice);
    assert.ok(found >= 20 * day && found <= 21 * day, String(found));
  });

  test('that changed a few days ago is found among months, too', () => {
    assert.equal(since(90 * day, bent(86 * day, 1, 5)), 86 * day);
  });

  test('that is a fifth faster, or not seen for long enough, is what it was', () => {
    assert.equal(since(20 * day, bent(10 * day, 1, 1.2)), 0);
    assert.equal(since(20 * day, bent(10 * day, 1, 1.3)), 10 * day);
    assert.equal(since(20 * day, bent(19 * day, 1, 5)), 0);
    assert.equal(since(3 * day, bent(day, 1, 5)), 0);
  });

  test('that slows down all the time has no such hour', () => {
    assert.equal(
      since(30 * day, (h) => 1_000 * (1 - Math.exp(-h / (8 * day)))),
      0,
    );
  });

  test('that changed in a year is found among the last two weeks, or the last eight days', () => {
    assert.equal(since(365 * day, bent(358 * day, 1, 5)), 358 * day);
    assert.equal(since(365 * day, bent(362 * day, 1, 5)), 362 * day);
  });

  test('that rests for days of each week never changed, once three weeks tell so', () => {
    /** From Monday to Thursday. */
    const worked = (h: number): number => 96 * Math.floor(h / (7 * day)) + Math.min(96, h % (7 * day));
    assert.equal(since(8 * 7 * day, worked), 0);
    assert.equal(since(3 * 7 * day + 1, worked), 0);
  });

  test('that changed by less than its day or its week goes up and down is found all the same', () => {
    const found = since(20 * day, (h) => bent(10 * day, 1, 2)(h) + daily(h));
    assert.ok(Math.abs(found - 10 * day) <= 6, String(found));
    /** Ten times as much on Saturdays and Sundays. */
    const weekend = (h: number): number => {
      const rest = h % (7 * day);
      return 9 * (48 * Math.floor(h / (7 * day)) + Math.max(0, rest - 5 * day));
    };
    const late = since(8 * 7 * day, (h) => bent(28 * day, 1, 2)(h) + weekend(h));
    assert.ok(Math.abs(late - 28 * day) <= 6, String(late));
  });

  test('that comes in bursts never changed', () => {
    const found = Array.from({ length: 60 }, (_, seed) => {
      const next = random(seed);
      let grown = 0;
      return since(30 * day, () => (grown += next() < 0.1 ? 100 : 1));
    });
    const wrong = found.filter((from) => from !== 0).length;
    assert.ok(wrong <= 3, `${wrong} of 60 changed`);
  });

  test('that became slower at once is no growth that slows down', () => {
    const next = random(7);
    const noisy = (h: number): number => bent(20 * day, 9, 3)(h) + next();
    const found = since(40 * day, noisy);
    assert.ok(Math.abs(found - 20 * day) <= 6, String(found));
  });

  test('that changed in the first hours, or stood still but for rounding, is not told from noise', () => {
    assert.equal(since(20 * day, bent(day, 1, 5)), 0);
    assert.equal(
      since(20 * day, (h) => Math.floor(h / 40)),
      0,
    );
  });

  test('of nothing began at the beginning of time', () => {
    assert.equal(steadySince([], hour), 0);
  });
});
