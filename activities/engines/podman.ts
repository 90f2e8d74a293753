/** What is particular to Podman: it has no daemon, so where no API socket listens, Baton starts one of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, type Engine } from '../ports/engine.ts';
import { engineApi } from './api.ts';
import { dockerApiEngine } from './docker-api.ts';
import { answers } from './answers.ts';
import { podmanLoads } from './loads.ts';
import { registryHas } from './podman-registry.ts';
import { bridgeAnnouncer, inRootlessNetwork } from './podman-bridges.ts';

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
      const canPause = raw.CgroupVersion === '2' || !rootless;
      return { rootless, canPause, reach: rootless ? { through: inRootlessNetwork } : 'directly' };
    },
    // What its builds leave are images without a name: containers-storage has nothing else, and the API no call.
    hasBuildCache: false,
    close: async () => {
      await service?.stop();
    },
  });
  const announcerFor = bridgeAnnouncer(api, environment);
  const announcerOf = async (id: string): Promise<() => Promise<void>> =>
    await announcerFor(Object.keys((await engine.inspectContainer(id))?.networks ?? {}));
  return {
    ...engine,
    readLoads: async () => await podmanLoads(api),
    imageExistsRemotely: async (reference) => await registryHas(api, reference),
    async startContainer(id) {
      const announceBridges = await announcerOf(id);
      await announceBridges();
      await engine.startContainer(id);
      // The first container brings the bridge with it.
      await announceBridges();
    },
    async stopContainer(id, graceMs) {
      const announceBridges = await announcerOf(id);
      await announceBridges();
      await engine.stopContainer(id, graceMs);
    },
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
  const begun = performance.now();
  while (!(await answers(socket))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() - begun > startTimeoutMs)
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
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
};
