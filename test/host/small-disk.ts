/** A small filesystem of its own on a loop device, and a Docker on it that nobody else uses: both can be filled and emptied without harm. */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answers } from '../../activities/engines/answers.ts';
import { until } from '../e2e/site.ts';

export class SmallDisk {
  readonly path: string;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.path = join(directory, 'disk');
  }

  /** @param make such as `mkfs.ext4 -q`. */
  static async mount([command = '', ...args]: string[], size: string): Promise<SmallDisk> {
    const disk = new SmallDisk(await mkdtemp(join(tmpdir(), 'baton-disk-')));
    const image = `${disk.path}.img`;
    await mkdir(disk.path);
    await execa('truncate', ['-s', size, image]);
    await execa(command, [...args, image]);
    await execa('mount', ['-o', 'loop', image, disk.path]);
    return disk;
  }

  /** As df(1) counts; 0 to 100. */
  async usedPercent(): Promise<number> {
    const { blocks, bfree, bavail } = await statfs(this.path);
    const used = blocks - bfree;
    return (used / (used + bavail)) * 100;
  }

  async freeBytes(): Promise<number> {
    await execa('sync', ['-f', this.path]);
    const { bavail, bsize } = await statfs(this.path);
    return bavail * bsize;
  }

  async unmount(): Promise<void> {
    // What still holds a file open there keeps the filesystem until it lets go.
    await execa('umount', ['--lazy', this.path]);
    await rm(this.#directory, { recursive: true });
  }
}

/** A test that failed half-way leaves none of them behind. */
const daemons = new Set<ChildProcess>();
process.once('exit', () => {
  for (const daemon of daemons) daemon.kill('SIGTERM');
});

export class OwnDocker {
  readonly socket: string;
  readonly #process: ChildProcess;

  private constructor(socket: string, process: ChildProcess) {
    this.socket = socket;
    this.#process = process;
  }

  /** Without rules of a firewall, which belong to the whole machine, and with a bridge of its own: without any it would remove that of the other Docker. */
  static async start(directory: string): Promise<OwnDocker> {
    const socket = join(directory, 'docker.sock');
    await mkdir(directory, { recursive: true });
    const args = [
      ...['--data-root', join(directory, 'data'), '--exec-root', join(directory, 'exec')],
      ...['-H', `unix://${socket}`, '--pidfile', join(directory, 'pid')],
      ...['--bridge', await ownBridge(), '--iptables=false', '--ip-forward=false', '--ip-masq=false'],
      ...['--default-ulimit', 'nofile=20000:20000'],
    ];
    const daemon = spawn('dockerd', args, { stdio: 'ignore' });
    daemons.add(daemon);
    await until('Docker', async () => await answers(socket));
    return new OwnDocker(socket, daemon);
  }

  async cli(...args: string[]): Promise<string> {
    return (await execa('docker', ['-H', `unix://${this.socket}`, ...args], { stdin: 'ignore' })).stdout;
  }

  /** An image of so many bytes that cannot be packed. @returns its id. */
  async makeImage(tag: string, bytes = 0): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), 'baton-image-'));
    try {
      await execa('mkdir', ['-p', join(directory, 'bin')]);
      await execa('cp', ['/bin/busybox', join(directory, 'bin', 'busybox')]);
      await execa('ln', ['-s', 'busybox', join(directory, 'bin', 'sh')]);
      await execa('ln', ['-s', 'busybox', join(directory, 'bin', 'sleep')]);
      await execa('dd', [
        'if=/dev/urandom',
        `of=${join(directory, 'filler')}`,
        'bs=1M',
        `count=${bytes / 2 ** 20}`,
      ]);
      await execa('tar', ['-c', '-f', `${directory}.tar`, '-C', directory, '.']);
      return await this.cli('import', `${directory}.tar`, tag);
    } finally {
      await rm(directory, { recursive: true });
      await rm(`${directory}.tar`, { force: true });
    }
  }

  /** By BuildKit, which alone has a cache; its command line is a package of its own, so the API is asked. */
  async buildInCache(tag: string, bytes: number): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'baton-build-'));
    await writeFile(join(directory, 'Dockerfile'), 'FROM scratch\nCOPY filler /filler\n');
    await writeFile(join(directory, 'filler'), randomBytes(bytes));
    const { stdout } = await execa('tar', ['-c', '-C', directory, '.'], { encoding: 'buffer' });
    await rm(directory, { recursive: true });
    const server = createServer((_request, response) => response.end(stdout));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const query = new URLSearchParams({
      version: '2',
      t: tag,
      remote: `http://127.0.0.1:${port}/context.tar`,
    });
    const curl = ['-sS', '--max-time', '60', '--unix-socket', this.socket, '-X', 'POST'];
    const built = await execa('curl', [...curl, `http://engine/v1.41/build?${query.toString()}`], {
      stdin: 'ignore',
    });
    server.close();
    if (built.stdout.includes('"error"')) throw new Error(built.stdout);
  }

  async stop(): Promise<void> {
    const ids = (await this.cli('ps', '-aq')).split('\n').filter((id) => id !== '');
    if (ids.length > 0) await this.cli('rm', '-f', ...ids);
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

/** One for all: it needs no address that anything else has, and stays until the machine is started anew. */
const ownBridge = async (): Promise<string> => {
  const name = 'baton-small';
  if ((await execa('ip', ['link', 'show', name], { reject: false })).exitCode === 0) return name;
  await execa('ip', ['link', 'add', name, 'type', 'bridge']);
  await execa('ip', ['address', 'add', '10.213.77.1/24', 'dev', name]);
  await execa('ip', ['link', 'set', name, 'up']);
  return name;
};
