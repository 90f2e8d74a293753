import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Expected, Forecast } from '../../../domain/forecast/forecast.ts';
import { forecastGrowth } from '../../../domain/forecast/growth.ts';
import { readSeries, type Sample } from '../../../domain/series.ts';
import { bytes, day, hour, hourly, noise, nowOf, seriesOf, start } from './made-series.ts';

const ask = (samples: readonly Sample[], limit?: number, horizonMs = 3 * day): Forecast =>
  forecastGrowth(seriesOf(samples), {
    now: nowOf(samples),
    horizonMs,
    ...(limit === undefined ? {} : { limit }),
  });

const said = (forecast: Forecast) => {
  assert.ok('expected' in forecast, `it said: ${forecast.state}`);
  return forecast;
};

/** Hours from now until the limit is reached. */
const hoursToFull = (forecast: Forecast): number =>
  ((said(forecast).limit?.at ?? Infinity) - forecast.madeAt) / hour;

const near = (actual: number, expected: number, within: number): void => {
  assert.ok(Math.abs(actual - expected) <= within, `${actual} is not within ${within} of ${expected}`);
};

describe('a forecast of growth', () => {
  test('from three points says "not enough"', () => {
    const forecast = ask(
      hourly(3, (h) => 1e9 + h),
      2e9,
    );
    assert.equal(forecast.state, 'not enough');
    assert.ok(!('expected' in forecast));
  });

  test('of what was not measured for more than a day says "not enough"', () => {
    const samples = hourly(200, (h) => 1e9 + h * 1e6);
    const question = { now: nowOf(samples) + 25 * hour, horizonMs: 3 * day };
    assert.equal(forecastGrowth(seriesOf(samples), question).state, 'not enough');
  });

  test('of a history full of impossible values is quarantined, and says what they were', () => {
    const samples = hourly(300, (h) => [-5, 0, 1e12, 1e9][h % 4] ?? 0);
    const disk = { ...bytes, max: 5e11 };
    const forecast = forecastGrowth(readSeries(samples, disk, nowOf(samples)), {
      now: nowOf(samples),
      horizonMs: day,
    });
    assert.equal(forecast.state, 'quarantined');
    assert.deepEqual(
      forecast.quarantined.map(({ reason, count }) => [reason, count]),
      [
        ['is above 500000000000 bytes', 75],
        ['is negative', 75],
        ['is zero', 75],
      ],
    );
  });

  test('is not moved by the impossible values that are set aside', () => {
    const samples = hourly(500, (h) => 1e9 + h * 1e6);
    const spoilt = [
      ...samples,
      ...[3, 100, 250].map((h) => ({ at: start + (h + 0.5) * hour, value: [-1, 0, 1e14][h % 3] ?? 0 })),
    ];
    assert.deepEqual(said(ask(spoilt, 2e9)).limit, said(ask(samples, 2e9)).limit);
  });

  test('tells when a line reaches the limit', () => {
    const random = noise(1);
    const forecast = ask(
      hourly(600, (h) => 1000 + h + 0.2 * random()),
      1000 + 599 + 100,
    );
    assert.equal(forecast.state, 'told');
    near(hoursToFull(forecast), 100, 1);
  });

  test('tells no time for a limit that is months away', () => {
    const forecast = ask(
      hourly(600, (h) => 1000 + h),
      1e6,
    );
    assert.deepEqual(said(forecast).limit, { limit: 1e6 });
  });

  test('tells now where the limit has been reached', () => {
    const forecast = ask(
      hourly(600, (h) => 1000 + h),
      1500,
    );
    assert.equal(hoursToFull(forecast), 0);
  });

  test('takes a reset for no negative growth', () => {
    const random = noise(2);
    const samples = hourly(600, (h) => 1000 + h - (h >= 300 ? 250 : 0) + 0.2 * random());
    near(hoursToFull(ask(samples, 1000 + 599 - 250 + 80)), 80, 2);
  });

  test('takes an import for no growth to come', () => {
    const random = noise(3);
    const samples = hourly(600, (h) => 1000 + h + (h >= 500 ? 300 : 0) + 0.2 * random());
    near(hoursToFull(ask(samples, 1000 + 599 + 300 + 60)), 60, 2);
  });

  test('begins anew where the rate has changed', () => {
    const random = noise(4);
    const change = 500;
    const samples = hourly(
      620,
      (h) => 1000 + Math.min(h, change) + 4 * Math.max(0, h - change) + 0.2 * random(),
    );
    const forecast = ask(samples, 1000 + change + 4 * (619 - change) + 200);
    near((said(forecast).since - start) / hour, change, 12);
    near(hoursToFull(forecast), 50, 2);
  });

  test('keeps the whole history where growth slows down all the time', () => {
    const random = noise(5);
    const curve = (h: number): number => 1000 + 500 * (1 - Math.exp(-h / 300));
    const forecast = ask(
      hourly(700, (h) => curve(h) + 0.05 * random()),
      curve(800),
    );
    assert.equal(said(forecast).since, start);
    near(hoursToFull(forecast), 101, 8);
  });

  test('counts cleanups that come regularly', () => {
    const random = noise(6);
    // A hundred hours gain 100, of which the cleanup takes 80: 20 are left of each.
    const saw = (h: number): number => 1000 + (h % 100) + 20 * Math.floor(h / 100);
    const forecast = ask(
      hourly(950, (h) => saw(h) + 0.2 * random()),
      saw(1190),
    );
    near(hoursToFull(forecast), 1190 - 949, 3);
    assert.equal(said(forecast).method, 'cleanup cycles');
  });

  test('counts the days of the week', () => {
    const random = noise(7);
    const worked = (h: number): number => {
      const [weeks, rest] = [Math.floor(h / 168), h % 168];
      return 1000 + 120 * weeks + Math.min(rest, 120);
    };
    // Friday noon of the fifth week; the weekend adds nothing.
    const samples = hourly(4 * 168 + 108, (h) => worked(h) + 0.2 * random());
    near(hoursToFull(ask(samples, worked(5 * 168 + 10))), 71, 3);
  });

  test('is muted, with the reason, where "the last value stays" was as good', () => {
    const random = noise(8);
    let level = 1000;
    const forecast = ask(
      hourly(600, () => (level += random())),
      1100,
    );
    assert.equal(forecast.state, 'muted');
    assert.ok('why' in forecast && forecast.why.length > 0);
    assert.ok(said(forecast).record.skills.every(({ skill }) => skill >= 0.9));
  });

  test('keeps the record of each method on the series itself', () => {
    const { record, method } = said(
      ask(
        hourly(600, (h) => 1000 + h),
        2000,
      ),
    );
    assert.ok(record.origins >= 10);
    const own = record.skills.find((one) => one.method === method);
    assert.ok(own && own.skill <= Math.min(...record.skills.map(({ skill }) => skill)) / 0.98);
  });

  test('survives being stored', () => {
    const forecast = ask(
      hourly(600, (h) => 1000 + h),
      2000,
    );
    assert.deepEqual(JSON.parse(JSON.stringify(forecast)), forecast);
  });
});

