/** `npm test [-- FILES…]`: starts the test host, runs the tests, ends the host, whatever happened. */
import { execa } from 'execa';
import { globSync } from 'node:fs';
import { onTestHost, root } from './on-test-host.ts';

const keep = process.argv.includes('--keep');
const asked = process.argv.slice(2).filter((argument) => argument !== '--keep');

const testFiles = (): string[] => {
  const patterns =
    asked.length === 0
      ? ['test/**/*.test.ts']
      : asked.map((path) => (path.endsWith('.ts') ? path : `${path}/**/*.test.ts`));
  return globSync(patterns, { cwd: root }).sort();
};

const run = async (environment: Record<string, string>): Promise<number> => {
  if (keep) {
    for (const [name, value] of Object.entries(environment))
      process.stdout.write(`export ${name}='${value}'\n`);
    return 0;
  }
  const files = testFiles();
  const lanes = [files.filter((file) => !usesDocker(file)), files.filter(usesDocker)];
  const results = await Promise.all(
    lanes.filter((lane) => lane.length > 0).map(async (lane) => await runLane(lane, environment)),
  );
  // The first lane was shown as it ran.
  for (const { output } of results.slice(1)) process.stdout.write(output);
  const sum = (what: string): number =>
    results.reduce(
      (all, { output }) => all + Number(new RegExp(`ℹ ${what} (\\d+)`).exec(output)?.[1] ?? 0),
      0,
    );
  process.stdout.write(
    `\n${sum('pass')} passed, ${sum('fail') + sum('cancelled')} failed, ${sum('skipped')} skipped\n`,
  );
  return results.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
};

/**
 * Two lanes, one file at a time in each: the files that use Docker, and all the others. With two files on Podman 4.3 at
 * once, its networking (netavark 1.4) now and then left a restarted container without its network.
 */
const usesDocker = (file: string): boolean => file.endsWith('-docker.test.ts') || file.includes('-docker-');

const runLane = async (
  files: string[],
  env: Record<string, string>,
): Promise<{ exitCode: number; output: string }> => {
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--test',
    '--test-concurrency=1',
    '--test-reporter=spec',
    '--test-timeout=600000',
    ...files,
  ];
  const shown = !files.every(usesDocker);
  const { exitCode, stdout } = await execa(process.execPath, args, {
    cwd: root,
    reject: false,
    stdin: 'ignore',
    stdout: shown ? ['pipe', 'inherit'] : 'pipe',
    stderr: 'inherit',
    env,
  });
  return { exitCode: exitCode ?? 1, output: stdout };
};

await onTestHost(run, keep);
