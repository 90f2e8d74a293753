/** What `baton up` runs on this machine: a Temporal dev server, unless a profile names another one, and the worker. */
import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { HostConfig } from '../domain/host.ts';
import { searchAttributeNames } from '../domain/search-attributes.ts';
import { daemonPid, endDaemon, startDaemon } from './daemon.ts';
import { NoEngine, readEngineChoice } from './engine-choice.ts';
import { chooseEngine } from './engine.ts';
import { SetupFailure, withProgress } from './say.ts';
import { readServer, serverFile, type LocalServer } from './server-file.ts';
import { findTemporal } from './temporal.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export type LocalPaths = { database: string; logs: { temporal: string; worker: string } };

export const localPaths = ({ stateDirectory }: HostConfig): LocalPaths => ({
  database: join(stateDirectory, 'temporal.db'),
  logs: {
    temporal: join(stateDirectory, 'logs', 'temporal.log'),
    worker: join(stateDirectory, 'logs', 'worker.log'),
  },
});

const pidFile = ({ stateDirectory }: HostConfig, name: 'temporal' | 'worker'): string =>
  join(stateDirectory, 'run', `${name}.pid`);

/** @returns which of the two run. */
export const runningParts = async (config: HostConfig): Promise<{ temporal: boolean; worker: boolean }> => ({
  temporal: (await daemonPid(pidFile(config, 'temporal'))) !== undefined,
  worker: (await daemonPid(pidFile(config, 'worker'))) !== undefined,
});

/** Starts the dev server, or finds it running. Its SQLite file is kept from one start to the next. */
export const startServer = async (
  config: HostConfig,
  ports: { port?: number; uiPort?: number } = {},
): Promise<LocalServer> => {
  const known = await readServer(config);
  if (known && (await runningParts(config)).temporal) return known;
  const cli = await findTemporal(config.cacheDirectory);
  const paths = localPaths(config);
  await mkdir(config.stateDirectory, { recursive: true, mode: 0o700 });
  const port = await choosePort(ports.port ?? portOf(known?.address) ?? 7233, ports.port !== undefined);
  const uiPort = await choosePort(ports.uiPort ?? portOf(known?.ui) ?? 8233, ports.uiPort !== undefined);
  const server = { address: `127.0.0.1:${port}`, ui: `http://127.0.0.1:${uiPort}` };
  await withProgress('Start the Temporal dev server', async () => {
    await startDaemon({
      ...supervised(cli.path, ...serverArguments(port, uiPort, paths.database)),
      log: paths.logs.temporal,
      pidFile: pidFile(config, 'temporal'),
    });
    await healthy(cli.path, server.address, paths.logs.temporal);
  });
  await writeFile(serverFile(config), `${JSON.stringify(server, null, 2)}\n`);
  return server;
};

/** @param database absent: in memory. */
export const serverArguments = (port: number, uiPort: number, database?: string): string[] => [
  'server',
  'start-dev',
  '--port',
  String(port),
  '--ui-port',
  String(uiPort),
  '--log-level',
  'error',
  ...(database === undefined ? [] : ['--db-filename', database]),
  ...searchAttributeNames.flatMap((name) => ['--search-attribute', `${name}=Keyword`]),
];

/** The worker reads its engine and its server from the environment that it is given here. */
export const startWorker = async (config: HostConfig, environment: Record<string, string>): Promise<void> => {
  if ((await runningParts(config)).worker) return;
  const engine = await readEngineChoice(config, process.env).catch(async (error: unknown) => {
    if (error instanceof NoEngine) return await chooseEngine(config);
    throw error;
  });
  const main = join(root, 'worker', 'main.ts');
  await startDaemon({
    ...supervised(process.execPath, '--disable-warning=ExperimentalWarning', main),
    environment: { ...engine.environment, ...environment },
    log: localPaths(config).logs.worker,
    pidFile: pidFile(config, 'worker'),
  });
};

/** Ends both. @returns what was running. */
export const stopLocal = async (config: HostConfig): Promise<{ temporal: boolean; worker: boolean }> => ({
  worker: await endDaemon(pidFile(config, 'worker')),
  temporal: await endDaemon(pidFile(config, 'temporal')),
});

const supervised = (command: string, ...args: string[]): { command: string; args: string[] } => ({
  command: process.execPath,
  args: ['--disable-warning=ExperimentalWarning', join(root, 'setup', 'supervise.ts'), command, ...args],
});

/** A dev server listens after one to three seconds. */
const serverPatienceMs = 60_000;

const healthy = async (cli: string, address: string, log: string): Promise<void> => {
  const began = performance.now();
  const args = ['operator', 'cluster', 'health', '--address', address];
  while ((await execa(cli, args, { reject: false })).exitCode !== 0) {
    if (performance.now() - began > serverPatienceMs)
      throw new SetupFailure(`The Temporal dev server does not answer at ${address}. Its log: ${log}`);
    await delay(100);
  }
};

const portOf = (address: string | undefined): number | undefined => {
  const port = Number(address?.split(':').at(-1));
  return Number.isInteger(port) ? port : undefined;
};

const choosePort = async (wanted: number, must: boolean): Promise<number> => {
  if (await isFree(wanted)) return wanted;
  if (must) throw new SetupFailure(`Port ${wanted} is taken. Name another one, or free it.`);
  return await freePort();
};

/** True where nobody listens at that port of 127.0.0.1. */
export const isFree = async (port: number): Promise<boolean> =>
  await new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => {
      resolve(false);
    });
    server.listen(port, '127.0.0.1', () => {
      server.close(() => {
        resolve(true);
      });
    });
  });

/** A port that nothing listens on at this moment. */
export const freePort = async (): Promise<number> =>
  await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
  });