/** Histories of all kinds: lines, walks, jumps, gaps, constants. */
const histories = fc
  .record({
    hours: fc.integer({ min: 1, max: 260 }),
    rate: fc.double({ min: -5, max: 5, noNaN: true }),
    size: fc.constantFrom(0, 1, 50),
    jumps: fc.array(fc.tuple(fc.nat(260), fc.double({ min: -300, max: 300, noNaN: true })), { maxLength: 3 }),
    lost: fc.array(fc.tuple(fc.nat(260), fc.nat(60)), { maxLength: 2 }),
    seed: fc.nat(),
  })
  .map(({ hours, rate, size, jumps, lost, seed }) => {
    const random = noise(seed);
    return hourly(hours, (h) => {
      const jumped = jumps.reduce((sum, [at, by]) => sum + (h >= at ? by : 0), 0);
      return 5000 + rate * h + size * random() + jumped;
    }).filter((_, h) => h === hours - 1 || !lost.some(([from, length]) => h >= from && h < from + length));
  });

/** A forecast takes milliseconds, and fast-check's 100 runs would take a minute. */
const runs = { numRuns: 40 };

const numbersIn = (value: unknown): number[] =>
  typeof value === 'number'
    ? [value]
    : typeof value === 'object' && value
      ? Object.values(value).flatMap(numbersIn)
      : [];

describe('whatever the history', () => {
  test('nothing is infinite or no number, an interval holds its point, and no limit is reached earlier than now', () => {
    fc.assert(
      fc.property(histories, fc.double({ min: 1, max: 10_000, noNaN: true }), (samples, limit) => {
        const forecast = ask(samples, limit);
        assert.ok(numbersIn(forecast).every(Number.isFinite));
        if (!('expected' in forecast)) return;
        for (const { value, low, high } of forecast.expected) assert.ok(low <= value && value <= high);
        const { at, from, to } = forecast.limit ?? {};
        for (const time of [at, from, to]) assert.ok(time === undefined || time >= forecast.madeAt);
        assert.ok(at === undefined || (from ?? Infinity) <= at);
        assert.ok(to === undefined || (at !== undefined && at <= to));
      }),
      runs,
    );
  });

  test('another order of the samples, or each of them twice, changes nothing', () => {
    fc.assert(
      fc.property(histories, (samples) => {
        const forecast = ask(samples, 6000);
        assert.deepEqual(ask(samples.toReversed(), 6000), forecast);
        assert.deepEqual(ask([...samples, ...samples], 6000), forecast);
      }),
      runs,
    );
  });

  test('in another unit, or above another level, the same is forecast', () => {
    // Powers of two, and whole numbers above which nothing is rounded: else rounding decides between methods that are equal.
    fc.assert(
      fc.property(histories, fc.constantFrom(0.25, 2, 1024), (samples, scale) => {
        const scaled = samples.map(({ at, value }) => ({ at, value: value * scale }));
        const [once, other] = [ask(samples, 6000), ask(scaled, 6000 * scale)];
        assert.equal(other.state, once.state);
        if (!('expected' in once)) return;
        assert.equal(said(other).method, said(once).method);
        // Damped growth is fitted in logarithms, which round otherwise in another unit.
        for (const [index, { at, value, low, high }] of said(other).expected.entries()) {
          const before: Expected | undefined = once.expected[index];
          assert.ok(before);
          assert.equal(at, before.at);
          near(value, before.value * scale, 1e-6 * scale);
          near(low, before.low * scale, 1e-6 * scale);
          near(high, before.high * scale, 1e-6 * scale);
        }
        const [then, full] = [once.limit?.at, said(other).limit?.at];
        if (then === undefined || full === undefined) assert.equal(full, then);
        else near(full, then, 1_000);
      }),
      runs,
    );
    const random = noise(9);
    const samples = hourly(400, (h) => 1024 + h + Math.round(32 * random()) / 64);
    const raised = samples.map(({ at, value }) => ({ at, value: value + 4096 }));
    near(hoursToFull(ask(raised, 1500 + 4096)), hoursToFull(ask(samples, 1500)), 1e-6);
  });
});
