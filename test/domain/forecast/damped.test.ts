import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dampedPath, decayOf, rateAt } from '../../../domain/forecast/damped.ts';
import { day, hour, hourly, start } from './made-series.ts';

/** Daily gains, the first at noon of the first day. */
const gains = (...rates: number[]) =>
  rates.map((perMs, index) => ({ from: start + index * day, at: start + (index + 0.5) * day, perMs }));
const halving = (count: number): number[] => Array.from({ length: count }, (_, index) => 64 / 2 ** index);
const near = (is: number | undefined, toBe: number): void => {
  assert.ok(is !== undefined && Math.abs(is - toBe) < 1e-3 * Math.abs(toBe), `${is} for ${toBe}`);
};

describe('a decay', () => {
  test('is known by what is gained a day: by what it falls, and where it is at the end', () => {
    const decay = decayOf(gains(...halving(6)));
    assert.ok(decay);
    assert.equal(decay.at, start + 5.5 * day);
    near(decay.perMs, 2);
    near(decay.lifeMs, day / Math.LN2);
    near(rateAt(decay, decay.at), 2);
    near(rateAt(decay, decay.at + 2 * day), 0.5);
  });

  test('needs five gains', () => {
    assert.ok(decayOf(gains(...halving(5))));
    assert.equal(decayOf(gains(...halving(4))), undefined);
    assert.equal(decayOf([]), undefined);
  });

  test('is none where more than a tenth are no gains', () => {
    assert.ok(decayOf(gains(...halving(9), 0)));
    assert.equal(decayOf(gains(...halving(8), 0)), undefined);
    assert.equal(decayOf(gains(...halving(8), -1)), undefined);
  });

  test('is none where gains grow, or stay', () => {
    assert.equal(decayOf(gains(...halving(6).reverse())), undefined);
    assert.equal(decayOf(gains(8, 8, 8, 8, 8, 8)), undefined);
  });
});

describe('a damped path', () => {
  const flattening = (lifeHours: number) => (h: number) => 1000 * (1 - Math.exp(-h / lifeHours));

  test('goes on as the curve did, from the level of the last day', () => {
    const curve = flattening(100);
    const path = dampedPath(hourly(24 * 10, curve), hour);
    assert.ok(path);
    for (const h of [240, 300, 1000]) near(path(start + h * hour), curve(h));
  });

  test('keeps its level though the last value, or one of long ago, is off', () => {
    const curve = flattening(100);
    const samples = hourly(24 * 10, (h) => curve(h) + (h === 239 || h === 5 ? 50 : 0));
    near(dampedPath(samples, hour)?.(start + 300 * hour), curve(300));
  });

  test('is at the level of the last day where that lies above the days before', () => {
    const curve = flattening(100);
    const path = dampedPath(
      hourly(24 * 10, (h) => curve(h) + (h > 216 ? 20 : 0)),
      hour,
    );
    near(path?.(start + 300 * hour), curve(300) + 20);
  });

  test('is none of what has fallen within a day, nor of nothing', () => {
    assert.equal(dampedPath(hourly(24 * 10, flattening(20)), hour), undefined);
    assert.ok(dampedPath(hourly(24 * 10, flattening(30)), hour));
    assert.equal(dampedPath([], hour), undefined);
  });
});
