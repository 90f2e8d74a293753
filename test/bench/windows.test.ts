/** Quiet hours of traffic whose future is known, beside a fixed 03:00; another draw each time. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { test } from 'node:test';
import { judgeWindows } from '../../bench/judgement/windows.ts';

test('the chosen window has 0.6 of the traffic of 03:00 at most, in each family', () => {
  const seed = randomInt(1, 2 ** 30);
  for (const { family, share, above, of } of judgeWindows(seed, 20)) {
    assert.ok(share <= 0.6, `${family}: ${share} (seed ${seed})`);
    assert.ok(above <= of / 10, `${family}: ${above} of ${of} above 0.6 (seed ${seed})`);
  }
});
