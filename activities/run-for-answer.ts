/** A command on the host that is run to be told something: for a while, and with all that it starts. */
import { spawn } from 'node:child_process';

/** What is kept of its output; only the end is told. */
const keptBytes = 8_192;

/**
 * Its process group is ended with it, so nothing that it started holds anyone up.
 * @returns its exit code, or in words why there is none; and the end of its output.
 */
export const runForAnswer = async (
  [program = '', ...args]: readonly string[],
  how: {
    directory: string | undefined;
    timeoutMs: number;
    signal: AbortSignal;
    environment: Record<string, string>;
  },
): Promise<{ ended: number | string; said: string }> => {
  how.signal.throwIfAborted();
  let said = '';
  let child;
  try {
    child = spawn(program, args, {
      cwd: how.directory,
      env: how.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
  } catch (error) {
    // Such as a NUL among its words.
    return { ended: error instanceof Error ? error.message : String(error), said };
  }
  const { pid, stdout, stderr } = child;
  for (const stream of [stdout, stderr])
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-keptBytes);
    });
  const end = (): void => {
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // Ended by itself this moment.
    }
  };
  const late = AbortSignal.timeout(how.timeoutMs);
  const enough = AbortSignal.any([late, how.signal]);
  enough.addEventListener('abort', end);
  const ended = await new Promise<number | string>((resolve) => {
    child
      .once('error', ({ message }) => {
        resolve(message);
      })
      // Not "close": what it leaves behind may hold its output open for ever.
      .once('exit', (code, signal) => setImmediate(resolve, code ?? `killed by ${signal ?? 'a signal'}`));
  });
  enough.removeEventListener('abort', end);
  end();
  stdout.destroy();
  stderr.destroy();
  return { ended: late.aborted ? `no end within ${how.timeoutMs / 1000} s` : ended, said };
};
