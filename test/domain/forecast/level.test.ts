import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Forecast } from '../../../domain/forecast/forecast.ts';
import { forecastLevel } from '../../../domain/forecast/level.ts';
import type { Sample } from '../../../domain/series.ts';
import { day, hour, hourly, noise, nowOf, seriesOf } from './made-series.ts';

const ask = (samples: readonly Sample[]): Forecast & { state: 'told' | 'muted' } => {
  const forecast = forecastLevel(seriesOf(samples), { now: nowOf(samples), horizonMs: day });
  assert.ok('expected' in forecast, `it said: ${forecast.state}`);
  return forecast;
};

const shapeOf = (h: number): number => 100 + 30 * Math.sin((h / 24) * 2 * Math.PI);

describe('a forecast of a level', () => {
  test('expects the shape of the day again', () => {
    const random = noise(1);
    const forecast = ask(hourly(24 * 15, (h) => shapeOf(h) + random()));
    assert.equal(forecast.state, 'told');
    for (const { at, value } of forecast.expected) {
      const h = (at - forecast.madeAt) / hour + 24 * 15 - 1;
      assert.ok(Math.abs(value - shapeOf(h)) < 3);
    }
  });

  test('expects another day at the weekend', () => {
    const random = noise(2);
    const atWork = (h: number): boolean => Math.floor(h / 24) % 7 < 5;
    const hours = 24 * (4 * 7 + 5);
    const forecast = ask(hourly(hours, (h) => (atWork(h) ? shapeOf(h) : 50) + random()));
    assert.match(forecast.method, /week/);
    for (const { value } of forecast.expected.slice(0, -1)) assert.ok(Math.abs(value - 50) < 5);
  });

  test('is no straight line through a rise', () => {
    const random = noise(3);
    const forecast = ask(hourly(24 * 10, (h) => 100 + h + random()));
    const last = 100 + 24 * 10;
    for (const { value } of forecast.expected) assert.ok(value <= last + 24);
  });

  test('of a walk is muted', () => {
    const random = noise(4);
    let level = 1000;
    assert.equal(ask(hourly(24 * 20, () => (level += random()))).state, 'muted');
  });
});
