/** What an answer of Prometheus means: beyond a threshold, for long enough, and looked at all the while. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { incidentOf, measureOf, queryFinding, type PrometheusQuery } from '../../domain/prometheus.ts';
import { exceeds, freshForMs, lasted } from '../../domain/threshold.ts';

const minute = 60_000;
const now = Date.parse('2026-11-26T06:30:00Z');
const query = (more: Partial<PrometheusQuery> = {}): PrometheusQuery => ({
  name: 'errors',
  query: 'rate(errors[5m])',
  threshold: { above: 0.9 },
  forMs: 0,
  severity: 'warning',
  ...more,
});
/** Every five minutes until now, so many of them. */
const past = (...values: number[]) =>
  values.map((value, index) => ({ at: now - (values.length - 1 - index) * 5 * minute, value }));
const found = (one: PrometheusQuery, value: number, samples = past(value)) =>
  queryFinding(one, 'web', value, samples, now);

describe('an answer', () => {
  test('without a threshold is only kept', () => {
    const { threshold: _none, ...kept } = query();
    assert.equal(found(kept, 5), undefined);
    assert.deepEqual([measureOf('errors'), incidentOf('errors')], ['prometheus.errors', 'prometheus-errors']);
  });

  test('beyond it is wrong, at it or within is well', () => {
    assert.deepEqual(found(query(), 0.97), {
      what: 'prometheus-errors',
      where: 'web',
      state: 'warning',
      evidence: '0.97, above 0.9',
    });
    assert.deepEqual(found(query(), 0.9), {
      what: 'prometheus-errors',
      where: 'web',
      state: 'fine',
      evidence: '0.9',
    });
    assert.equal(found(query({ threshold: { below: 3 }, severity: 'critical' }), 2)?.state, 'critical');
    assert.equal(found(query({ threshold: { below: 3 } }), 3)?.state, 'fine');
  });

  test('between two bounds is told with both, and rounded', () => {
    const between = query({ threshold: { above: 1, below: 2 } });
    assert.equal(found(between, 1.23456)?.evidence, '1.235, above 1 and below 2');
    assert.equal(found(between, 2.5)?.state, 'fine');
  });

  test('counts once it has held for as long as was asked', () => {
    const asked = query({ forMs: 10 * minute });
    assert.equal(found(asked, 1, past(1, 1, 1))?.evidence, '1, above 0.9 for 10 min');
    assert.equal(found(asked, 1, past(1, 1)), undefined);
    assert.equal(found(asked, 1, past(1, 0.5, 1)), undefined);
    assert.equal(found(asked, 1, past(0.5, 1, 1, 1))?.state, 'warning');
    assert.equal(found(query({ forMs: 30_000 }), 1, past(1, 1))?.evidence, '1, above 0.9 for 30 s');
    assert.equal(found(query({ forMs: 90_000 }), 1, past(1, 1))?.evidence, '1, above 0.9 for 1.5 min');
  });
});

describe('a threshold', () => {
  const held = (...times: number[]): boolean =>
    lasted(
      { above: 0 },
      times.map((minutes) => ({ at: now - minutes * minute, value: 1 })),
      now - 30 * minute,
      now,
    );

  test('is exceeded only beyond it', () => {
    assert.deepEqual(
      [exceeds({}, 0), exceeds({ above: 1 }, 1), exceeds({ below: 1 }, 1)],
      [true, false, false],
    );
    assert.deepEqual([exceeds({ above: 1 }, 1.1), exceeds({ below: 1 }, 0.9)], [true, true]);
  });

  test('is known to have been exceeded where no three looks were missed', () => {
    assert.equal(freshForMs, 15 * minute);
    assert.equal(held(30, 15), true);
    assert.equal(held(40, 25, 10), true);
    assert.equal(held(30, 14.9), false);
    assert.equal(held(30, 15.1), false);
    assert.equal(held(29, 15), false);
    assert.equal(held(46, 30, 15), true, 'what lies too far back is not looked at');
    assert.equal(held(45.1, 29), false);
    assert.equal(held(), false);
  });

  test('is not exceeded by what comes later, nor before', () => {
    const samples = [
      { at: now - 40 * minute, value: -1 },
      ...[30, 20, 10].map((minutes) => ({ at: now - minutes * minute, value: 1 })),
      { at: now + 1, value: -1 },
    ];
    assert.equal(lasted({ above: 0 }, samples, now - 30 * minute, now), true);
  });
});
