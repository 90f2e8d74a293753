/** Values that cannot be are told, and do not get into the records. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImpossibleAside } from '../../domain/possible.ts';

const sample = (value: number, measure = 'memory') => ({ measure, place: 'shop/api', value });

describe('a value', () => {
  for (const value of [NaN, Infinity, -1, 1e300])
    test(`of ${value} is set aside and told`, () => {
      const { samples, findings } = setImpossibleAside([sample(value), sample(5)]);
      assert.deepEqual(samples, [sample(5)]);
      assert.deepEqual(
        findings.map(({ where, state }) => [where, state]),
        [['memory shop/api', 'warning']],
      );
    });

  test('below nothing is possible of a certificate that has expired', () => {
    const expired = sample(-3, 'certificate.days');
    assert.deepEqual(setImpossibleAside([expired]), { samples: [expired], findings: [] });
  });
});
