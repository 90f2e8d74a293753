/**
 * The test host: isolated engines, real filesystems on loop devices and a Temporal dev server, all below one directory of
 * the cache. `startHost` begins what is missing; `stopHost` ends exactly what it began, by pid.
 */
import { execa } from 'execa';
import { mkdir, readFile, rm, writeFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostConfig } from '../../domain/host.ts';
import { answers } from '../../activities/engines/answers.ts';
import { baseImage, ensureBaseImage } from '../../setup/base-image.ts';
import { endDaemon, startDaemon } from '../../setup/daemon.ts';
import { podmanPackages, writeContainersConf } from '../../setup/engine.ts';
import { freePort, serverArguments } from '../../setup/local.ts';
import { installPackages } from '../../setup/packages.ts';
import { SetupFailure, withProgress } from '../../setup/say.ts';
import { findTemporal, findTestServer } from '../../setup/temporal.ts';
import type { TestVariable } from './environment.ts';
import { keepNamesAnswered } from './podman-names.ts';
import { podmanStorage } from './podman-storage.ts';

const packages = [
  ...podmanPackages,
  'docker.io',
  'btrfs-progs',
  'xfsprogs',
  'e2fsprogs',
  'chromium',
  'busybox-static',
  'systemd-journal-remote',
  'curl',
  'mmdebstrap',
  'restic',
  'openssh-client',
  'openssh-server',
  'skopeo',
  'docker-registry',
];
const filesystems = ['btrfs', 'xfs', 'ext4'] as const;
/** Sparse, so that it costs what the tests write; xfs refuses less than 300 MiB. */
const imageBytes = 2 * 2 ** 30;
export type Started = { variables: Record<TestVariable, string>; environment: Record<string, string> };

export const startHost = async (config: HostConfig): Promise<Started> => {
  const root = join(config.cacheDirectory, 'test-host');
  await stopHost(config);
  await mkdir(join(root, 'logs'), { recursive: true });
  if (process.getuid?.() !== 0)
    throw new SetupFailure(
      'The whole test suite mounts filesystems and runs engines of its own, which takes root: sudo npm test',
    );
  await installPackages(packages, 'The tests run on real engines, filesystems and a browser');
  const environment = { CONTAINERS_CONF: await writeContainersConf(config) };
  const [cli, testServer] = [
    await findTemporal(config.cacheDirectory),
    await findTestServer(config.cacheDirectory),
  ];
  const [mounts, podman, docker, temporal] = await withProgress(
    'Start engines, filesystems and Temporal',
    async () =>
      await Promise.all([
        mountAll(root),
        startPodman(root, environment),
        startDocker(root),
        startTemporal(root, cli.path),
      ]),
  );
  await ensureBaseImage(podman.cli, environment);
  await keepNamesAnswered(podman.cli, environment);
  await ensureBaseImage(docker.cli, {});
  return {
    environment,
    variables: {
      BATON_TEST_PODMAN_SOCKET: podman.socket,
      BATON_TEST_DOCKER_SOCKET: docker.socket,
      BATON_TEST_BTRFS: mounts.btrfs,
      BATON_TEST_XFS: mounts.xfs,
      BATON_TEST_EXT4: mounts.ext4,
      BATON_TEST_TEMPORAL: temporal.address,
      BATON_TEST_TEMPORAL_UI: temporal.ui,
      BATON_TEST_TEMPORAL_BIN: cli.path,
      BATON_TEST_TIME_SKIPPING_BIN: testServer,
      BATON_TEST_IMAGE: baseImage,
    },
  };
};

/** Starts a daemon of the test host. */
const daemon = async (
  root: string,
  name: string,
  command: string,
  args: string[],
  environment: Record<string, string> = {},
): Promise<void> => {
  await startDaemon({
    command,
    args,
    environment,
    log: join(root, 'logs', `${name}.log`),
    pidFile: join(root, `${name}.pid`),
  });
};

const until = async (what: string, ready: () => Promise<boolean>, log: string): Promise<void> => {
  const began = performance.now();
  while (!(await ready())) {
    if (performance.now() - began > 60_000)
      throw new SetupFailure(`${what} did not start within a minute; see ${log}`);
    await delay(50);
  }
};

