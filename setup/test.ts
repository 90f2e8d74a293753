/** `npm test [-- FILES…]`: starts the test host, runs the tests, ends the host, whatever happened. */
import { execa } from 'execa';
import { globSync } from 'node:fs';
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { hostConfig } from '../domain/host.ts';
import { startHost, stopHost } from '../test/host/host.ts';
import { say, SetupFailure } from './say.ts';

const root = join(import.meta.dirname, '..');
const config = hostConfig(process.env, { hostname: hostname(), home: homedir() });
const keep = process.argv.includes('--keep');
const asked = process.argv.slice(2).filter((argument) => argument !== '--keep');

const testFiles = (): string[] => {
  const patterns =
    asked.length === 0
      ? ['test/**/*.test.ts']
      : asked.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));
  return globSync(patterns, { cwd: root }).sort();
};

const run = async (): Promise<number> => {
  const { variables, environment } = await startHost(config);
  if (keep) {
    for (const [name, value] of Object.entries({ ...variables, ...environment }))
      process.stdout.write(`export ${name}='${value}'\n`);
    return 0;
  }
  // One file at a time: with two, Podman 4.3 (netavark 1.4) now and then left a restarted container without its network.
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=1',
    '--test-timeout=600000',
    ...testFiles(),
  ];
  const tests = await execa(process.execPath, args, {
    cwd: root,
    reject: false,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...variables, ...environment },
  });
  return tests.exitCode ?? 1;
};

const interrupted = (): void => {
  void stopHost(config).finally(() => process.exit(130));
};
process.once('SIGINT', interrupted);
process.once('SIGTERM', interrupted);
try {
  process.exitCode = await run();
} catch (error) {
  if (!(error instanceof SetupFailure)) throw error;
  say(error.message);
  process.exitCode = 69;
} finally {
  if (!keep || process.exitCode !== 0) await stopHost(config);
}
