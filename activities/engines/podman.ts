/** What is particular to Podman: it has no daemon, so where no API socket listens, Baton starts one of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, type Engine } from '../ports/engine.ts';
import { engineApi, type EngineApi } from './api.ts';
import { dockerApiEngine } from './docker-api.ts';
import { answers } from './answers.ts';

/** `podman system service` listens after about 0.1 s; a slow disk may take longer. */
const startTimeoutMs = 15_000;
/** One whose worker was killed ends by itself after this time without a call; one that is still needed is started again. */
const idleSeconds = 600;
const restartAfterMs = 100;

export const podmanEngine = async ({
  socket,
  environment = {},
}: {
  socket?: string;
  environment?: Record<string, string>;
}): Promise<Engine> => {
  const service = socket === undefined ? await startService(environment) : undefined;
  const api = engineApi(socket ?? service?.socket ?? '', 'Podman');
  const engine = dockerApiEngine({
    kind: 'podman',
    api,
    version: '/v1.41',
    info: (raw) => {
      const rootless = raw.Rootless ?? false;
      // Without cgroup v2, a rootless container has no freezer.
      return { rootless, canReachContainers: !rootless, canPause: raw.CgroupVersion === '2' || !rootless };
    },
    close: async () => {
      await service?.stop();
    },
  });
  return {
    ...engine,
    startContainer: firstAlone(api, async (id) => {
      await engine.startContainer(id);
    }),
  };
};

/**
 * The first container brings the engine's DNS server with it. Two first ones at once bring two, and the names of one are
 * lost (seen with netavark 1.4), so the first is started alone.
 */
const firstAlone = (
  api: EngineApi,
  start: (id: string) => Promise<void>,
): ((id: string) => Promise<void>) => {
  let first: Promise<void> = Promise.resolve();
  const running = async (): Promise<boolean> => {
    const query = { limit: 1, filters: JSON.stringify({ status: ['running'] }) };
    return (await api.json<unknown[]>({ path: '/v1.41/containers/json', query })).length > 0;
  };
  return async (id) => {
    const before = first;
    let next = (): void => undefined;
    first = new Promise((resolve) => {
      next = resolve;
    });
    await before;
    try {
      if (!(await running())) {
        await start(id);
        return;
      }
    } finally {
      next();
    }
    await start(id);
  };
};

const startService = async (
  environment: Record<string, string>,
): Promise<{ socket: string; stop: () => Promise<void> }> => {
  const directory = await mkdtemp(join(process.env['XDG_RUNTIME_DIR'] ?? tmpdir(), 'baton-podman-'));
  const socket = join(directory, 'podman.sock');
  let closing = false;
  const run = (): ChildProcess => {
    // A killed one leaves its socket behind.
    rmSync(socket, { force: true });
    const service = spawn('podman', ['system', 'service', `--time=${idleSeconds}`, `unix://${socket}`], {
      stdio: 'ignore',
      env: { ...process.env, ...environment },
    });
    service.once('exit', () => {
      if (!closing && started) setTimeout(() => (child = run()), restartAfterMs).unref();
    });
    return service;
  };
  let started = false;
  let child = run();
  const begun = Date.now();
  while (!(await answers(socket))) {
    if (child.exitCode !== null || Date.now() - begun > startTimeoutMs)
      throw new EngineError(
        'unreachable',
        'Podman is installed, but `podman system service` does not start.',
      );
    await delay(50);
  }
  started = true;
  return {
    socket,
    stop: async () => {
      closing = true;
      await ended(child);
      await rm(directory, { recursive: true, force: true });
    },
  };
};

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
};
