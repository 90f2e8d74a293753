/** Runs a program on the test host: started before it, ended after it, whatever happened. */
import { execa } from 'execa';
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { hostConfig } from '../domain/host.ts';
import { startHost, stopHost } from '../test/host/host.ts';
import { say, SetupFailure } from './say.ts';

export const root = join(import.meta.dirname, '..');
const config = hostConfig(process.env, { hostname: hostname(), home: homedir() });

/**
 * @param work gets the environment in which tests find the host. @returns the exit code for this process.
 * @param keep leaves the host up.
 */
export const onTestHost = async (
  work: (environment: Record<string, string>) => Promise<number>,
  keep = false,
): Promise<void> => {
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    await (stopping ??= stopHost(config));
  };
  const interrupted = (): void => {
    void Promise.all([...running].map(async (end) => end()))
      .then(stop)
      .finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    const { variables, environment } = await startHost(config);
    process.exitCode = await work({ ...variables, ...environment });
  } catch (error) {
    if (!(error instanceof SetupFailure)) throw error;
    say(error.message);
    process.exitCode = 69;
  } finally {
    if (!keep || process.exitCode !== 0) await stop();
  }
};

/** How each program that runs is ended: it tidies up after itself, on the host that still stands. */
const running = new Set<() => Promise<unknown>>();

/** @param end ends it, where this process is interrupted before `ended`. */
export const whileRunning = async <T>(ended: Promise<T>, end: () => void): Promise<T> => {
  const interrupt = async (): Promise<T> => {
    end();
    return await ended;
  };
  running.add(interrupt);
  try {
    return await ended;
  } finally {
    running.delete(interrupt);
  }
};

/** Runs one TypeScript program of the checkout with this process's arguments. @returns its exit code. */
export const runProgram = async (program: string, environment: Record<string, string>): Promise<number> => {
  const args = ['--disable-warning=ExperimentalWarning', join(root, program), ...process.argv.slice(2)];
  const child = execa(process.execPath, args, {
    cwd: root,
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environment,
    forceKillAfterDelay: 60_000,
  });
  const { exitCode } = await whileRunning(child, () => child.kill('SIGTERM'));
  return exitCode ?? 1;
};
