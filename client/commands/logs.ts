/** `baton logs STACK [SERVICE]`: read straight from the engine of this host, through its own command line. */
import { execa } from 'execa';
import type { Command } from 'commander';
import { label, parseAsideName } from '../../domain/labels.ts';
import type { StackName } from '../../domain/names.ts';
import { engineCommand } from '../../setup/engine-choice.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { thisHost } from '../this-host.ts';
import { examples, jsonOption, stackArgument, type OutputOptions } from './shared.ts';

type LogsOptions = OutputOptions & { follow?: boolean; tail: string; since?: string };

export const logsCommand = (command: Command): void => {
  command
    .argument('<stack>', 'the stack', stackArgument)
    .argument('[service]', 'one service; all of them where none is named')
    .option('-f, --follow', 'go on as lines come')
    .option('-n, --tail <lines>', 'how many lines of each to begin with', '100')
    .option('--since <time>', 'only what is newer, such as 10m or an ISO time')
    .addOption(jsonOption())
    .action(async (stack: StackName, service: string | undefined, options: LogsOptions) => {
      await logs(stack, service, options);
    });
  examples(command, [
    'baton logs immich',
    'baton logs immich server -f',
    'baton logs immich --since 10m --json',
  ]);
};

type Listed = { id: string; name: string; service: string };

const logs = async (stack: StackName, service: string | undefined, options: LogsOptions): Promise<void> => {
  const engine = await engineCommand(thisHost(), process.env);
  const containers = (await list(engine, stack)).filter(
    (container) => service === undefined || container.service === service,
  );
  if (containers.length === 0)
    throw new CommandFailure(
      exitCode.failed,
      service === undefined
        ? `Stack "${stack}" has no containers on this host.`
        : `Stack "${stack}" has no container of a service "${service}" on this host.`,
      `baton status ${stack}`,
    );
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  const widest = Math.max(...containers.map((container) => container.service.length));
  await Promise.all(
    containers.map(async (container) => await follow(engine, container, widest, options, stop.signal)),
  );
};

type EngineCommand = Awaited<ReturnType<typeof engineCommand>>;

const list = async ({ command, args, environment }: EngineCommand, stack: StackName): Promise<Listed[]> => {
  // Docker's template has a function for one label, Podman's a map of all.
  const service =
    command === 'podman' ? `{{index .Labels "${label.service}"}}` : `{{.Label "${label.service}"}}`;
  const format = `{{.ID}}\t{{.Names}}\t${service}`;
  const { stdout } = await execa(
    command,
    [...args, 'ps', '--all', '--filter', `label=${label.stack}=${stack}`, '--format', format],
    { env: environment },
  );
  return stdout
    .split('\n')
    .flatMap((line) => {
      const [id, name, service] = line.split('\t');
      return id && name && service && !parseAsideName(name) ? [{ id, name, service }] : [];
    })
    .sort((a, b) => (a.service < b.service ? -1 : 1));
};

const follow = async (
  { command, args, environment }: EngineCommand,
  { id, service }: Listed,
  width: number,
  options: LogsOptions,
  signal: AbortSignal,
): Promise<void> => {
  const asked = [
    ...(options.follow ? ['--follow'] : []),
    '--tail',
    options.tail,
    ...(options.since === undefined ? [] : ['--since', options.since]),
    '--timestamps',
  ];
  const child = execa(command, [...args, 'logs', ...asked, id], {
    env: environment,
    all: true,
    buffer: false,
    reject: false,
    stdin: 'ignore',
    cancelSignal: signal,
  });
  for await (const line of child.iterable({ from: 'all' })) tell(service, width, line, options);
};

const tell = (service: string, width: number, line: string, { json }: LogsOptions): void => {
  const at = line.indexOf(' ');
  const time = line.slice(0, at);
  const text = clean(line.slice(at + 1));
  if (json) printJson({ type: 'log', service, time, text });
  else print(`${service.padEnd(width)} | ${text}`);
};

/** A log is as untrusted as any file: control characters other than tab never reach the terminal. */
const clean = (text: string): string =>
  text
    .replaceAll(/\u001B\[[0-9;]*[A-Za-z]/g, '')
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F-\u009F]/g, '');
