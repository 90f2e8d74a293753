/** Each way to go on from a past, by how it does on the past of a series: what a forecast tells of all of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Forecast } from '../../../domain/forecast/forecast.ts';
import { forecastGrowth } from '../../../domain/forecast/growth.ts';
import { forecastLevel } from '../../../domain/forecast/level.ts';
import { day, hourly, noise, nowOf, seriesOf } from './made-series.ts';

type Ask = typeof forecastGrowth;
/** By method: what it was off by, as a share of what "no change" was off by. */
const skillsOf = (ask: Ask, hours: number, valueAt: (hour: number) => number): Record<string, number> => {
  const samples = hourly(hours, valueAt);
  const forecast: Forecast = ask(seriesOf(samples), { now: nowOf(samples), horizonMs: day });
  assert.ok('record' in forecast, 'why' in forecast ? forecast.why : '');
  return Object.fromEntries(
    forecast.record.skills.map(({ method, skill }) => [method, Math.round(1e3 * skill) / 1e3]),
  );
};
const growth = (hours: number, valueAt: (hour: number) => number) => skillsOf(forecastGrowth, hours, valueAt);
const level = (hours: number, valueAt: (hour: number) => number) => skillsOf(forecastLevel, hours, valueAt);
const exactly = (...names: string[]): Record<string, number> =>
  Object.fromEntries(names.map((name) => [name, 0]));

const always = ['mean rate', '7-day mean rate'];
const daily = [
  'daily Theil-Sen',
  'daily Theil-Sen from the last values',
  'daily Theil-Sen without imports',
  'net daily Theil-Sen',
];

describe('of growth', () => {
  const line = (h: number): number => 1000 + 2 * h;

  test('every method that can be tried knows a line', () => {
    assert.deepEqual(growth(40, line), exactly(...always));
    assert.deepEqual(growth(24 * 10, line), exactly(...always, ...daily));
    assert.deepEqual(growth(24 * 40, line), exactly(...always, ...daily, 'weekly Theil-Sen'));
  });

  test('a mean rate knows none that a season bends, and the season of a day does', () => {
    const bent = growth(24 * 10, (h) => line(h) + 30 * Math.sin((h / 24) * 2 * Math.PI));
    for (const name of always) assert.ok((bent[name] ?? 0) > 0.2, `${name}: ${bent[name]}`);
    for (const name of daily) assert.ok((bent[name] ?? 1) < 0.01, `${name}: ${bent[name]}`);
  });

  test('the season of a week knows that nothing grows on Sundays', () => {
    const worked = (h: number): number => {
      const [weeks, rest] = [Math.floor(h / 168), h % 168];
      return 1000 + 2 * (144 * weeks + Math.min(rest, 144));
    };
    const found = growth(24 * 56, worked);
    assert.ok((found['weekly Theil-Sen'] ?? 1) < 0.05, JSON.stringify(found));
    for (const name of always) assert.ok((found[name] ?? 0) > 0.1, `${name}: ${found[name]}`);
  });

  test('a mean rate of seven days follows what gets faster and faster before one of all days', () => {
    const found = growth(24 * 30, (h) => 1000 + h + h ** 2 / 2000);
    assert.ok((found['7-day mean rate'] ?? 1) < (found['mean rate'] ?? 0), JSON.stringify(found));
  });

  test('cycles are known where something is cleaned up each four days', () => {
    const found = growth(24 * 40, (h) => 1000 + 2 * (h % 96));
    assert.ok((found['cleanup cycles'] ?? 1) < 0.01, JSON.stringify(found));
    assert.equal(found['net daily Theil-Sen'] === 0, false);
  });

  test('a curve that flattens is known by its decay', () => {
    const found = growth(24 * 30, (h) => 1000 * (1 - Math.exp(-h / 400)));
    assert.ok((found['damped'] ?? 1) < 0.05, JSON.stringify(found));
    for (const name of always) assert.ok((found[name] ?? 0) > (found['damped'] ?? 1), name);
  });
});

describe('of a level', () => {
  const shape = (h: number): number => 100 + 30 * Math.sin((h / 24) * 2 * Math.PI);
  const names = ['median of a day', 'the same hour of the day before', 'the usual day'];

  test('the same hour of the day before, and the usual day, know a daily shape', () => {
    const random = noise(1);
    // A day ahead all of them, and "no change" too, are off by the noise alone.
    const found = level(24 * 8, (h) => shape(h) + 0.1 * random());
    assert.deepEqual(Object.keys(found).sort(), [...names, 'the same hour of the week before'].sort());
    for (const name of names.slice(1)) assert.ok((found[name] ?? 1) < 0.4, JSON.stringify(found));
    assert.ok((found['median of a day'] ?? 0) > 0.5);
  });

  test('those of a week are tried once there are weeks', () => {
    const found = level(24 * 40, (h) => (h % 168 < 120 ? shape(h) : 20));
    assert.equal(found['the same hour of the week before'], 0);
    assert.ok((found['the usual week'] ?? 1) < 0.01, JSON.stringify(found));
    assert.ok((found['the usual day'] ?? 0) > 0.1);
  });

  test('nothing but the last day counts for a median of a day', () => {
    const found = level(24 * 6, (h) => (h < 24 * 2 ? 10 : h % 2 === 0 ? 50 : 52));
    assert.ok(found['median of a day'] !== undefined && found['median of a day'] <= 1, JSON.stringify(found));
  });
});
