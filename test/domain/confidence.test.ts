/** Confidence, and the outcomes that are all it is made of. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { confidenceIn, confidenceText, percent } from '../../domain/confidence.ts';
import { helped, isStopped, type ActionOutcome } from '../../domain/outcome.ts';
import { parseOperationId } from '../../domain/names.ts';

const dayMs = 24 * 3_600_000;
const now = Date.parse('2026-11-26T03:00:00Z');
const operation = parseOperationId('0c812c02') ?? assert.fail('no id');

const outcome = (given: Partial<ActionOutcome> & { held?: boolean[] } = {}): ActionOutcome => {
  const { held = [true], ...rest } = given;
  const measurements = held.map((one) => ({ afterMs: 600_000, at: now, held: one }));
  return {
    operation,
    playbook: 'disk-cleanup',
    target: 'disk:/srv',
    cause: 'disk-filling',
    endedAt: now,
    failed: false,
    measurements,
    ...rest,
  };
};
const times = (count: number, given?: Parameters<typeof outcome>[0]): ActionOutcome[] =>
  Array.from({ length: count }, () => outcome(given));
const attempt = { playbook: 'disk-cleanup', target: 'disk:/srv', cause: 'disk-filling', reliability: 1 };
const valueOf = (outcomes: readonly ActionOutcome[], reliability = 1): number =>
  confidenceIn({ ...attempt, reliability }, outcomes, now).value;

describe('an outcome', () => {
  test('is a success where every measurement held, and none where nothing was measured', () => {
    assert.equal(helped(outcome({ held: [true, true, true] })), true);
    assert.equal(helped(outcome({ held: [true, true, false] })), false);
    assert.equal(helped(outcome({ held: [] })), undefined);
    assert.equal(helped(outcome({ held: [], failed: true })), false);
  });

  test('that failed twice in a row stops a playbook on its target, until a person has looked', () => {
    const failed = [1, 2].map((days) => outcome({ held: [false], endedAt: now - days * dayMs }));
    const of = { playbook: 'disk-cleanup', target: 'disk:/srv' };
    assert.equal(isStopped(failed, of), true);
    assert.equal(isStopped(failed, { ...of, target: 'disk:/' }), false);
    assert.equal(isStopped(failed.slice(1), of), false);
    assert.equal(isStopped(failed, of, now - 1.5 * dayMs), false);
    assert.equal(isStopped([...failed, outcome()], of), false);
    const unmeasured = outcome({ held: [] });
    assert.equal(isStopped([...failed, unmeasured], of), true, 'what was not measured ends no row');
  });
});

describe('confidence', () => {
  test('is 94 % after 15 of 15, and 50 % after none', () => {
    assert.equal(percent(valueOf(times(15))), '94 %');
    assert.equal(percent(valueOf([])), '50 %');
    assert.equal(percent(valueOf(times(15, { held: [] }))), '50 %', 'not measured');
  });

  test('what is known from elsewhere counts as four outcomes at most, and is where it starts from', () => {
    const elsewhere = times(100, { target: 'disk:/var' });
    assert.equal(percent(valueOf(elsewhere)), '99 %');
    assert.equal(percent(valueOf([...elsewhere, ...times(5), ...times(5, { held: [false] })])), '68 %');
    assert.equal(percent(valueOf(times(4, { playbook: 'service-restart' }))), '50 %', 'another playbook');
    assert.equal(percent(valueOf(times(1, { cause: 'disk-full' }))), '77 %', 'another cause');
  });

  test('on a new target is what the playbook came to elsewhere, be that good or bad', () => {
    for (const count of [9, 40])
      for (const kept of [0.2, 0.5, 0.9]) {
        const good = Math.round(count * kept);
        const elsewhere = [
          ...times(good, { target: 'disk:/var' }),
          ...times(count - good, { target: 'disk:/var', held: [false] }),
        ];
        // Five points: Laplace's rule over nine.
        assert.ok(
          Math.abs(valueOf(elsewhere) - good / count) < 0.05,
          `${good} of ${count}: ${valueOf(elsewhere)}`,
        );
      }
  });

  test('an outcome counts half after half a year', () => {
    const old = confidenceIn(attempt, times(4, { endedAt: now - 182 * dayMs }), now);
    assert.deepEqual(old.own, { helped: 2, of: 2 });
  });

  test('tells how it came about', () => {
    const given = [...times(15), ...times(8, { target: 'disk:/var' })];
    assert.equal(
      confidenceText(confidenceIn({ ...attempt, reliability: 0.9 }, given, now)),
      '89 %: (15 of 15 here + 4 of 4 lent from 8 elsewhere + 2 × 90 %) / (19 + 2) = 99 %, times 90 % for what it stands on',
    );
  });

  const any = fc.array(
    fc.record({
      target: fc.constantFrom('disk:/srv', 'disk:/var'),
      cause: fc.constantFrom('disk-filling', 'disk-full'),
      endedAt: fc.integer({ min: now - 900 * dayMs, max: now }),
      failed: fc.boolean(),
      held: fc.array(fc.boolean(), { maxLength: 3 }),
    }),
    { maxLength: 30 },
  );

  test('a failure never raises it, and a success never lowers it', () => {
    fc.assert(
      fc.property(any, any, (given, more) => {
        const before = given.map(outcome);
        for (const one of more.map(outcome)) {
          const with_ = valueOf([...before, one]);
          if (helped(one) === true) assert.ok(with_ >= valueOf(before) - 1e-12);
          else assert.ok(with_ <= valueOf(before) + 1e-12);
        }
      }),
    );
  });

  test('lies between 0 and what it stands on', () => {
    fc.assert(
      fc.property(any, fc.double({ min: 0, max: 1, noNaN: true }), (given, reliability) => {
        const value = valueOf(given.map(outcome), reliability);
        assert.ok(value >= 0 && value <= reliability);
      }),
    );
  });
});
