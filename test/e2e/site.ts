/**
 * A site: one host with its own name, state, worker and data, on an engine and a filesystem of the test machine. The tests
 * type `baton` there as a person would, and look at the world through the engine's own command line, not through Baton.
 */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { glob, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { needed } from '../host/environment.ts';

export type Engine = 'podman' | 'docker';
export type Filesystem = 'btrfs' | 'xfs' | 'ext4';

export type Answer = { code: number; out: string; err: string };

const root = join(import.meta.dirname, '..', '..');
const movedClock = join(import.meta.dirname, 'moved-clock.ts');
const variables = {
  btrfs: 'BATON_TEST_BTRFS',
  xfs: 'BATON_TEST_XFS',
  ext4: 'BATON_TEST_EXT4',
  podman: 'BATON_TEST_PODMAN_SOCKET',
  docker: 'BATON_TEST_DOCKER_SOCKET',
} as const;

/** A stack of one service, which is healthy as soon as it listens. @param version of its release: a value, or `${VERSION}`. */
export const oneService = (name: string, version: number | string = 1): string => `
name: ${name}
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /]
    stop_signal: SIGKILL
    environment: {VERSION: "${version}"}
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 100ms}
`;

export class Site {
  readonly engine: Engine;
  readonly host: string;
  /** For stacks' files. */
  readonly files: string;
  /** For stacks' data, on the filesystem under test. */
  readonly data: string;
  readonly environment: Record<string, string>;
  #worker: ChildProcess | undefined;
  workerLog = '';

  private constructor(engine: Engine, files: string, data: string, environment: Record<string, string>) {
    this.engine = engine;
    this.files = files;
    this.data = data;
    this.host = environment['BATON_HOST'] ?? '';
    this.environment = environment;
  }

  /** @param more environment of the worker and of the command line. */
  static async open(
    engine: Engine,
    filesystem: Filesystem,
    more: Record<string, string> = {},
  ): Promise<Site> {
    const site = await Site.found(engine, needed(variables[filesystem]), more);
    await site.startWorker();
    return site;
  }

  /**
   * A site without a worker.
   * @param disk where its data lies.
   */
  static async found(engine: Engine, disk: string, more: Record<string, string> = {}): Promise<Site> {
    const id = randomBytes(3).toString('hex');
    const files = await mkdtemp(join(tmpdir(), 'baton-site-'));
    const data = join(disk, id);
    await mkdir(data);
    return new Site(engine, files, data, {
      BATON_HOST: `t${id}`,
      BATON_ENGINE: engine,
      BATON_ENGINE_SOCKET: needed(variables[engine]),
      XDG_STATE_HOME: join(files, '.state'),
      XDG_CONFIG_HOME: join(files, '.config'),
      TEMPORAL_ADDRESS: needed('BATON_TEST_TEMPORAL'),
      BATON_WEB_UI: needed('BATON_TEST_TEMPORAL_UI'),
      DATA: data,
      IMAGE: needed('BATON_TEST_IMAGE'),
      ...more,
    });
  }

  /** Ends the worker and removes what the site made: containers, networks, volumes of its stacks, and its data. */
  async close(): Promise<void> {
    await this.stopWorker();
    const ids = lines(await this.cli('ps', '-aq'));
    const own: string[] = [];
    const releases = await this.#releases();
    for (const id of ids) if (await this.#isOwn(id, releases)) own.push(id);
    if (own.length > 0) await this.cli('rm', '-f', '-v', ...own);
    await this.#dropNetworks(releases);
    await this.dropKeptImages(releases);
    await rm(this.files, { recursive: true, force: true });
  }

  /** Docker has addresses for 31 networks, whoever made them. One that somebody uses stays. */
  async #dropNetworks(releases: readonly string[]): Promise<void> {
    const stacks = new Set(releases.map((release) => release.split(':')[0] ?? ''));
    const all = lines(await this.cli('network', 'ls', '--format', '{{.Name}}'));
    const own = all.filter((name) => stacks.has(name.split('_')[0] ?? ''));
    if (own.length > 0) await this.engineCli('network', 'rm', ...own);
  }

  /** Those of its releases: an engine takes seconds to tag an image that has thousands of names already. */
  async dropKeptImages(releases?: readonly string[]): Promise<void> {
    const own = new Set(releases ?? (await this.#releases()));
    const images = lines(await this.cli('images', '--format', '{{.Repository}}:{{.Tag}}'));
    const kept = images.filter((image) => {
      const [, stack, id] = /^localhost\/baton-kept\/([^/]+)\/.+:(.+)$/.exec(image) ?? [];
      return own.has(`${stack}:${id}`);
    });
    // One that is an image's last name stays while a container of another site needs it.
    if (kept.length > 0) await this.engineCli('rmi', ...kept);
  }

  /** `shop:1f2e3d4c5b6a`, of all that it has on record. */
  async #releases(): Promise<string[]> {
    const releases: string[] = [];
    for await (const file of glob('.state/baton/**/releases/*/*.json', { cwd: this.files }))
      releases.push(`${basename(dirname(file))}:${basename(file, '.json')}`);
    return releases;
  }

  async #isOwn(id: string, releases: readonly string[]): Promise<boolean> {
    const { code, out } = await this.engineCli('inspect', id);
    // It may have gone meanwhile.
    if (code !== 0) return false;
    const labels = (JSON.parse(out) as Inspected[])[0]?.Config.Labels ?? {};
    const release = `${labels['dev.baton.stack']}:${labels['dev.baton.release']}`;
    return out.includes(this.files) || releases.includes(release);
  }

  async startWorker(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        ...('BATON_TEST_CLOCK' in this.environment ? [`--import=${movedClock}`] : []),
        join(root, 'worker/main.ts'),
      ],
      {
        env: { ...process.env, ...this.environment },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    this.#worker = child;
    workers.add(child);
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        this.workerLog += chunk.toString();
      });
    await until('the worker', () => this.workerLog.includes('RUNNING') || hasEnded(child));
    if (hasEnded(child)) throw new Error(`The worker ended at once:\n${this.workerLog}`);
  }

  async stopWorker(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#worker;
    this.#worker = undefined;
    if (!child || hasEnded(child)) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
    this.workerLog = '';
  }

  /** Types `baton …` in the directory of the site's files. */
  async baton(...args: string[]): Promise<Answer> {
    const result = await this.beginBaton(...args);
    return { code: result.exitCode ?? -1, out: result.stdout, err: result.stderr };
  }

  /** As {@link baton}, to be watched while it runs. */
  beginBaton(...args: string[]) {
    return execa(join(root, 'bin/baton'), args, {
      cwd: this.files,
      env: this.environment,
      reject: false,
      stdin: 'ignore',
    });
  }

  /** The last line of `--json`: an operation's report. */
  async report(...args: string[]): Promise<Answer & { report: Record<string, unknown> }> {
    const answer = await this.baton(...args, '--json');
    const last = answer.out.trim().split('\n').at(-1) ?? '{}';
    return { ...answer, report: last.startsWith('{') ? (JSON.parse(last) as Record<string, unknown>) : {} };
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.files, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  /**
   * The engine's own command line, through the socket that Baton uses too. Only `exec` is always Docker's: Podman's client loses
   * what the command printed now and then (its issue 25855; 9 of 193 times on two busy cores, where Docker's and Baton lost nothing).
   */
  async engineCli(...args: string[]): Promise<Answer> {
    const socket = `unix://${needed(variables[this.engine])}`;
    const client = args[0] === 'exec' ? 'docker' : this.engine;
    const first = client === 'podman' ? ['--url', socket] : ['-H', socket];
    const result = await execa(client, [...first, ...args], { reject: false, stdin: 'ignore' });
    return { code: result.exitCode ?? -1, out: result.stdout, err: result.stderr };
  }

  async cli(...args: string[]): Promise<string> {
    const answer = await this.engineCli(...args);
    if (answer.code !== 0) throw new Error(`${this.engine} ${args.join(' ')}: ${answer.err}`);
    return answer.out;
  }

  /** What stands in the world: each container of a stack as its engine knows it. */
  async containers(stack: string): Promise<Container[]> {
    const ids = lines(
      await this.cli('ps', '-aq', '--no-trunc', '--filter', `label=dev.baton.stack=${stack}`),
    );
    if (ids.length === 0) return [];
    const inspected = JSON.parse(await this.cli('inspect', ...ids)) as Inspected[];
    return inspected
      .map((container) => ({
        id: container.Id,
        name: container.Name.replace(/^\//, ''),
        image: container.Image,
        running: container.State.Running,
        paused: container.State.Paused,
        startedAt: container.State.StartedAt,
        pid: container.State.Pid,
        networks: Object.keys(container.NetworkSettings.Networks ?? {}).sort(),
        restart: container.HostConfig.RestartPolicy.Name,
        release: container.Config.Labels['dev.baton.release'] ?? '',
      }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async volumesAndNetworks(stack: string): Promise<string[]> {
    const own = (text: string): string[] => lines(text).filter((name) => name.startsWith(`${stack}_`));
    return [
      ...own(await this.cli('network', 'ls', '--format', '{{.Name}}')),
      ...own(await this.cli('volume', 'ls', '--format', '{{.Name}}')),
    ].sort();
  }
}

export type Container = {
  id: string;
  name: string;
  image: string;
  running: boolean;
  paused: boolean;
  startedAt: string;
  pid: number;
  networks: string[];
  restart: string;
  release: string;
};

type Inspected = {
  Id: string;
  Name: string;
  Image: string;
  State: { Running: boolean; Paused: boolean; StartedAt: string; Pid: number };
  NetworkSettings: { Networks?: Record<string, unknown> };
  HostConfig: { RestartPolicy: { Name: string } };
  Config: { Labels: Record<string, string> };
};

/** A test that failed half-way leaves none of them behind. */
const workers = new Set<ChildProcess>();
process.once('exit', () => {
  for (const worker of workers) worker.kill('SIGKILL');
});

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

const lines = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** A fingerprint of a directory: every path with its kind, owner, mode and content. */
export const fingerprint = async (directory: string): Promise<string[]> => {
  const entries: string[] = [];
  const visit = async (path: string, name: string): Promise<void> => {
    const { mode, uid, gid, mtimeMs } = await lstat(path);
    const type = mode & 0o170000;
    const about = `${name} ${mode.toString(8)} ${uid}:${gid}`;
    if (type === 0o040000) {
      entries.push(`${about} directory`);
      for (const child of (await readdir(path)).sort()) await visit(join(path, child), `${name}/${child}`);
    } else if (type === 0o120000) entries.push(`${about} → ${await readlink(path)}`);
    else {
      const content = createHash('sha256')
        .update(await readFile(path))
        .digest('hex')
        .slice(0, 16);
      entries.push(`${about} ${Math.floor(mtimeMs)} ${content}`);
    }
  };
  await visit(directory, '.');
  return entries;
};

/** Waits for a condition; fails after a minute. */
export const until = async (
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs = 60_000,
): Promise<void> => {
  const began = Date.now();
  while (!(await holds())) {
    if (Date.now() - began > withinMs) throw new Error(`Waited ${withinMs / 1000} s for ${what}.`);
    await delay(50);
  }
};

/** @throws also where nothing answers within five seconds: a paused container never does. */
export const get = async (url: string): Promise<string> =>
  await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).text();
