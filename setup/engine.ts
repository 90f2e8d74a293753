/** A *working* engine: one that ran a container. Found, or Podman installed from the distribution. */
import { execa } from 'execa';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HostConfig } from '../domain/host.ts';
import { baseImage, ensureBaseImage } from './base-image.ts';
import { commandExists, installPackages } from './packages.ts';
import { say, SetupFailure, withProgress } from './say.ts';

export type Chosen = { kind: 'podman' | 'docker'; environment: Record<string, string>; version: string };

export const podmanPackages = ['podman', 'runc', 'crun', 'netavark', 'aardvark-dns', 'iptables', 'nftables'];

/** For hybrid cgroups and low hard limits: runc where crun refuses, limits below the machine's own. */
const containersConf = `# Written by Baton, for its own use of Podman only (CONTAINERS_CONF).
[engine]
runtime = "runc"
[containers]
default_ulimits = ["nofile=20000:20000", "nproc=20000:20000"]
`;

/** Finds or installs an engine, makes the base image, and remembers the choice for `baton`. */
export const chooseEngine = async (config: HostConfig): Promise<Chosen> => {
  const found = (await tryPodman(config)) ?? (await tryDocker());
  if (found) return await remember(config, found);
  if (!(await commandExists('podman')))
    await installPackages(podmanPackages, 'Baton needs Podman or Docker, and neither works here');
  const installed = await tryPodman(config);
  if (!installed)
    throw new SetupFailure(
      'Podman is installed but cannot run a container. `podman run --rm docker.io/library/busybox true` says why.',
    );
  return await remember(config, installed);
};

const tryPodman = async (config: HostConfig): Promise<Chosen | undefined> => {
  if (!(await commandExists('podman'))) return undefined;
  if (await runs('podman', {})) return await chosen('podman', {});
  const environment = { CONTAINERS_CONF: await writeContainersConf(config) };
  return (await runs('podman', environment)) ? await chosen('podman', environment) : undefined;
};

const tryDocker = async (): Promise<Chosen | undefined> =>
  (await commandExists('docker')) && (await runs('docker', {})) ? await chosen('docker', {}) : undefined;

/** @returns the path of Baton's own `containers.conf`; nothing else reads it. */
export const writeContainersConf = async ({ configDirectory }: HostConfig): Promise<string> => {
  await mkdir(configDirectory, { recursive: true });
  const path = join(configDirectory, 'containers.conf');
  await writeFile(path, containersConf);
  return path;
};

const runs = async (kind: 'podman' | 'docker', environment: Record<string, string>): Promise<boolean> =>
  await withProgress(`See whether ${kind} runs a container`, async () => {
    const reachable = await execa(kind, ['info'], { reject: false, env: environment, timeout: 30_000 });
    if (reachable.exitCode !== 0) return false;
    await ensureBaseImage([kind], environment);
    const { exitCode } = await execa(kind, ['run', '--rm', baseImage, 'true'], {
      reject: false,
      env: environment,
      timeout: 60_000,
    });
    return exitCode === 0;
  });

const chosen = async (kind: 'podman' | 'docker', environment: Record<string, string>): Promise<Chosen> => {
  const { stdout } = await execa(kind, ['--version'], { env: environment });
  return { kind, environment, version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? 'unknown' };
};

const remember = async ({ configDirectory }: HostConfig, choice: Chosen): Promise<Chosen> => {
  await mkdir(configDirectory, { recursive: true });
  await writeFile(
    join(configDirectory, 'engine.json'),
    `${JSON.stringify({ kind: choice.kind, environment: choice.environment }, null, 2)}\n`,
  );
  say(`✓ Engine: ${choice.kind} ${choice.version}`);
  return choice;
};
