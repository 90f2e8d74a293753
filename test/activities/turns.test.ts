/** Works on one thing come one after the other; those on others do not wait for them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takingTurns } from '../../activities/turns.ts';

describe('turns', () => {
  test('a work begins when the one before it on the same thing has ended, failed or not', async () => {
    const turns = takingTurns();
    const told: string[] = [];
    const first = Promise.withResolvers<undefined>();
    const works = [
      turns('a', async () => {
        told.push('first begins');
        await first.promise;
        told.push('first fails');
        throw new Error('no');
      }),
      turns('a', () => {
        told.push('second');
        return Promise.resolve();
      }),
      turns('b', () => {
        told.push('other');
        return Promise.resolve();
      }),
    ];
    await works[2];
    assert.deepEqual(told, ['first begins', 'other']);
    first.resolve(undefined);
    await assert.rejects(works[0] ?? Promise.resolve(), /no/);
    await works[1];
    assert.deepEqual(told, ['first begins', 'other', 'first fails', 'second']);
  });
});
