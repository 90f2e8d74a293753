/** `npm test [-- FILES…]`: starts the test host, runs the tests, ends the host, whatever happened. */
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtempDisposable, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { ifThere } from '../activities/errno.ts';
import { onTestHost, root, whileRunning } from './on-test-host.ts';

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
  const lanes = [files.filter((file) => !leavesPodmanAlone(file)), files.filter(leavesPodmanAlone)].filter(
    (lane) => lane.length > 0,
  );
  // Each lane is shown live from the moment at which the one before it has ended.
  const running: Promise<Lane>[] = [];
  for (const lane of lanes) running.push(runLane(lane, environment, running.at(-1)));
  const results = await Promise.all(running);
  const sum = (what: string): number =>
    results.reduce(
      (all, { output }) => all + Number(new RegExp(`ℹ ${what} (\\d+)`).exec(output)?.[1] ?? 0),
      0,
    );
  for (const { output } of results) process.stdout.write(failures(output));
  process.stdout.write(
    `\n${sum('pass')} passed, ${sum('fail') + sum('cancelled')} failed, ${sum('skipped')} skipped\n`,
  );
  const exitCode = results.find((lane) => lane.exitCode !== 0)?.exitCode ?? 0;
  return asked.length === 0 ? await secondTry(results, exitCode, environment) : exitCode;
};

/** What fails in more files than this is no accident. */
const secondTryLimit = 5;

/** A file that failed among all is run once more, alone, and whatever comes of that is told. See docs/decisions/0019. */
const secondTry = async (
  lanes: readonly Lane[],
  exitCode: number,
  environment: Record<string, string>,
): Promise<number> => {
  const ended = lanes.every(({ isLate }) => !isLate);
  const failed = lanes.flatMap((lane) => lane.failed);
  if (exitCode === 0 || !ended || failed.length === 0 || failed.length > secondTryLimit) return exitCode;
  process.stdout.write(`\nOnce more, alone: ${failed.join(', ')}\n`);
  const second = await runLane(failed, environment);
  process.stdout.write(failures(second.output));
  process.stdout.write(
    second.exitCode === 0
      ? `\nAll passed, but these only at the second try: ${failed.join(', ')}. What failed at the first is told above.\n`
      : `\nFailed at both tries: ${second.failed.join(', ')}\n`,
  );
  return second.exitCode;
};

/** What failed in a lane, again: two lanes print thousands of lines after it. */
const failures = (output: string): string => {
  const [, told = ''] = output.split('✖ failing tests:');
  return told
    .split('\n\n')
    .map((one) => bothEnds(one, toldOfEach))
    .join('\n\n');
};
const toldOfEach = 2_000;

/** Where it failed is said first, and what an operation had to say of itself last. */
const bothEnds = (text: string, length: number): string =>
  text.length <= 2 * length ? text : `${text.slice(0, length)}\n  …\n${text.slice(-length)}`;

/**
 * Two lanes, one file at a time in each: what uses Docker, or no engine, and all the others. With two files on Podman
 * 4.3 at once, its networking (netavark 1.4) now and then left a restarted container without its network.
 */
const leavesPodmanAlone = (file: string): boolean =>
  file.endsWith('-docker.test.ts') ||
  file.includes('-docker-') ||
  withoutEngine.some((part) => file.startsWith(`test/${part}`));

/** As many of them as make both lanes take as long. */
const withoutEngine = [
  'activities/copies',
  'activities/snapshots',
  'bench/',
  'client/',
  'compose/',
  'domain/',
  'simulation/',
];

type Lane = {
  exitCode: number;
  output: string;
  /** Files in which not all passed, from the root. */
  failed: string[];
  /** It had to be ended. */
  isLate: boolean;
};

/** Twice what a lane takes on two slow cores: one that has not ended by then hangs, and is ended to tell where. */
const laneLimitMs = 60 * 60_000;

const runLane = async (
  files: string[],
  env: Record<string, string>,
  before?: Promise<Lane>,
): Promise<Lane> => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'baton-lane-'));
  const passedList = join(place.path, 'passed');
  const args = [
    '--disable-warning=ExperimentalWarning',
    `--import=${join(import.meta.dirname, 'ends-by-itself.ts')}`,
    '--test',
    '--test-concurrency=1',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    `--test-reporter=${join(import.meta.dirname, 'passed-files.ts')}`,
    `--test-reporter-destination=${passedList}`,
    '--test-timeout=600000',
    ...files,
  ];
  // A process group of its own, so that it is ended with all that a test left behind.
  const tests = spawn(process.execPath, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
    detached: true,
  });
  let output = '';
  let shown = false;
  tests.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
    if (shown) process.stdout.write(chunk);
  });
  void Promise.resolve(before).then(() => {
    process.stdout.write(output);
    shown = true;
  });
  const end = (signal: NodeJS.Signals): void => {
    const { pid, exitCode, signalCode } = tests;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
  };
  const late = AbortSignal.timeout(laneLimitMs);
  late.addEventListener('abort', () => {
    end('SIGTERM');
    setTimeout(end, 10_000, 'SIGKILL').unref();
  });
  const ended = new Promise<number>((resolve) => {
    tests.once('exit', (code) => {
      resolve(code ?? 1);
    });
  });
  const exitCode = await whileRunning(ended, () => {
    end('SIGTERM');
  });
  // What a test left behind may hold the output open; a moment is enough to read what is there.
  await Promise.race([finished(tests.stdout).catch(() => undefined), delay(2_000)]);
  tests.stdout.destroy();
  if (late.aborted)
    process.stdout.write(`\nThese tests had not ended after ${laneLimitMs / 60_000} min, and were ended.\n`);
  // A lane that was ended early may not have begun its list.
  const passed = ((await ifThere(() => readFile(passedList, 'utf8'))) ?? '').split('\n');
  const failed = files.filter((file) => !passed.includes(join(root, file)));
  return { exitCode, output, failed, isLate: late.aborted };
};

await onTestHost(run, keep);
