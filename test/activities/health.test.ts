/** The wait until a container is healthy, while somebody sets the clock. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, mock, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { askTwice, waitHealthy } from '../../activities/health.ts';
import { needed } from '../host/environment.ts';
import { MemoryEngine } from '../simulation/engine.ts';
import { freePort } from '../../setup/local.ts';
import { EngineBench, sleeper } from './engine-bench.ts';

const hourMs = 3_600_000;

/** What comes of `work` while the clock is set by `ms` soon after it began. */
const whileClockIsSet = async <T>(ms: number, work: () => Promise<T>): Promise<T> => {
  const now = Date.now.bind(Date);
  const setting = delay(100).then(() => mock.method(Date, 'now', () => now() + ms));
  try {
    return await work();
  } finally {
    (await setting).mock.restore();
  }
};

const listening = async (port: number): Promise<Server> => {
  const server = createServer((socket) => socket.end());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
};

describe('a wait for health goes by a clock that nobody sets', () => {
  const bench = new EngineBench(() =>
    Promise.resolve(new MemoryEngine(tmpdir(), [needed('BATON_TEST_IMAGE')])),
  );

  const waits = async (health: 'probe' | 'running', port: number, deadlineMs: number): Promise<void> => {
    const containerId = await bench.create(`${sleeper}\nnetwork_mode: host`, { network: { mode: 'host' } });
    await bench.engine.startContainer(containerId);
    await waitHealthy(
      {
        engine: bench.engine,
        reach: 'directly',
        containerId,
        service: 'web',
        health,
        probe: { type: 'tcp', port },
        deadlineMs,
        redact: (text) => text,
      },
      new AbortController().signal,
    );
  };

  for (const [how, ms] of [
    ['on', hourMs],
    ['back', -hourMs],
  ] as const) {
    test(`set ${how} by an hour, what is slow is still waited for`, async () => {
      const port = await freePort();
      const later = delay(300).then(async () => await listening(port));
      await whileClockIsSet(ms, async () => {
        await waits('probe', port, 5_000);
      });
      (await later).close();
    });

    test(`set ${how} by an hour, the deadline is the same`, async () => {
      const port = await freePort();
      const began = performance.now();
      await assert.rejects(
        whileClockIsSet(ms, async () => {
          await waits('probe', port, 400);
        }),
        /was not healthy within 0\.4 s/,
      );
      assert.ok(performance.now() - began >= 400);
    });

    test(`set ${how} by an hour, what has no check is healthy when it has run for a moment`, async () => {
      await whileClockIsSet(ms, async () => {
        await waits('running', 0, 5_000);
      });
    });
  }
});

describe('a look asks twice', () => {
  const bench = new EngineBench(() =>
    Promise.resolve(new MemoryEngine(tmpdir(), [needed('BATON_TEST_IMAGE')])),
  );
  const ask = async (health: 'probe' | 'running', port = 0) => {
    const id = await bench.create(`${sleeper}\nnetwork_mode: host`, { network: { mode: 'host' } });
    await bench.engine.startContainer(id);
    const container = await bench.engine.inspectContainer(id);
    assert.ok(container);
    return await askTwice(
      { engine: bench.engine, reach: 'directly', health, probe: { type: 'tcp', port } },
      container,
    );
  };

  test('what has just started is seen to run', async () => {
    assert.deepEqual((await ask('running')).health, { state: 'healthy', answer: 'runs' });
  });

  test('one answer that was lost is no illness', async () => {
    const port = await freePort();
    const later = delay(100).then(async () => await listening(port));
    assert.equal((await ask('probe', port)).health.state, 'healthy');
    (await later).close();
  });

  test('what says no twice is ill', async () => {
    assert.equal((await ask('probe', await freePort())).health.state, 'waiting');
  });
});