const startPodman = async (root: string, environment: Record<string, string>) => {
  const directory = join(root, 'podman');
  const socket = join(directory, 'podman.sock');
  await mkdir(directory, { recursive: true });
  await daemon(
    root,
    'podman',
    'podman',
    [...podmanStorage(directory), 'system', 'service', '--time=0', `unix://${socket}`],
    environment,
  );
  await until('Podman', () => answers(socket), join(root, 'logs', 'podman.log'));
  return { socket, cli: ['podman', ...podmanStorage(directory)] };
};

/** Also starts it again below the same directory, where it has ended. */
export const startDocker = async (root: string) => {
  const directory = join(root, 'docker');
  const socket = join(directory, 'docker.sock');
  await mkdir(directory, { recursive: true });
  const args = [
    '--data-root',
    join(directory, 'data'),
    '--exec-root',
    join(directory, 'exec'),
    '-H',
    `unix://${socket}`,
    '--pidfile',
    join(directory, 'pid'),
    '--default-ulimit',
    'nofile=20000:20000',
    '--bip',
    '172.31.231.1/24',
  ];
  await rm(join(directory, 'pid'), { force: true });
  await daemon(root, 'docker', 'dockerd', args);
  await until('Docker', () => answers(socket), join(root, 'logs', 'docker.log'));
  return { socket, cli: ['docker', '-H', `unix://${socket}`] };
};

const startTemporal = async (root: string, cli: string): Promise<{ address: string; ui: string }> => {
  const [port, ui] = [await freePort(), await freePort()];
  await daemon(root, 'temporal', cli, serverArguments(port, ui));
  const health = ['operator', 'cluster', 'health', '--address', `127.0.0.1:${port}`];
  await until(
    'Temporal',
    async () => (await execa(cli, health, { reject: false })).exitCode === 0,
    join(root, 'logs', 'temporal.log'),
  );
  return { address: `127.0.0.1:${port}`, ui: `http://127.0.0.1:${ui}` };
};

const mountAll = async (root: string): Promise<Record<(typeof filesystems)[number], string>> => {
  const mounted = await Promise.all(
    filesystems.map(async (name) => [name, await mountOne(root, name)] as const),
  );
  return Object.fromEntries(mounted) as Record<(typeof filesystems)[number], string>;
};

const mountOne = async (root: string, name: (typeof filesystems)[number]): Promise<string> => {
  const image = join(root, `${name}.img`);
  const directory = join(root, 'mounts', name);
  await rm(image, { force: true });
  await writeFile(image, '');
  await truncate(image, imageBytes);
  await execa(`mkfs.${name}`, ['-q', image]);
  await mkdir(directory, { recursive: true });
  await execa('mount', ['-o', name === 'btrfs' ? 'loop,user_subvol_rm_allowed' : 'loop', image, directory]);
  return directory;
};

/** Ends what an earlier `startHost` began, this process's or one that was killed. */
export const stopHost = async (config: HostConfig): Promise<void> => {
  const root = join(config.cacheDirectory, 'test-host');
  const started = await readFile(join(root, 'podman.pid'), 'utf8').catch(() => undefined);
  if (started !== undefined) await removeContainers(root);
  for (const name of ['temporal', 'docker', 'podman']) await endDaemon(join(root, `${name}.pid`));
  for (const name of filesystems) await unmount(join(root, 'mounts', name));
};

/** Containers outlive their engine's API service, and networks' bridges the engine: these go first. */
const removeContainers = async (root: string): Promise<void> => {
  const podman = podmanStorage(join(root, 'podman'));
  const docker = ['-H', `unix://${join(root, 'docker', 'docker.sock')}`];
  await tryTo('podman', ...podman, 'rm', '--all', '--force', '--time', '0');
  await tryTo('podman', ...podman, 'network', 'prune', '--force');
  const ids = (await tryTo('docker', ...docker, 'ps', '-aq')).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await tryTo('docker', ...docker, 'rm', '-f', ...ids);
  await tryTo('docker', ...docker, 'network', 'prune', '--force');
};

/** What an engine that is gone cannot do need not be done. @returns what it printed. */
const tryTo = async (command: string, ...args: string[]): Promise<string> => {
  const { stdout, exitCode } = await execa(command, args, {
    reject: false,
    stdin: 'ignore',
    stderr: 'ignore',
    timeout: 120_000,
  });
  return exitCode === 0 ? stdout : '';
};

const unmount = async (directory: string): Promise<void> => {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  if (mounts.split('\n').some((line) => line.split(' ')[4] === directory))
    await execa('umount', ['--lazy', directory]);
};
