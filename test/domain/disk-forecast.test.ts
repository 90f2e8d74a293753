/** Forecasts of disks: what they are made of, how they have done, and what a terminal shows of them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  dailyOf,
  diskForecastText,
  forecastDisk,
  recordOf,
  type DiskForecast,
} from '../../domain/disk-forecast.ts';
import type { Score } from '../../domain/forecast/score.ts';

const hour = 3_600_000;
const day = 24 * hour;
const start = Date.UTC(2026, 0, 5);
const MiB = 2 ** 20;

test('a disk that fills evenly is full when it is', () => {
  const hours = Array.from({ length: 20 * 24 }, (_, index) => ({
    at: start + index * hour,
    value: (100 + index) * MiB,
  }));
  const now = start + 20 * 24 * hour;
  const forecast = forecastDisk(hours, 1_000 * MiB, now, 60 * day);
  assert.ok(forecast.state === 'told', JSON.stringify(forecast));
  assert.ok(Math.abs((forecast.limit?.at ?? 0) - (start + 900 * hour)) <= 24 * hour);
  assert.equal(forecastDisk(hours.slice(0, 3), 1_000 * MiB, now, 60 * day).state, 'not enough');
  const more = hours.map((one) => ({ ...one, value: one.value + 2_000 * MiB }));
  assert.equal(forecastDisk(more, 1_000 * MiB, now, 60 * day).state, 'quarantined', 'more than fits');
});

test('its record is of what came due: how much the intervals held, and how far off it was', () => {
  const score = (covered: number, skill?: number): Score =>
    ({ covered, ...(skill === undefined ? {} : { skill }) }) as Score;
  assert.deepEqual(recordOf([]), { scored: 0 });
  assert.deepEqual(recordOf([score(1)]), { scored: 1, covered: 1 });
  assert.deepEqual(recordOf([score(1, 0.2), score(0.5, 0.6), score(0, 0.4)]), {
    scored: 3,
    covered: 0.5,
    skill: 0.4,
  });
});

test('a day is the last that was measured of it', () => {
  const samples = [0, 5, 23, 24, 47, 50].map((at) => ({ at: start + at * hour, value: at }));
  assert.deepEqual(dailyOf(samples), [23, 47, 50]);
  assert.deepEqual(dailyOf([]), []);
});

describe('in a terminal', () => {
  const lines = (forecast: Record<string, unknown>, more: Partial<DiskForecast> = {}): string[] =>
    diskForecastText({
      ...{ place: '/srv', sizeBytes: 800, usedBytes: 400, past: [], record: { scored: 0 } },
      ...more,
      forecast: { madeAt: start, ...forecast } as unknown as DiskForecast['forecast'],
    });
  const said = (forecast: Record<string, unknown>): string => lines(forecast)[0]?.split('  ')[2] ?? '';
  const told = { state: 'told', method: 'damped', expected: [], record: { origins: 3 } };

  test('is what is used of it, and when it is full', () => {
    assert.equal(
      lines({ ...told, limit: { at: start + 5 * day, from: start + 4.5 * day, to: start + 7 * day } })[0],
      '/srv  400 B of 800 B (50 %)  full in 5.0 days (4.5 to 7.0; damped)',
    );
    assert.equal(
      said({ ...told, limit: { at: start + 5 * day } }),
      'full in 5.0 days (later than in 60 to later than in 60; damped)',
    );
    assert.equal(said(told), 'is not full within 60 days (damped)');
    assert.equal(said({ ...told, limit: {} }), 'is not full within 60 days (damped)');
    assert.equal(said({ state: 'not enough', why: 'two hours' }), 'nothing can be said: two hours');
    assert.equal(said({ state: 'quarantined', why: 'odd' }), 'nothing can be said: odd');
    assert.equal(said({ state: 'muted', why: 'no better' }), 'muted: no better');
  });

  test('is a picture of what was and what is expected, as full as the disk is', () => {
    const expected = [850, 799].map((value) => ({ value }));
    const [, picture, ...more] = lines({ ...told, expected }, { past: [-5, 0, 99, 100, 400, 700] });
    assert.equal(picture, '  ▁▁▁▂▅█┊██');
    assert.equal(more.length, 1);
    const [, long] = lines(told, { past: Array.from({ length: 31 }, (_, index) => (index === 0 ? 800 : 0)) });
    assert.equal(long, `  ${'▁'.repeat(30)}┊`, 'of the last thirty days');
    assert.equal(lines(told, { past: [400] }).length, 2, 'one value is no picture');
    assert.equal(lines({ state: 'muted', why: 'x' }, { past: [1, 2] }).length, 3);
  });

  test('is how those before it have done', () => {
    const last = (forecast: Record<string, unknown>, record: DiskForecast['record']): string =>
      lines(forecast, { record }).at(-1) ?? '';
    const own = '  tried on its own past from 3 moments; ';
    assert.equal(last(told, { scored: 0 }), `${own}no forecast has come due yet`);
    assert.equal(last({ state: 'not enough', why: 'x' }, { scored: 0 }), '  no forecast has come due yet');
    assert.equal(
      last(told, { scored: 2, covered: 0.5 }),
      `${own}2 came due: the interval held 50 % of what was measured`,
    );
    assert.equal(
      last(told, { scored: 2, covered: 0.5, skill: 0.25 }),
      `${own}2 came due: the interval held 50 % of what was measured, off by 25 % of what "no change" was off by`,
    );
  });
});
