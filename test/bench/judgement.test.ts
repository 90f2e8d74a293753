/** A fixed sample of `npm run bench:judgement`: what docs/judgement.md tells must not get worse unseen. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { drawCase } from '../../bench/judgement/case.ts';
import { meanRate } from '../../bench/judgement/contenders.ts';
import { families } from '../../bench/judgement/families.ts';
import { coveredOf } from '../../bench/judgement/figures.ts';
import { judge, type Verdict } from '../../bench/judgement/judge.ts';
import { alarms, f1, floorErrors, middle, timeErrors } from '../../bench/judgement/tally.ts';

const seeds = Array.from({ length: 12 }, (_, index) => 1_000 + index);
const verdictsOf = (family: string): Verdict[] =>
  seeds.map((seed) => judge(drawCase(family, seed), [meanRate]));
const byFamily = new Map(Object.keys(families).map((family) => [family, verdictsOf(family)]));
const all = [...byFamily.values()].flat();

describe('forecasts of series whose future is known', () => {
  for (const [family, verdicts] of byFamily)
    test(`tell when ${family} is full as well as before`, () => {
      const own = timeErrors(verdicts, (verdict) => verdict.own);
      if (own.length === 0) return assert.equal(family, 'never fills');
      const floor = middle(floorErrors(verdicts));
      assert.ok(middle(own) <= 2 * floor + 0.05, `off by ${middle(own)}, where ${floor} is the least`);
      const rate = middle(timeErrors(verdicts, ({ others }) => others.get('7-day mean rate')));
      // Where chance decides, so few series tell no difference.
      assert.ok(middle(own) <= rate + floor, `off by ${middle(own)}, the mean rate by ${rate}`);
    });

  test('say "full within 72 h" where it is so, and not where it never fills', () => {
    assert.ok(f1(alarms(all, ({ own }) => own)) >= 0.93);
    const never = byFamily.get('never fills') ?? [];
    assert.equal(alarms(never, ({ own }) => own).wrong, 0);
  });

  test('have intervals that hold about four of five values', () => {
    const covered = coveredOf(all);
    assert.ok(covered >= 0.75 && covered <= 0.92, `they held ${covered}`);
  });
});
