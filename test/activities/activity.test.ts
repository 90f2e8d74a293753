import { MockActivityEnvironment } from '@temporalio/testing';
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { beating } from '../../activities/activity.ts';

const tryOf = async (activityId: string, work: () => Promise<void>): Promise<void> => {
  await new MockActivityEnvironment({ activityId }).run(async () => {
    await beating(work);
  });
};

test('another try of an activity waits for the end of the last one, however that ends', async () => {
  const told: string[] = [];
  const step = (name: string, fails: boolean) => async (): Promise<void> => {
    told.push(`${name} begins`);
    await delay(20);
    told.push(`${name} ends`);
    if (fails) throw new Error(name);
  };

  const [first] = await Promise.allSettled([
    tryOf('1', step('first', true)),
    tryOf('1', step('second', false)),
    tryOf('1', step('third', false)),
  ]);

  assert.equal(first.status, 'rejected');
  assert.deepEqual(
    told,
    ['first', 'second', 'third'].flatMap((name) => [`${name} begins`, `${name} ends`]),
  );
});

test('different activities work at the same time', async () => {
  const both = Promise.withResolvers<undefined>();
  const waits = tryOf('1', async () => {
    await both.promise;
  });

  await tryOf('2', async () => {
    both.resolve(undefined);
    await Promise.resolve();
  });

  await waits;
});
