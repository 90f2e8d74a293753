/** A command inside a container whose input and output are streams: over the connection that the engine switches to them. */
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { EngineError, type Engine, type StreamResult } from '../ports/engine.ts';
import { framesOf, type EngineApi } from './api.ts';

/** More of what a command says is not kept. */
export const outputLimitBytes = 64 * 1024;

/** A tool may tidy up after its last word; an engine that has lost it says for ever that it runs. */
const endsWithinMs = 60_000;

type Inside = {
  /** The API's path of the container. */
  container: string;
  at: (path: string) => string;
  command: string[];
};

export const execStream = async (
  api: EngineApi,
  { container, at, command }: Inside,
  { input, output, signal }: Parameters<Engine['execStream']>[2],
): Promise<StreamResult> => {
  const { Id } = await api.json<{ Id: string }>({
    method: 'POST',
    path: `${container}/exec`,
    body: { Cmd: command, AttachStdin: input !== undefined, AttachStdout: true, AttachStderr: true },
  });
  const socket = await api.upgrade({
    method: 'POST',
    path: at(`/exec/${Id}/start`),
    body: { Detach: false, Tty: false },
    timeoutMs: 0,
  });
  const end = (): void => void socket.destroy();
  signal?.addEventListener('abort', end, { once: true });
  const errors = new Tail(outputLimitBytes);
  try {
    signal?.throwIfAborted();
    const fed = input ? feed(input, socket) : Promise.resolve('whole' as const);
    // Where both fail, what `drain` says is the news.
    fed.catch(() => undefined);
    await drain(socket, output, errors).catch(async (error: unknown) => {
      // A command that ends while it is written to takes the connection with it.
      if ((await fed) === 'whole') throw error;
    });
    // A connection that is cut off may end as if all had been said.
    signal?.throwIfAborted();
    socket.destroy();
    await fed;
    const exitCode = await exitCodeOf(api, at(`/exec/${Id}/json`), { withinMs: endsWithinMs, signal });
    return { exitCode, errors: errors.text };
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', end);
    socket.destroy();
  }
};

/** What a connection fails with whose other end is gone. */
const gone = ['EPIPE', 'ECONNRESET', 'ECANCELED', 'ERR_STREAM_PREMATURE_CLOSE', 'ERR_STREAM_DESTROYED'];

/** @returns how much was taken. A command that ends early tells by its exit code why; a source that fails rejects. */
const feed = async (input: NodeJS.ReadableStream, socket: Socket): Promise<'whole' | 'part'> => {
  try {
    await pipeline(input, socket, { end: true });
    return 'whole';
  } catch (error) {
    if (!gone.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    return 'part';
  }
};

const drain = async (
  socket: Socket,
  output: NodeJS.WritableStream | undefined,
  errors: Tail,
): Promise<void> => {
  const said = async function* (): AsyncGenerator<Buffer> {
    for await (const { from, bytes } of framesOf(socket))
      if (from === 'stderr') errors.add(bytes);
      else if (output) yield bytes;
  };
  if (output) await pipeline(said, output);
  else for await (const _ of said());
};

/** The end of what was said. */
class Tail {
  readonly #limitBytes: number;
  #kept = Buffer.alloc(0);

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  add(bytes: Buffer): void {
    this.#kept = Buffer.concat([this.#kept, bytes]).subarray(-this.#limitBytes);
  }

  get text(): string {
    return this.#kept.toString('utf8');
  }
}

/**
 * Podman ends the stream a moment before it knows the exit code, and says 0 until then: a check that failed would pass.
 * @param options.withinMs absent: for as long as the signal lets.
 * @throws EngineError `timeout` where the command still runs `withinMs` later.
 */
export const exitCodeOf = async (
  api: EngineApi,
  path: string,
  { withinMs = Infinity, signal }: { withinMs?: number; signal?: AbortSignal | undefined },
): Promise<number> => {
  const begun = performance.now();
  for (;;) {
    const { ExitCode, Running } = await api.json<{ ExitCode: number | null; Running: boolean }>({ path });
    if (!Running) return ExitCode ?? -1;
    if (performance.now() - begun > withinMs)
      throw new EngineError('timeout', `A command that had said all still ran ${withinMs} ms later.`);
    await delay(askEveryMs, undefined, signal ? { signal } : {});
  }
};

const askEveryMs = 50;
