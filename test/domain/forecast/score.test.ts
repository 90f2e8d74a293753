import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Forecast } from '../../../domain/forecast/forecast.ts';
import { scoreForecast } from '../../../domain/forecast/score.ts';

const forecast: Forecast = {
  madeAt: 0,
  horizonMs: 30,
  quarantined: [],
  state: 'told',
  method: 'mean rate',
  since: -100,
  coverage: 0.8,
  expected: [10, 20, 30].map((at) => ({ at, value: 100 + at, low: 95 + at, high: 105 + at })),
  limit: { limit: 125, at: 25, from: 20, to: 30 },
  record: { origins: 14, skills: [{ method: 'mean rate', skill: 0.3 }] },
};

describe('the score of a forecast', () => {
  test('compares what was measured at its times, and nothing else', () => {
    const measured = [
      { at: 0, value: 100 },
      { at: 10, value: 112 },
      { at: 19, value: 126 },
      { at: 21, value: 128 },
    ];
    assert.deepEqual(scoreForecast(forecast, measured, 4), {
      compared: 2,
      error: 4.5,
      skill: 4.5 / 19.5,
      covered: 0.5,
      reachedAt: 19,
      reachedErrorMs: -6,
    });
  });

  test('tells no skill where nothing changed', () => {
    const still = [0, 10, 20, 30].map((at) => ({ at, value: 100 }));
    const score = scoreForecast(forecast, still, 4);
    assert.deepEqual(score, { compared: 3, error: 20, covered: 0 });
  });

  test('is none before its day, or of a forecast that said nothing', () => {
    assert.equal(scoreForecast(forecast, [{ at: 0, value: 100 }], 4), undefined);
    const silent: Forecast = {
      madeAt: 0,
      horizonMs: 30,
      quarantined: [],
      state: 'not enough',
      why: '3 of 24',
    };
    assert.equal(scoreForecast(silent, [{ at: 10, value: 100 }], 4), undefined);
  });
});
