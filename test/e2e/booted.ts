/**
 * A machine that systemd has booted, as far as Baton can tell: a container on the host's network, which sees the files of a
 * site where they are. What is guarded lies inside: a container that sees data is stopped while that changes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { needed } from '../host/environment.ts';
import { makeImage, systemd } from './debian-image.ts';
import { until, type Answer, type Site } from './site.ts';

const root = join(import.meta.dirname, '..', '..');

export class Booted {
  readonly #site: Site;
  readonly #name: string;
  #worker: ChildProcess | undefined;

  private constructor(site: Site) {
    this.#site = site;
    this.#name = `booted-${site.host}`;
  }

  /** @param site on Podman, without a worker of its own. Its files are written after this: systemd empties /tmp when it boots. */
  static async start(site: Site): Promise<Booted> {
    const booted = new Booted(site);
    await makeImage(site, systemd);
    const same = [site.files, dirname(needed('BATON_TEST_PODMAN_SOCKET')), root];
    await site.cli(
      ...['run', '-d', '--name', booted.#name, '--systemd=always', '--network', 'host'],
      ...same.flatMap((path) => ['--volume', `${path}:${path}`]),
      ...[systemd.name, '/lib/systemd/systemd'],
    );
    await booted.#isUp();
    await booted.startWorker();
    return booted;
  }

  async #isUp(): Promise<void> {
    await until('systemd', async () =>
      ['running', 'degraded'].includes((await this.run('systemctl', 'is-system-running')).out.trim()),
    );
  }

  async reboot(): Promise<void> {
    await this.#site.cli('restart', this.#name);
    await this.#isUp();
  }

  async run(...words: string[]): Promise<Answer> {
    return await this.#site.engineCli('exec', this.#name, ...words);
  }

  /** @returns how many processes there have this text in their command line. */
  async count(text: string): Promise<number> {
    const { out } = await this.run(
      'sh',
      '-c',
      'for one in /proc/[0-9]*; do tr "\\0" " " < $one/cmdline; echo; done',
    );
    return out.split('\n').filter((line) => line.startsWith(text)).length;
  }

  async startWorker(): Promise<void> {
    const variables = Object.entries(this.#site.environment).flatMap(([name, value]) => [
      '--env',
      `${name}=${value}`,
    ]);
    const socket = `unix://${needed('BATON_TEST_PODMAN_SOCKET')}`;
    const worker = [process.execPath, '--disable-warning=ExperimentalWarning', join(root, 'worker/main.ts')];
    const child = spawn('podman', ['--url', socket, 'exec', ...variables, this.#name, ...worker], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#worker = child;
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
    await until('the worker', () => said.includes('RUNNING') || child.exitCode !== null);
    if (child.exitCode !== null) throw new Error(`The worker ended at once:\n${said}`);
  }

  /** As a crash does. */
  async killWorker(): Promise<void> {
    await this.run(
      'sh',
      '-c',
      'for one in /proc/[0-9]*; do grep -qs worker/main.ts $one/cmdline && kill -9 ${one#/proc/}; done; true',
    );
    await until('its end', () => this.#worker?.exitCode !== null);
  }

  async close(): Promise<void> {
    await this.#site.engineCli('rm', '-f', '-t', '0', this.#name);
    this.#worker?.kill();
  }
}
