/** A look whose records cannot be read: told where it is only shown, refused where it would be kept. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { lookActivities } from '../../activities/look.ts';
import type { Ports } from '../../activities/ports/index.ts';
import { unknownIn } from '../../domain/look.ts';

describe('a look', () => {
  const ports = {
    host: 'nas',
    records: () => Promise.reject(new Error('the disk is full')),
  } as unknown as Ports;
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> =>
    await new MockActivityEnvironment().run(work);

  test('without records tells what it cannot know, and is not kept', async () => {
    const look = await run(() => lookActivities(ports).lookAtHost());
    assert.ok(unknownIn(look.asked).includes('records (the disk is full)'));
    await assert.rejects(
      run(() => lookActivities(ports).keepLook('a')),
      /the disk is full/,
    );
  });

  test('that no source answers is healthy in nothing, and says of each why', async () => {
    const look = await run(() => lookActivities(ports).lookAtHost());
    const { health, causes } = look;
    // The kernel always tells of its memory.
    const asked = look.asked.filter(({ source }) => source !== 'memory');
    assert.ok(asked.every(({ state }) => state === 'unknown'));
    assert.deepEqual(causes, []);
    assert.equal(health.score, 100 - 5 * asked.length);
  });
});
