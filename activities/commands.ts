/** The commands port on this host. What must be known after a crash is written down before the command starts. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { access, mkdir, open, readFile, stat, type FileHandle } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { passedOn, type CommandEnd, type GuardedCommand } from '../domain/commands.ts';
import type { OperationId } from '../domain/names.ts';
import { errnoOf, ifThere } from './errno.ts';
import { writeWhole } from './files.ts';
import type { Commands } from './ports/commands.ts';
import { endProcesses, leaderOf, markOf, type Leader } from './processes.ts';
import { redact } from './redact.ts';
import { endScope, inScope, scopeEnvironment } from './scope.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Which process a command is, for a worker that comes later. */
const leaderFile = 'process.json';

/** How often time and output of a command are looked at. */
const lookEveryMs = 250;

/** @param root the state directory; the worker's `environment` is where a command's variables come from. */
export const openCommands = (root: string, environment: Environment): Commands => ({
  async run(operation, command, signal) {
    const place = join(root, 'operations', operation);
    const log = join(place, 'output.log');
    const told = join(place, 'command.json');
    const secrets = command.variables.flatMap((name) => environment[name] ?? []);
    const ended = async (end: Omit<CommandEnd, 'log' | 'tail'>): Promise<CommandEnd> => {
      const whole = { ...end, log, tail: redact(await tailOf(log), secrets) };
      await writeWhole(told, JSON.stringify(whole));
      return whole;
    };
    const known = await ifThere(() => readFile(told, 'utf8'));
    if (known !== undefined) return JSON.parse(known) as CommandEnd;
    await mkdir(place, { recursive: true, mode: 0o700 });
    if (!(await isFirstTry(join(place, 'command.begun')))) {
      const left = await ifThere(() => readFile(join(place, leaderFile), 'utf8'));
      await endAll(operation, command, left === undefined ? undefined : (JSON.parse(left) as Leader));
      return await ended({ how: 'lost', tookMs: 0 });
    }
    const begun = performance.now();
    const output = await open(log, 'a', 0o600);
    try {
      const end = await runOnce(
        { operation, place },
        command,
        {
          ...passedOn(environment, command.variables),
          ...(command.scope ? scopeEnvironment(environment) : {}),
        },
        output,
        signal,
      );
      return await ended({ ...end, tookMs: Math.round(performance.now() - begun) });
    } finally {
      await output.close();
    }
  },

  async whereIs({ args: [program = ''], shell, directory }) {
    if (!(await ifThere(() => stat(directory)))?.isDirectory()) return undefined;
    const wanted = shell ? '/bin/sh' : program;
    const places = wanted.includes('/')
      ? [resolve(directory, wanted)]
      : (environment['PATH'] ?? '').split(delimiter).map((part) => join(part, wanted));
    for (const place of places) if (await isProgram(place)) return place;
    return undefined;
  },
});

const isProgram = async (path: string): Promise<boolean> =>
  ((await ifThere(() => stat(path)))?.isFile() ?? false) &&
  (await access(path, constants.X_OK).then(
    () => true,
    () => false,
  ));

/** One try makes the file; to every later one it says that the command may have run. On the disk before the command starts. */
const isFirstTry = async (file: string): Promise<boolean> => {
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.sync();
    await handle.close();
    return true;
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return false;
  }
};

type Ended = Omit<CommandEnd, 'log' | 'tail' | 'tookMs'>;

/**
 * Its output goes straight into the file (execa would pass it on through pipes), so that nothing of it is lost with the worker. In a session of its own: Ctrl-C at
 * the worker's terminal does not reach it.
 */
const runOnce = async (
  { operation, place }: { operation: OperationId; place: string },
  command: GuardedCommand,
  environment: Record<string, string>,
  output: FileHandle,
  signal: AbortSignal,
): Promise<Ended> => {
  const { pid, ended } = start(operation, command, environment, output);
  const leader = pid === undefined ? undefined : await leaderOf(pid);
  if (leader) await writeWhole(join(place, leaderFile), JSON.stringify(leader));
  const watching = new AbortController();
  const cut = watch(command, output, signal, watching.signal);
  const result = await Promise.race([ended, cut.then(() => undefined)]);
  watching.abort();
  if (!result) await endAll(operation, command, leader);
  signal.throwIfAborted();
  const why = await cut;
  return why === undefined ? await ended : { how: why };
};

/** Also what has left its session and cleared its environment, where it has a scope. */
const endAll = async (
  operation: OperationId,
  { scope }: GuardedCommand,
  leader: Leader | undefined,
): Promise<void> => {
  if (scope) await endScope(operation);
  await endProcesses(operation, leader);
};

const start = (
  operation: OperationId,
  { args, shell, user, scope, directory }: GuardedCommand,
  environment: Record<string, string>,
  output: FileHandle,
): { pid: number | undefined; ended: Promise<Ended> } => {
  const words = shell ? ['/bin/sh', '-c', ...args] : args;
  const asUser = user === undefined ? words : ['runuser', '-u', user, '--', ...words];
  const [program = '', ...rest] = scope ? inScope(operation, scope, asUser) : asUser;
  const child = spawn(program, rest, {
    cwd: directory,
    env: { ...environment, ...markOf(operation) },
    stdio: ['ignore', output.fd, output.fd],
    detached: true,
  });
  const ended = new Promise<Ended>((resolve) => {
    child
      .once('error', ({ message }) => {
        resolve({ how: 'not-started', why: message });
      })
      .once('exit', (exitCode, killedBy) => {
        resolve(
          exitCode === null ? { how: 'killed', why: killedBy ?? 'a signal' } : { how: 'exited', exitCode },
        );
      });
  });
  return { pid: child.pid, ended };
};

/** Resolves when the command must be ended, with the reason; or, without one, when it has ended by itself or is asked to. */
const watch = async (
  { timeoutMs, outputLimitBytes }: GuardedCommand,
  output: FileHandle,
  asked: AbortSignal,
  over: AbortSignal,
): Promise<'timed-out' | 'too-much-output' | undefined> => {
  const begun = performance.now();
  const either = AbortSignal.any([asked, over]);
  while (!either.aborted) {
    if (performance.now() - begun > timeoutMs) return 'timed-out';
    if ((await output.stat()).size > outputLimitBytes) return 'too-much-output';
    await delay(lookEveryMs, undefined, { signal: either }).catch(() => undefined);
  }
  return undefined;
};

const tailLines = 20;
const tailBytes = 8_192;

/** The last lines, as a terminal would show them in the end: without colours, and of a progress bar its last state. */
const tailOf = async (log: string): Promise<string> => {
  const handle = await ifThere(() => open(log, 'r'));
  if (!handle) return '';
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - tailBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = stripVTControlCharacters(buffer.toString('utf8', 0, bytesRead))
      .trimEnd()
      .split('\n');
    return lines
      .slice(-tailLines)
      .map((line) => line.trimEnd().split('\r').at(-1) ?? '')
      .join('\n');
  } finally {
    await handle.close();
  }
};
