import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { limitReached } from '../../../domain/forecast/limit.ts';
import { day, hour } from './made-series.ts';

const now = 1000 * day;
/** A path that grows by one a day from `first` on. */
const growing =
  (first: number) =>
  (at: number): number =>
    first + (at - now) / day;
const of = (first: number, width: number, limit: number) =>
  limitReached(growing(first), () => width, { now, stepMs: hour, limit });
/** In days from now. */
const days = (at: number | undefined): number | undefined =>
  at === undefined ? undefined : Math.round((at - now) / hour) / 24;

describe('a limit is reached', () => {
  test('where the path meets it, between two steps, and its interval before and after', () => {
    const found = of(0, 2, 10);
    assert.deepEqual([found.from, found.at, found.to].map(days), [8, 10, 12]);
    const between = limitReached(growing(0), () => 0, { now, stepMs: 7 * hour, limit: 10 });
    assert.ok(Math.abs((between.at ?? 0) - now - 10 * day) < 1000, String(between.at));
  });

  test('at once where it is reached already, also exactly', () => {
    assert.deepEqual([of(10, 0, 10).at, of(11, 0, 10).at], [now, now]);
  });

  test('exactly at a step', () => {
    const found = limitReached(growing(0), () => 0, { now, stepMs: day, limit: 3 });
    assert.equal(found.at, now + 3 * day);
  });

  test('within two months or not at all, by each of the three for itself', () => {
    assert.equal(days(of(0, 0, 60).at), 60);
    assert.deepEqual(of(0, 0, 60.5), { limit: 60.5 });
    const late = of(0, 2, 61);
    assert.deepEqual([late.from, late.at, late.to].map(days), [59, undefined, undefined]);
    const later = of(0, 2, 59);
    assert.deepEqual([later.from, later.at, later.to].map(days), [57, 59, undefined]);
  });

  test('not before now, though it was above', () => {
    const falling = limitReached(
      (at) => 5 - (at - now) / day,
      () => 0,
      { now, stepMs: hour, limit: 6 },
    );
    assert.deepEqual(falling, { limit: 6 });
  });

  test('no later by the upper end of its interval than by the path itself', () => {
    // A width that is none now, and below nothing later, as rounding may leave it.
    const found = limitReached(growing(0), (at) => (at > now + day ? -1 : 0), {
      now,
      stepMs: hour,
      limit: 10,
    });
    assert.deepEqual([found.from, found.at].map(days), [10, 10]);
  });
});
