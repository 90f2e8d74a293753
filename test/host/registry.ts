/** A real registry, of Debian's package, on a port of its own; what is published there is the base image, made when a test says. */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../setup/local.ts';
import { until } from '../e2e/site.ts';
import { needed } from './environment.ts';

const manifestType = 'application/vnd.docker.distribution.manifest.v2+json';

type Manifest = { config: { digest: string; size: number } };
type ImageConfig = { created: string; config: Record<string, unknown> };

/** @property createdAt ms since the epoch. @property runs what its containers do. */
export type Published = { createdAt: number; runs: string[]; labels?: Record<string, string> };

export class Registry {
  /** `127.0.0.1:40123`, which Docker asks without TLS. */
  readonly address: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;

  private constructor(address: string, directory: string) {
    this.address = address;
    this.#directory = directory;
  }

  static async start(): Promise<Registry> {
    const directory = await mkdtemp(join(tmpdir(), 'baton-registry-'));
    const registry = new Registry(`127.0.0.1:${await freePort()}`, directory);
    await writeFile(
      join(directory, 'registry.yml'),
      `version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: ${join(directory, 'images')} } }
http: { addr: "${registry.address}" }
`,
    );
    await mkdir(join(directory, '.config', 'containers'), { recursive: true });
    await writeFile(
      registry.configuration,
      `[[registry]]\nlocation = "${registry.address}"\ninsecure = true\n`,
    );
    await registry.open();
    const base = `docker-daemon:${needed('BATON_TEST_IMAGE')}`;
    const daemon = `--src-daemon-host=unix://${needed('BATON_TEST_DOCKER_SOCKET')}`;
    await execa('skopeo', ['copy', daemon, base, `docker://${registry.address}/base:1`], {
      env: registry.environment,
    });
    return registry;
  }

  /** For an engine of a test's own, which reads there that it has no TLS. */
  get configuration(): string {
    return join(this.#directory, '.config', 'containers', 'registries.conf');
  }

  /** For whoever asks it by skopeo, which reads below the home of its user that it has no TLS. */
  get environment(): { HOME: string } {
    return { HOME: this.#directory };
  }

  async open(): Promise<void> {
    this.#child = spawn('docker-registry', ['serve', join(this.#directory, 'registry.yml')], {
      stdio: 'ignore',
    });
    await until('the registry', async () =>
      fetch(`http://${this.address}/v2/`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  /** The tag names it from now on. @param name below `base`, whose layers it shares. @returns its digest. */
  async publish(tag: string, { createdAt, runs, labels = {} }: Published): Promise<string> {
    const manifest = (await (
      await this.#ask('manifests/1', { headers: { accept: manifestType } })
    ).json()) as Manifest;
    const config = (await (await this.#ask(`blobs/${manifest.config.digest}`)).json()) as ImageConfig;
    const made = {
      ...config,
      created: new Date(createdAt).toISOString(),
      config: { ...config.config, Cmd: runs, Labels: labels, StopSignal: 'SIGKILL' },
    };
    const blob = Buffer.from(JSON.stringify(made));
    const digest = digestOf(blob);
    const upload = (await this.#ask('blobs/uploads/', { method: 'POST' })).headers.get('location') ?? '';
    await demand(
      await fetch(`${upload}&digest=${digest}`, {
        method: 'PUT',
        body: blob,
        headers: { 'content-type': 'application/octet-stream' },
      }),
    );
    const body = JSON.stringify({ ...manifest, config: { ...manifest.config, digest, size: blob.length } });
    await this.#ask(`manifests/${tag}`, { method: 'PUT', body, headers: { 'content-type': manifestType } });
    return digestOf(Buffer.from(body));
  }

  /** For a while: it can be opened again. */
  async shut(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child) return;
    const ended = once(child, 'exit');
    child.kill();
    await ended;
  }

  async close(): Promise<void> {
    await this.shut();
    await rm(this.#directory, { recursive: true });
  }

  async #ask(path: string, init: RequestInit = {}): Promise<Response> {
    return await demand(await fetch(`http://${this.address}/v2/base/${path}`, init));
  }
}

const demand = async (response: Response): Promise<Response> => {
  if (response.ok) return response;
  throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
};

const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
