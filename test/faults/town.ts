/**
 * Where the runs take place: a Temporal server and an engine's API of their own, which can be killed and come back, and for
 * each run a site of its own with a worker that has a fault in it.
 */
import { execa } from 'execa';
import { Client, Connection } from '@temporalio/client';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { answers } from '../../activities/engines/answers.ts';
import { freePort, serverArguments } from '../../setup/local.ts';
import { until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';
import { podmanStorage } from '../host/podman-storage.ts';
import { Registry } from '../host/registry.ts';
import type { Orders } from './faulty-worker.ts';

const program = join(import.meta.dirname, 'faulty-worker.ts');

/** A worker that has loaded and waits for its orders; starting one takes a second that a run need not wait for. */
export class FaultyWorker {
  readonly process: ChildProcess;
  readonly #lines: Interface;
  log = '';
  /** What the parent does for a fault that this worker cannot bring about itself. */
  onFault: () => Promise<void> = () => Promise.resolve();

  constructor() {
    this.process = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program], {
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    this.process.stderr?.on('data', (chunk: Buffer) => (this.log += chunk.toString()));
    if (!this.process.stdout) throw new Error('no output');
    this.#lines = createInterface({ input: this.process.stdout });
    this.#lines.on('line', (line) => {
      this.log += `${line}\n`;
      if (line.startsWith('FAULT '))
        void this.onFault().then(() => {
          this.say('go on');
        });
    });
    // Orders to one that was killed are of no use to anybody.
    this.process.stdin?.on('error', () => undefined);
  }

  order(orders: Orders): void {
    this.log = '';
    this.say(JSON.stringify(orders));
  }

  /** Ends its work, so that it can be given other orders. @returns false where it does not. */
  async rest(): Promise<boolean> {
    this.onFault = () => Promise.resolve();
    this.say('rest');
    const rested = (): boolean => this.log.includes('RESTED');
    await until('the worker to rest', () => rested() || !this.alive, restMs).catch(() => undefined);
    return rested();
  }

  say(line: string): void {
    this.process.stdin?.write(`${line}\n`);
  }

  get alive(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  async kill(): Promise<void> {
    if (!this.alive) return;
    const ended = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await ended;
  }
}

/** Longer than the end of a worker without work takes. */
const restMs = 2_000;

/** Room for the snapshots of a few hundred runs; filled in a second. */
const diskSize = '512M';

export class Town {
  readonly directory: string;
  readonly address: string;
  readonly socket: string;
  /** A small filesystem of its own: it can be filled without harm to anybody else. */
  readonly disk: string;
  readonly registry: Registry;
  readonly #temporalArguments: string[];
  #temporal: ChildProcess | undefined;
  #podman: ChildProcess | undefined;
  #client: Client | undefined;
  readonly #rested: FaultyWorker[] = [];
  #standby = new FaultyWorker();

  private constructor(directory: string, registry: Registry, port: number, uiPort: number) {
    this.registry = registry;
    this.directory = directory;
    this.address = `127.0.0.1:${port}`;
    this.socket = join(directory, 'engine.sock');
    this.disk = join(directory, 'disk');
    this.#temporalArguments = serverArguments(port, uiPort, join(directory, 'temporal.db'));
  }

  static async open(): Promise<Town> {
    const directory = await mkdtemp(join(tmpdir(), 'baton-town-'));
    const town = new Town(directory, await Registry.start(), await freePort(), await freePort());
    await Promise.all([town.startTemporal(), town.startEngine(), town.#mountDisk()]);
    return town;
  }

  /** A worker that has loaded, or is about to; the next one loads meanwhile. */
  takeWorker(): FaultyWorker {
    const rested = this.#rested.pop();
    if (rested) return rested;
    const worker = this.#standby;
    this.#standby = new FaultyWorker();
    return worker;
  }

  /** For the next run, where it is still of use. */
  async giveBack(worker: FaultyWorker): Promise<void> {
    if (worker.alive && (await worker.rest())) this.#rested.push(worker);
    else await worker.kill();
  }

  async close(): Promise<void> {
    for (const worker of [this.#standby, ...this.#rested]) await worker.kill();
    await this.#client?.connection.close();
    await this.killTemporal();
    await this.killEngine();
    await this.registry.close();
    // What still holds a file open there keeps the filesystem until it lets go.
    await execa('umount', ['--lazy', this.disk]);
    await rm(this.directory, { recursive: true, force: true });
  }

  async #mountDisk(): Promise<void> {
    const image = `${this.disk}.img`;
    await mkdir(this.disk);
    await execa('truncate', ['-s', diskSize, image]);
    await execa('mkfs.btrfs', ['-q', image]);
    await execa('mount', ['-o', 'loop,commit=1', image, this.disk]);
  }

  /** Connects anew after the server was away. */
  async client(): Promise<Client> {
    this.#client ??= new Client({ connection: await Connection.connect({ address: this.address }) });
    return this.#client;
  }

  async startTemporal(): Promise<void> {
    const cli = needed('BATON_TEST_TEMPORAL_BIN');
    const health = ['operator', 'cluster', 'health', '--address', this.address];
    await until('Temporal', async () => {
      // While nobody listened, a client that dials this port on loopback may have got it as its own: it ends at once then.
      if (!runs(this.#temporal)) this.#temporal = background(cli, this.#temporalArguments);
      return (await execa(cli, health, { reject: false })).exitCode === 0;
    });
  }

  async killTemporal(): Promise<void> {
    await end(this.#temporal);
  }

  /** A second API service over the storage of the test host's Podman: its containers do not depend on it. */
  async startEngine(): Promise<void> {
    const storage = podmanStorage(dirname(needed('BATON_TEST_PODMAN_SOCKET')));
    await rm(this.socket, { force: true });
    const args = [...storage, ...['system', 'service', '--time=0', `unix://${this.socket}`]];
    this.#podman = background('podman', args, {
      CONTAINERS_REGISTRIES_CONF: this.registry.configuration,
    });
    await until('the engine', () => answers(this.socket));
  }

  async killEngine(): Promise<void> {
    await end(this.#podman);
  }
}

const background = (command: string, args: string[], more: Record<string, string> = {}): ChildProcess =>
  spawn(command, args, { stdio: 'ignore', env: { ...process.env, ...more } });

const runs = (child: ChildProcess | undefined): child is ChildProcess =>
  child !== undefined && child.exitCode === null && child.signalCode === null;

const end = async (child: ChildProcess | undefined): Promise<void> => {
  if (!runs(child)) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
};

/** Fills a filesystem to its last block. @returns how to free it again. */
export const fill = async (directory: string): Promise<() => Promise<void>> => {
  const file = join(directory, 'filler');
  await execa('dd', ['if=/dev/zero', `of=${file}`, 'bs=64K'], { reject: false, stdio: 'ignore' });
  await execa('dd', ['if=/dev/zero', `of=${file}.rest`, 'bs=512'], { reject: false, stdio: 'ignore' });
  return async () => {
    await rm(file, { force: true });
    await rm(`${file}.rest`, { force: true });
    // The filler took all that was not allocated, for data: emptied chunks are given back, or metadata finds no room.
    await until('the room that was freed', async () => {
      await execa('sync', ['-f', directory]);
      const balance = ['balance', 'start', '-dusage=0', directory];
      return (await execa('btrfs', balance, { reject: false })).exitCode === 0;
    });
  };
};
