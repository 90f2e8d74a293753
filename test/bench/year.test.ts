/** A fixed sample of the years of `npm run bench:judgement`: two months of one, at each level. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { liveYear } from '../../bench/judgement/year.ts';
import { rowOf } from '../../bench/judgement/years.ts';
import { acts, levels } from '../../domain/autonomy.ts';

const seed = 2026;
const days = 60;
const years = new Map(levels.filter(acts).map((level) => [level, liveYear(seed, level, days)]));

describe('decisions on playbooks whose true chance is known', () => {
  for (const [level, year] of years)
    test(`promise at the level ${level} what is kept, and are never made below its threshold`, () => {
      const { all, alone, below, poor } = rowOf(level, [year]);
      assert.equal(below, 0);
      assert.ok(all.brier <= 0.17 && all.brier < all.baseRateBrier, `${all.brier}, ${all.baseRateBrier}`);
      // Two months are a small sample; the benchmark allows three points.
      for (const { promised, kept } of [all, alone])
        assert.ok(Math.abs(promised - kept) < 0.05, `${promised} promised, ${kept} kept`);
      assert.ok(poor.count <= alone.count / 10, `${poor.count} of ${alone.count} had a poor chance`);
    });

  test('are made unasked the more the bolder the level', () => {
    const counts = [...years].map(([level, year]) => rowOf(level, [year]).alone.count);
    assert.ok((counts[0] ?? 0) > 0);
    assert.deepEqual(
      counts,
      [...counts].sort((a, b) => a - b),
    );
  });

  test('never exceed the budget of a day', () => {
    for (const { decided } of years.values()) {
      const days = Map.groupBy(
        decided.filter(({ decision }) => decision.answer !== 'ask'),
        ({ at, action }) => new Date(action?.startsAt ?? at).toISOString().slice(0, 10),
      );
      for (const [day, some] of days) assert.ok(some.length <= 5, `${some.length} on ${day}`);
    }
  });

  test('are the same for the same seed, and others for another', () => {
    const told = (from: number): unknown =>
      liveYear(from, 'aggressive', 20).decided.map(({ at, proposal, decision, confidence, ended }) => [
        at,
        proposal.id,
        decision.answer,
        confidence.value,
        ended?.outcome,
      ]);
    assert.deepEqual(told(seed), told(seed));
    assert.notDeepEqual(told(seed), told(seed + 1));
  });
});
