/** When a certificate is worth a word. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { certificateFinding } from '../../domain/certificate.ts';

const now = Date.parse('2026-11-26T03:00:00Z');
const left = (days: number): string => new Date(now + days * 86_400_000).toISOString();

describe('a certificate', () => {
  for (const [days, state] of [
    [15, 'fine'],
    [14, 'warning'],
    [3.1, 'warning'],
    [3, 'critical'],
    [-1, 'critical'],
  ] as const)
    test(`with ${days} days left is ${state}`, () => {
      assert.equal(certificateFinding('shop/web', left(days), now).state, state);
    });

  test('that is still good threatens by its end; a restart may wait until then', () => {
    assert.equal(certificateFinding('shop/web', left(5), now).dueAt, Date.parse(left(5)));
    assert.equal(certificateFinding('shop/web', left(-1), now).dueAt, undefined);
  });

  test('that has expired says when', () => {
    assert.equal(certificateFinding('shop/web', left(-1), now).evidence, 'expired on 2026-11-25');
  });
});
