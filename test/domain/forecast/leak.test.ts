import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { findLeak, type Leak } from '../../../domain/forecast/leak.ts';
import { random } from '../../random.ts';
import { day, hour, hourly, noise, nowOf, seriesOf, start } from './made-series.ts';

const ask = (hours: number, valueAt: (hour: number) => number, restarts: number[] = []): Leak => {
  const random = noise(hours);
  const samples = hourly(hours, (h) => valueAt(h) + random());
  return findLeak(seriesOf(samples), { now: nowOf(samples), limit: 2000, restarts });
};

const daily = (h: number): number => 100 * Math.sin((h / 24) * 2 * Math.PI);

const cases: [what: string, hours: number, valueAt: (hour: number) => number, state: Leak['state']][] = [
  ['a rise under a daily shape is a leak', 24 * 6, (h) => 1000 + h + daily(h), 'leak'],
  ['a daily shape is none', 24 * 6, (h) => 1000 + daily(h), 'none'],
  ['a morning, which rises, is none', 24 * 6 + 10, (h) => 1000 - daily(h + 6), 'none'],
  ['restarts each day, with a rise between, are none', 24 * 12, (h) => 1000 + 20 * (h % 24), 'not enough'],
  ['what warms up for a day is none', 24 * 8, (h) => 1000 + 500 * (1 - Math.exp(-h / 12)), 'none'],
  ['a fall is none', 24 * 6, (h) => 1500 - h, 'none'],
  ['two days are not enough', 48, (h) => 1000 + h, 'not enough'],
  ['a leak is found after a restart too', 24 * 12, (h) => 1000 + 3 * (h % 168), 'leak'],
];

describe('a leak', () => {
  for (const [what, hours, valueAt, state] of cases)
    test(what, () => {
      const leak = ask(hours, valueAt);
      assert.equal(leak.state, state, leak.why);
    });

  test('is told in units an hour, with the time to the limit between two others', () => {
    const leak = ask(24 * 6, (h) => 1000 + 2 * h + daily(h));
    assert.ok(leak.state === 'leak');
    assert.ok(Math.abs(leak.perHour - 2) < 0.1);
    const hoursLeft = (2000 - 1000 - 2 * (24 * 6 - 1)) / 2;
    assert.ok(Math.abs((leak.at - (start + (24 * 6 - 1) * hour)) / hour - hoursLeft) < 20);
    assert.ok(leak.from <= leak.at && leak.at <= (leak.to ?? Infinity));
  });

  test('is looked for since the last restart that is known, also where the level did not fall', () => {
    const leak = ask(24 * 6, (h) => 1000 + h, [start + 5 * day]);
    assert.equal(leak.state, 'not enough');
  });

  test('is not looked for in impossible values', () => {
    const samples = hourly(200, (h) => (h % 3 === 0 ? 1000 : -1));
    const leak = findLeak(seriesOf(samples), { now: nowOf(samples), limit: 2000 });
    assert.deepEqual(leak, { state: 'quarantined', why: 'most values are impossible' });
  });

  test('is looked for from three days on, those after a fall alone, and with the sample of a restart', () => {
    const run = (hours: number, before = 0, restarts: number[] = []): Leak => {
      const samples = hourly(before + hours, (h) => (h < before ? 1900 : 1000 + 3 * (h - before)));
      return findLeak(seriesOf(samples), { now: nowOf(samples), limit: 5000, restarts });
    };
    assert.equal(run(72).state, 'not enough');
    assert.equal(run(79).state, 'leak');
    const fallen = run(24 * 5, 48);
    assert.ok(fallen.state === 'leak');
    assert.equal(fallen.since, start + (48 + 3) * hour);
    const known = run(24 * 5, 0, [start + 24 * hour]);
    assert.equal(known.state === 'leak' && known.since, start + (24 + 2.5) * hour);
  });
});

describe('what is said of a leak', () => {
  const told = (hours: number, valueAt: (hour: number) => number): Leak => {
    const samples = hourly(hours, valueAt);
    return findLeak(seriesOf(samples), { now: nowOf(samples), limit: 2000 });
  };

  test('is of a line when it reaches its limit, and nothing else', () => {
    const leak = told(24 * 6 + 1, (h) => 1000 + 2 * h);
    assert.ok(leak.state === 'leak');
    assert.equal(leak.why, 'it has risen for 5.9 days, at the same hours of the day');
    assert.ok(Math.abs(leak.perHour - 2) < 1e-9);
    const full = start + 500 * hour;
    assert.deepEqual([leak.at, leak.from, leak.to], [full, full, full]);
    assert.equal(leak.since, start + 2.5 * hour, 'the middle of its first quarter of a day');
  });

  test('is of a rise that is not even when it reaches its limit at the earliest and at the latest', () => {
    const next = random(5);
    const leak = told(24 * 8 + 1, (h) => 1000 + 2 * h + 60 * next());
    assert.ok(leak.state === 'leak' && leak.to !== undefined);
    const hours = [leak.from, leak.at, leak.to].map((at) => (at - start) / hour);
    const [from = 0, at = 0, to = 0] = hours;
    assert.ok(from < at && at < to, hours.join(' '));
    assert.ok(to - from > 5 && to - from < 60, hours.join(' '));
    assert.ok(Math.abs(at - 485) < 25, hours.join(' '));
  });

  test('is of a rise that is hardly one no latest time', () => {
    const next = random(2);
    const leak = told(24 * 5 + 1, (h) => 1000 + (h > 60 ? 2 * h : 0) + 30 * next());
    assert.ok(leak.state !== 'leak' || leak.to === undefined || leak.to > leak.at);
  });

  test('is of one that has passed its limit that it is there', () => {
    const leak = told(24 * 6 + 1, (h) => 3000 + 2 * h);
    assert.equal(leak.state === 'leak' && leak.at, start + 24 * 6 * hour);
  });

  test('is of one that is none why not', () => {
    const why = (hours: number, valueAt: (hour: number) => number): string => told(hours, valueAt).why;
    assert.equal(
      why(24 * 6 + 1, () => 1000),
      'it does not rise from day to day',
    );
    assert.equal(
      why(24 * 6 + 1, (h) => (h < 72 ? 1000 + 10 * h : 1720)),
      'it has risen and does so no more, as what warms up does',
    );
    const up = random(3);
    assert.equal(
      why(24 * 20 + 1, (h) => 1000 + 0.2 * h + 220 * up()),
      'it rises by no more than it goes up and down',
    );
    assert.equal(
      why(49, (h) => 1000 + h),
      'since its last restart it was measured for 1.9 of 3 days',
    );
  });
});
