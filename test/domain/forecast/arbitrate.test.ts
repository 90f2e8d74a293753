/** Which of several methods makes a forecast, what is said of it, and when nothing is. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { arbitrate } from '../../../domain/forecast/arbitrate.ts';
import type { Forecast } from '../../../domain/forecast/forecast.ts';
import type { Method } from '../../../domain/forecast/past.ts';
import type { Sample } from '../../../domain/series.ts';
import { day, hour, hourly, nowOf, seriesOf, start } from './made-series.ts';

const line = (h: number): number => 1000 + h;
const valueAt = (at: number): number => line((at - start) / hour);

/** Wrong by a share of what was gained since its last sample: of a line "no change" is wrong by all of it. */
const wrongBy = (share: number, more: Partial<Method> = {}): Method => ({
  name: `wrong by ${share}`,
  fit:
    ({ end }) =>
    (at) =>
      valueAt(at) - (share * (at - end.at)) / hour,
  ...more,
});

type Asking = { hours?: number; ageMs?: number; horizonMs?: number; limit?: number };
const samples = (hours: number): Sample[] => hourly(hours, line);
const ask = (
  methods: readonly Method[],
  { hours = 73, ageMs = 0, horizonMs = day, limit }: Asking = {},
  partOf?: (history: readonly Sample[]) => readonly Sample[],
): Forecast => {
  const question = {
    now: nowOf(samples(hours)) + ageMs,
    horizonMs,
    ...(limit === undefined ? {} : { limit }),
  };
  return arbitrate(seriesOf(samples(hours)), question, methods, partOf);
};
const said = (forecast: Forecast) => {
  assert.ok('expected' in forecast, forecast.state);
  return forecast;
};
const whyOf = (forecast: Forecast): [string, string | undefined] => [
  forecast.state,
  'why' in forecast ? forecast.why : undefined,
];

describe('a forecast', () => {
  test('needs a day of hours', () => {
    assert.deepEqual(whyOf(ask([wrongBy(0)], { hours: 23 })), [
      'not enough',
      '23 of 24 samples, one each 1h',
    ]);
    assert.equal(ask([wrongBy(0)], { hours: 24 }).state, 'told');
    assert.deepEqual(whyOf(arbitrate(seriesOf([]), { now: start, horizonMs: day }, [wrongBy(0)])), [
      'not enough',
      '0 of 24 samples, one each 1h',
    ]);
  });

  test('is not made of what nobody has measured for more than a day', () => {
    assert.equal(ask([wrongBy(0)], { ageMs: day }).state, 'told');
    assert.deepEqual(whyOf(ask([wrongBy(0)], { ageMs: day + hour })), [
      'not enough',
      'nothing was measured for 25h 0m',
    ]);
  });

  test('is not made where a method has too short a part to look at, or none can look', () => {
    const none = ['not enough', 'no method could be tried on its past'];
    assert.deepEqual(whyOf(ask([wrongBy(0)], {}, (history) => history.slice(-23))), none);
    assert.equal(ask([wrongBy(0)], {}, (history) => history.slice(-24)).state, 'told');
    assert.deepEqual(whyOf(ask([])), none);
    assert.deepEqual(whyOf(ask([{ name: 'blind', fit: () => undefined }])), none);
  });

  test('is not made of values of which most are impossible', () => {
    const series = seriesOf(hourly(90, (h) => [-1, 0, 1000][h % 3] ?? 0));
    const forecast = arbitrate(series, { now: start + 90 * hour, horizonMs: day }, [wrongBy(0)]);
    assert.deepEqual(whyOf(forecast), [
      'quarantined',
      '30 values: is negative; 30 values: is zero; 30 are left',
    ]);
  });

  test('says who made it, from when on it looked, and where it goes, twelve times until the horizon', () => {
    const forecast = said(ask([wrongBy(0.1)]));
    const { method, since, coverage, record, expected, madeAt, horizonMs } = forecast;
    assert.deepEqual(
      [method, since, coverage, madeAt, horizonMs],
      ['wrong by 0.1', start, 0.8, start + 72 * hour, day],
    );
    assert.deepEqual(
      record.skills.map(({ method }) => method),
      ['wrong by 0.1'],
    );
    assert.ok(record.origins > 1);
    assert.deepEqual(
      expected.map(({ at }) => (at - madeAt) / hour),
      [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24],
    );
    assert.ok(!('limit' in forecast));
  });

  test('is as wide as it was wrong on its own past, so long after the last sample', () => {
    for (const hours of [73, 300])
      for (const { at, value, low, high } of said(ask([wrongBy(0.1)], { hours })).expected.slice(1)) {
        const ahead = (at - (start + (hours - 1) * hour)) / hour;
        assert.ok(Math.abs(value - (valueAt(at) - 0.1 * ahead)) < 1e-6);
        assert.ok(Math.abs(high - value - 0.1 * ahead) < 1e-6, `${ahead} h: ${high - value}`);
        assert.ok(Math.abs(value - low - 0.1 * ahead) < 1e-6);
      }
  });

  test('tells when a limit is reached, where it is asked', () => {
    const { limit } = said(ask([wrongBy(0)], { limit: line(172) }));
    assert.ok(Math.abs((limit?.at ?? 0) - (start + 172 * hour)) < 1);
  });

  test('is muted where it is hardly better than to say that nothing changes', () => {
    assert.equal(ask([wrongBy(0.89)]).state, 'told');
    const forecast = ask([wrongBy(0.91)]);
    assert.deepEqual(whyOf(forecast), [
      'muted',
      'on its own past the best method (wrong by 0.91) was off by 91 % of what "no change" was off by',
    ]);
    assert.equal(said(forecast).expected.length, 12);
  });
});

describe('of several methods', () => {
  const chosen = (...methods: Method[]): string => said(ask(methods)).method;
  const untilReset = { untilReset: true };

  test('the best is chosen, in whatever order', () => {
    assert.equal(chosen(wrongBy(0.5), wrongBy(0.1), wrongBy(0.3)), 'wrong by 0.1');
    assert.equal(chosen(wrongBy(0.1), wrongBy(0.5)), 'wrong by 0.1');
  });

  test('the first is kept where another is as good', () => {
    assert.equal(chosen(wrongBy(0.5, { name: 'simple' }), wrongBy(0.5, { name: 'other' })), 'simple');
  });

  test('a small lead at every origin is enough among those that speak of the same', () => {
    assert.equal(chosen(wrongBy(0.5), wrongBy(0.495)), 'wrong by 0.495');
    assert.equal(chosen(wrongBy(0.5, untilReset), wrongBy(0.495, untilReset)), 'wrong by 0.495');
  });

  test('one that speaks of something else has to lead by more', () => {
    assert.equal(chosen(wrongBy(0.5), wrongBy(0.495, untilReset)), 'wrong by 0.5');
    assert.equal(chosen(wrongBy(0.5), wrongBy(0.48, untilReset)), 'wrong by 0.48');
  });

  test('those that cannot look are not counted', () => {
    const { method, record } = said(ask([{ name: 'blind', fit: () => undefined }, wrongBy(0.2)]));
    assert.equal(method, 'wrong by 0.2');
    assert.equal(record.skills.length, 1);
  });
});
