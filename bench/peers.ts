/** What users would pick instead, installed into the cache: docker compose v2, docker-compose 1.29, podman-compose. */
import { execa } from 'execa';
import { chmod, cp, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { needed } from '../test/host/environment.ts';
import { podmanStorage } from '../test/host/podman-storage.ts';

export type Peer = {
  name: string;
  version: string;
  engine: 'docker' | 'podman';
  /** False for one that has had its last release; it is measured beside fewer stacks. */
  keptUp: boolean;
  /** What it leaves out of the work that the others do. */
  leavesOut?: string;
  up: (file: string) => Promise<void>;
  down: (file: string) => Promise<void>;
};

const composeVersion = 'v2.40.3';

export const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined;

/** @returns the peers that could be had, and why others could not. */
export const findPeers = async (cache: string): Promise<{ peers: Peer[]; missing: string[] }> => {
  const missing: string[] = [];
  const peers: Peer[] = [];
  for (const find of [composeV2, composeV1, podmanCompose])
    try {
      peers.push(await find(join(cache, 'peers')));
    } catch (error) {
      missing.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  return { peers, missing };
};

const docker = (): Record<string, string> => ({
  DOCKER_HOST: `unix://${needed('BATON_TEST_DOCKER_SOCKET')}`,
});

/** @returns the directory of a Go module's source, which must not be written to. */
export const goModule = async (module: string): Promise<string> => {
  const { stdout } = await execa('go', ['mod', 'download', '-json', module]);
  return (JSON.parse(stdout) as { Dir: string }).Dir;
};

/** Built from its Go module: no registry that is reached here has a binary. */
const composeV2 = async (cache: string): Promise<Peer> => {
  const binary = join(cache, `docker-compose-${composeVersion}`);
  if (!(await exists(binary))) {
    const module = await goModule(`github.com/docker/compose/v2@${composeVersion}`);
    const source = join(cache, 'compose-source');
    await cp(module, source, { recursive: true });
    await execa('chmod', ['-R', 'u+w', source]);
    const flags = `-X github.com/docker/compose/v2/internal.Version=${composeVersion}`;
    await execa('go', ['build', '-ldflags', flags, '-o', binary, './cmd'], { cwd: source });
  }
  const run = async (...args: string[]): Promise<void> => {
    await execa(binary, args, { env: docker() });
  };
  return {
    name: 'docker compose',
    version: composeVersion,
    engine: 'docker',
    keptUp: true,
    up: async (file) => await run('-f', file, 'up', '-d'),
    down: async (file) => await run('-f', file, 'down', '-t', '0'),
  };
};

const pip = async (cache: string, name: string, ...packages: string[]): Promise<string> => {
  const directory = join(cache, name);
  const program = join(directory, 'bin', name.replace(/-\d.*$/, ''));
  if (!(await exists(program))) {
    await mkdir(cache, { recursive: true });
    await execa('python3', ['-m', 'venv', directory]);
    await execa(join(directory, 'bin', 'pip'), ['install', '--quiet', ...packages]);
  }
  return program;
};

const composeV1 = async (cache: string): Promise<Peer> => {
  // Later ones of these do not work with it any more.
  const program = await pip(
    cache,
    'docker-compose-1.29',
    'docker-compose==1.29.2',
    'PyYAML==5.3.1',
    'docker==5.0.3',
    'urllib3<2',
    'requests<2.29',
  );
  const run = async (...args: string[]): Promise<void> => {
    await execa(program, args, { env: docker() });
  };
  /** It does not know the key `name`. */
  const nameless = async (file: string): Promise<string[]> => {
    const own = `${file}.1.yml`;
    await writeFile(own, (await readFile(file, 'utf8')).replace(/^name:.*\n/, ''));
    return ['-p', 'bench', '-f', own];
  };
  return {
    name: 'docker-compose',
    version: '1.29.2',
    engine: 'docker',
    keptUp: false,
    up: async (file) => await run(...(await nameless(file)), 'up', '-d'),
    down: async (file) => await run(...(await nameless(file)), 'down', '-t', '0'),
  };
};

/** `podman wait --condition=healthy` came with 4.6; without it podman-compose only warns that it ignores the condition. */
const waitsForHealth = async (): Promise<boolean> => {
  const { stdout } = await execa('podman', ['--version']);
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  return major > 4 || (major === 4 && minor >= 6);
};

const podmanCompose = async (cache: string): Promise<Peer> => {
  const version = '1.6.0';
  const program = await pip(cache, `podman-compose-${version}`, `podman-compose==${version}`);
  const storage = podmanStorage(dirname(needed('BATON_TEST_PODMAN_SOCKET')));
  // The storage of the test host, which podman-compose cannot be told of.
  const wrapper = join(cache, 'podman');
  await writeFile(wrapper, `#!/bin/sh\nexec podman ${storage.join(' ')} "$@"\n`);
  await chmod(wrapper, 0o755);
  const run = async (...args: string[]): Promise<void> => {
    await execa(program, ['--podman-path', wrapper, ...args]);
  };
  return {
    name: 'podman-compose',
    version,
    engine: 'podman',
    keptUp: true,
    ...((await waitsForHealth())
      ? {}
      : {
          leavesOut:
            'it does not wait for `condition: service_healthy` where Podman is older than 4.6, and starts everything at once',
        }),
    up: async (file) => await run('-f', file, 'up', '-d'),
    down: async (file) => await run('-f', file, 'down', '-t', '0'),
  };
};
