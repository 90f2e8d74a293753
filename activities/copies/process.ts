/**
 * Commands that make copies: in a session of their own, marked with their operation, so that whoever comes after a dead worker
 * finds and ends them. They take as long as they take; one that does nothing at all for long is ended.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { OperationId } from '../../domain/names.ts';
import { formatAge } from '../../domain/size.ts';
import { errnoOf } from '../errno.ts';
import { CopyError } from '../ports/copies.ts';
import { busyTicksOf, endProcesses, markOf, signalIfThere } from '../processes.ts';

export type Setting = {
  operation: OperationId;
  environment: Record<string, string>;
  directory?: string;
  signal?: AbortSignal | undefined;
  /** Nothing moves for so long: it is ended. */
  stallMs: number;
};

/** Either of the two is null. */
type End = { exitCode: number | null; signal: NodeJS.Signals | null };
export type Ended = End & { stdout: string; stderr: string };

/** A slow line sends a block of restic's (up to 8 MiB), or looks for its index, in less. */
export const defaultStallMs = 15 * 60_000;
const lookEveryMs = 5_000;
/** Hundredths of a second of CPU time: what only tells how far it is takes less in {@link defaultStallMs}. */
const idleTicks = 500;
/** restic removes its lock on SIGINT; a target that does not answer keeps it from that. */
const graceMs = 5_000;
/** What is kept of an answer, and of what a command says of itself. */
const mostOutput = 2 ** 28;
const mostErrors = 2 ** 18;

/** @param onLine of its standard output, which is kept as well. @param keep whether a line is. */
export const runMarked = async (
  command: readonly string[],
  setting: Setting,
  onLine?: (line: string) => void,
): Promise<Ended> => {
  let stdout = '';
  let line = '';
  let last = '';
  const child = start(command, setting, ['ignore', 'pipe', 'pipe']);
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    const lines = (line + chunk).split('\n');
    line = lines.pop() ?? '';
    for (const one of lines) {
      // How far it is, without how long it took.
      last = one.replace(/"seconds_\w+":\d+,?/g, '');
      onLine?.(one);
      if (onLine && one.startsWith('{"message_type":"status"')) continue;
      if (stdout.length < mostOutput) stdout += `${one}\n`;
    }
  });
  const stderr = errorsOf(child);
  const [end] = await ended([child], setting, () => last);
  return { exitCode: null, signal: null, ...end, stdout: stdout + line, stderr: stderr() };
};

/** What one writes the other reads. @returns how both ended, and the bytes between them. */
export const runPiped = async (
  from: readonly string[],
  to: readonly string[],
  setting: Setting,
  onBytes: (bytes: number) => void,
): Promise<{ from: Ended; to: Ended; bytes: number }> => {
  let bytes = 0;
  const sender = start(from, setting, ['ignore', 'pipe', 'pipe']);
  const receiver = start(to, setting, ['pipe', 'ignore', 'pipe']);
  const said = [errorsOf(sender), errorsOf(receiver)];
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      onBytes(bytes);
      done(null, chunk);
    },
  });
  const { stdout } = sender;
  const { stdin } = receiver;
  // How the two ended tells why; that a pipe broke follows from it.
  const flowing = stdout && stdin ? pipeline(stdout, counting, stdin).catch(() => undefined) : undefined;
  const ends = await ended([sender, receiver], setting, () => `${bytes}`);
  await flowing;
  const [one, other] = ends.map((end, index) => ({
    ...end,
    stdout: '',
    stderr: said[index]?.() ?? '',
  }));
  if (!one || !other) throw new CopyError('internal', 'Two commands were started, and one is not there.');
  return { from: one, to: other, bytes };
};

const start = (
  [program = '', ...args]: readonly string[],
  { operation, environment, directory, signal }: Setting,
  stdio: ('ignore' | 'pipe')[],
): ChildProcess => {
  signal?.throwIfAborted();
  return spawn(program, args, {
    env: { ...environment, ...markOf(operation) },
    stdio,
    detached: true,
    ...(directory === undefined ? {} : { cwd: directory }),
  });
};

const errorsOf = ({ stderr }: ChildProcess): (() => string) => {
  let said = '';
  stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    // The first words tell which files, the last why it ended.
    said =
      said.length < mostErrors
        ? said + chunk
        : `${said.slice(0, mostErrors / 2)}${chunk.slice(-mostErrors / 2)}`;
  });
  return () => said;
};

/** @param marker changes while they get on. @throws what the signal says, or CopyError `stalled`, once none of them is left. */
const ended = async (
  children: readonly ChildProcess[],
  { operation, signal, stallMs }: Setting,
  marker: () => string,
): Promise<End[]> => {
  const over = new AbortController();
  const all = Promise.all(children.map(closed));
  const stalled = untilStalled(operation, stallMs, marker, over.signal);
  const asked = untilAborted(signal, over.signal);
  try {
    const first = await Promise.race([all, stalled, asked]);
    if (Array.isArray(first)) return first;
    for (const { pid } of children) interrupt(pid);
    await Promise.race([all.catch(() => undefined), delay(graceMs, undefined, { signal: over.signal })]);
    await endProcesses(operation);
    signal?.throwIfAborted();
    throw new CopyError('stalled', `Nothing moved for ${formatAge(stallMs)}: it was ended.`);
  } finally {
    over.abort();
    // The other one is of no use without it.
    if (children.some(({ exitCode, signalCode }) => exitCode === null && signalCode === null))
      await endProcesses(operation);
  }
};

/** With all that it wrote read. */
const closed = async (child: ChildProcess): Promise<End> => {
  try {
    const [exitCode, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { exitCode, signal };
  } catch (cause) {
    const [program = ''] = child.spawnargs;
    throw new CopyError(
      errnoOf(cause) === 'ENOENT' ? 'unsupported' : 'internal',
      errnoOf(cause) === 'ENOENT'
        ? `The program "${program}" is not installed on this host.`
        : (cause as Error).message,
      { cause },
    );
  }
};

const untilAborted = async (signal: AbortSignal | undefined, over: AbortSignal): Promise<'asked'> =>
  await new Promise((resolve) => {
    signal?.addEventListener(
      'abort',
      () => {
        resolve('asked');
      },
      { once: true, signal: over },
    );
  });

/** Never resolves where they end before. */
const untilStalled = async (
  operation: OperationId,
  stallMs: number,
  marker: () => string,
  over: AbortSignal,
): Promise<'stalled'> => {
  let moved = { marker: marker(), ticks: await busyTicksOf(operation), at: performance.now() };
  for (;;) {
    await delay(Math.min(lookEveryMs, stallMs), undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) return await new Promise(() => undefined);
    const ticks = await busyTicksOf(operation);
    if (marker() !== moved.marker || ticks - moved.ticks > idleTicks)
      moved = { marker: marker(), ticks, at: performance.now() };
    else if (performance.now() - moved.at > stallMs) return 'stalled';
  }
};

const interrupt = (pid: number | undefined): void => {
  if (pid !== undefined) signalIfThere(-pid, 'SIGINT');
};
