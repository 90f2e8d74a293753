/** Which of two methods did better on the past of a series, and whether that is more than luck. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { backtest, isAhead, type Trial } from '../../../domain/forecast/backtest.ts';
import { noChange, type Method } from '../../../domain/forecast/past.ts';
import { hour, hourly, start } from './made-series.ts';

/** @param errors at one origin each, an hour ahead. */
const trial = (skill: number, ...errors: number[]): Trial => ({
  method: { name: 'any', fit: () => undefined },
  misses: errors.map((error, origin) => ({ origin, leadMs: 3_600_000, error, ungrown: 0 })),
  skill,
});

describe('what a method would have said', () => {
  const day = 24;
  const line: Method = {
    name: 'line',
    fit:
      ({ end }) =>
      (at) =>
        end.value + (2 * (at - end.at)) / hour,
  };
  const blind: Method = { name: 'blind', fit: () => undefined };
  const tried = (hours: number, horizonHours: number, valueAt: (h: number) => number, ...methods: Method[]) =>
    backtest(hourly(hours, valueAt), hour, horizonHours * hour, methods);

  test('is compared at fourteen moments of the later half, at four shares of the horizon', () => {
    const [trial] = tried(101, 16, (h) => 2 * h, line);
    assert.ok(trial);
    const origins = [...new Set(trial.misses.map(({ origin }) => (origin - start) / hour))];
    assert.deepEqual(origins, [50, 53, 57, 60, 64, 67, 71, 74, 78, 81, 85, 88, 92, 95]);
    const leads = [...new Set(trial.misses.map(({ leadMs }) => leadMs / hour))];
    assert.deepEqual(leads, [2, 4, 8, 16]);
    assert.ok(trial.misses.every(({ error, ungrown }) => error === 0 && ungrown === 0));
    assert.equal(trial.skill, 0);
    const late = trial.misses.filter(({ origin }) => origin === start + 95 * hour);
    assert.deepEqual(
      late.map(({ leadMs }) => leadMs / hour),
      [2, 4],
    );
  });

  test('is as good as nothing where it says what "no change" says, and where nothing ever changed', () => {
    assert.equal(tried(101, 16, (h) => 2 * h, noChange)[0]?.skill, 1);
    assert.equal(tried(101, 16, () => 5, noChange)[0]?.skill, 1);
  });

  test('is weighed by how far ahead it was: each as a share of what "no change" was off by', () => {
    /** Half as wrong a quarter ahead, and right elsewhere. */
    const method: Method = {
      name: 'half',
      fit:
        ({ end }) =>
        (at) =>
          end.value + ((at - end.at === 4 * hour ? 1 : 2) * (at - end.at)) / hour,
    };
    assert.equal(tried(101, 16, (h) => 2 * h, method)[0]?.skill, 0.125);
  });

  test('leaves out what cannot be tried', () => {
    assert.deepEqual(
      tried(101, 16, (h) => h, blind),
      [],
    );
    assert.deepEqual(
      tried(101, 16, (h) => h, blind, line).map(({ method }) => method.name),
      ['line'],
    );
  });

  test('is told with what resets took meanwhile, and only meanwhile', () => {
    const fallen = (h: number): number => 2 * h - (h >= 4 * day ? 100 : 0);
    const [trial] = tried(8 * day + 1, 16, fallen, line);
    assert.ok(trial);
    for (const { origin, leadMs, error, ungrown } of trial.misses) {
      const [from, to] = [(origin - start) / hour, (origin + leadMs - start) / hour];
      const isBetween = from < 4 * day && to >= 4 * day;
      assert.equal(Math.round(ungrown), isBetween ? 98 : 0, `${from} to ${to}`);
      assert.equal(error, isBetween ? -100 : 0);
    }
    const early = tried(6 * day + 1, 16, fallen, line)[0]?.misses.filter(({ ungrown }) => ungrown > 0);
    assert.ok(early && early.length > 0);
  });
});

describe('a method is ahead of another', () => {
  test('where it is less off at most origins, whichever way', () => {
    assert.equal(isAhead(trial(0.5, 1, -1, 2, -1), trial(0.6, 2, 2, -3, -2)), true);
  });

  test('not where one lucky origin makes all of the difference', () => {
    assert.equal(isAhead(trial(0.5, 1, 2.1, -2.1, 2.1), trial(0.6, 3, 2, 2, -2)), false);
  });

  test('not where both are the same', () => {
    const same = trial(0.5, 1, 2, 3);
    assert.equal(isAhead(same, same), false);
  });

  test('by what is off in all, where they can be compared at one origin only', () => {
    assert.equal(isAhead(trial(0.5, 1), trial(0.6, 2, 2)), true);
    assert.equal(isAhead(trial(0.7, 1), trial(0.6, 2, 2)), false);
  });
});
