/** `baton up` and `baton down`: Temporal's dev server and this host's worker, in the background. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { localPaths, startServer, startWorker, stopLocal } from '../../setup/local.ts';
import { SetupFailure } from '../../setup/say.ts';
import type { LocalServer } from '../../setup/server-file.ts';
import { ownManager, systemdUnit } from '../../setup/systemd-unit.ts';
import { temporalProfile } from '../../setup/temporal-profile.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { isWorkerHere } from '../worker.ts';
import { examples, jsonOption, type OutputOptions } from './shared.ts';

type UpOptions = OutputOptions & { port?: number; uiPort?: number; printUnit?: boolean };

export const upCommand = (command: Command): void => {
  command
    .addOption(
      new Option('--port <port>', 'port of the dev server (default: 7233, or a free one)').argParser(port),
    )
    .addOption(
      new Option('--ui-port <port>', 'port of the Web UI (default: 8233, or a free one)').argParser(port),
    )
    .option('--print-unit', 'print a systemd unit that does it at each boot, and start nothing')
    .addOption(jsonOption())
    .action(async (options: UpOptions) => {
      if (options.printUnit) {
        print(unitHere(options));
        return;
      }
      const started = await asCommandFailure(async () => await up(options));
      if (options.json) printJson({ type: 'up', ...started });
      else tell(started);
    });
  examples(command, [
    'baton up',
    'baton up --ui-port 8080',
    'TEMPORAL_PROFILE=cloud baton up    # only the worker',
    'baton up --print-unit > /etc/systemd/system/baton.service && systemctl enable baton',
  ]);
};

const unitHere = ({ port, uiPort }: UpOptions): string =>
  systemdUnit({
    root: join(import.meta.dirname, '..', '..'),
    environment: process.env,
    manager: ownManager,
    options: [...(port ? [`--port=${port}`] : []), ...(uiPort ? [`--ui-port=${uiPort}`] : [])],
  }).trimEnd();

export const downCommand = (command: Command): void => {
  command.addOption(jsonOption()).action(async (options: OutputOptions) => {
    const stopped = await stopLocal(thisHost());
    if (options.json) printJson({ type: 'down', ...stopped });
    else if (!stopped.worker && !stopped.temporal) print('Nothing was running.');
    else
      print(
        `Stopped: ${[stopped.worker && 'the worker', stopped.temporal && 'the Temporal dev server'].filter(Boolean).join(' and ')}. Stacks go on running; history is kept. Start again: baton up`,
      );
  });
  examples(command, ['baton down']);
};

type Up = {
  host: string;
  address: string;
  ui?: string;
  logs: { temporal?: string; worker: string };
  database?: string;
};

const up = async ({ port, uiPort }: UpOptions): Promise<Up> => {
  const config = thisHost();
  const { logs, database } = localPaths(config);
  const profile = temporalProfile(process.env).address;
  const server: LocalServer | undefined =
    profile === undefined
      ? await startServer(config, { ...(port ? { port } : {}), ...(uiPort ? { uiPort } : {}) })
      : undefined;
  await startWorker(config, server ? { TEMPORAL_ADDRESS: server.address } : {});
  await workerAnswers(logs.worker);
  return {
    host: config.host,
    address: server?.address ?? profile ?? '',
    ...(server ? { ui: server.ui, database } : {}),
    logs: { worker: logs.worker, ...(server ? { temporal: logs.temporal } : {}) },
  };
};

/** Bundling workflows for the first time takes 2 to 5 s; an engine that starts slowly, longer. */
const workerPatienceMs = 60_000;

const workerAnswers = async (log: string): Promise<void> => {
  const { host } = thisHost();
  const began = performance.now();
  await withClient(async (client) => {
    while (!(await isWorkerHere(client, host))) {
      if (performance.now() - began > workerPatienceMs)
        throw new CommandFailure(
          exitCode.failed,
          `The worker does not come up. Its log: ${log}`,
          'baton doctor',
        );
      await delay(200);
    }
  });
};

const tell = ({ host, address, ui, logs, database }: Up): void => {
  print(`Baton is up on ${host}.`);
  print(`  Temporal  ${address}${database === undefined ? '' : ` (dev server, history in ${database})`}`);
  if (ui !== undefined) print(`  Web UI    ${ui}`);
  print(`  Logs      ${[logs.worker, logs.temporal].filter(Boolean).join(' · ')}`);
  print('  Next: baton deploy FILE · baton status · baton down');
};

/** What set-up could not do ends a command as any failure does. */
export const asCommandFailure = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    throw new CommandFailure(exitCode.failed, error.message, undefined, { cause: error });
  }
};

const port = (text: string): number => {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 65_535)
    throw new InvalidArgumentError('A port is from 1 to 65535.');
  return value;
};
