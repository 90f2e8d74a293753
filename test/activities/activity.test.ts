import { MockActivityEnvironment } from '@temporalio/testing';
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, mock, test } from 'node:test';
import { beating } from '../../activities/activity.ts';

describe('a heartbeat', () => {
  beforeEach(() => {
    mock.timers.enable({ apis: ['setTimeout'] });
  });
  afterEach(() => {
    mock.timers.reset();
  });

  /** Activities that are under way, with what counts their beats, and what ends them. */
  const start = (count: number): { beats: number[]; end: () => Promise<void> } => {
    const beats = Array.from({ length: count }, () => 0);
    const done = Promise.withResolvers<undefined>();
    const ended = beats.map(async (_, index) => {
      const activity = new MockActivityEnvironment();
      activity.on('heartbeat', () => {
        beats[index] = (beats[index] ?? 0) + 1;
      });
      await activity.run(async () => beating(async () => done.promise));
    });
    return {
      beats,
      end: async () => {
        done.resolve(undefined);
        await Promise.all(ended);
      },
    };
  };

  const pass = (seconds: number): void => {
    for (let second = 0; second < seconds; second += 1) mock.timers.tick(1_000);
  };

  test('comes at once, and then every second, until the work has ended', async () => {
    const { beats, end } = start(1);
    assert.deepEqual(beats, [1]);
    pass(3);
    assert.deepEqual(beats, [4]);
    await end();
    pass(3);
    assert.deepEqual(beats, [4]);
  });

  test('of a hundred activities comes the less often, and still four times before one is taken for dead', async () => {
    const { beats, end } = start(100);
    pass(5);
    const before = [...beats];
    pass(20);
    for (const [index, count] of beats.entries()) assert.equal(count - (before[index] ?? 0), 4);
    await end();
    const alone = start(1);
    pass(3);
    assert.deepEqual(alone.beats, [4]);
    await alone.end();
  });
});
