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
  const interrupted = (): void => {
    void stopHost(config).finally(() => process.exit(130));
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
    if (!keep || process.exitCode !== 0) await stopHost(config);
  }
};

/** Runs one TypeScript program of the checkout with this process's arguments. @returns its exit code. */
export const runProgram = async (program: string, environment: Record<string, string>): Promise<number> => {
  const args = ['--disable-warning=ExperimentalWarning', join(root, program), ...process.argv.slice(2)];
  const { exitCode } = await execa(process.execPath, args, {
    cwd: root,
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: environment,
  });
  return exitCode ?? 1;
};
