/** What the contract suites of engines share: a network, an image, and containers that are gone afterwards. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { guestsFirst } from '../../activities/container.ts';
import {
  EngineError,
  type ContainerSpec,
  type ContainerState,
  type Engine,
} from '../../activities/ports/engine.ts';
import type { ServiceSpec } from '../../domain/stack.ts';
import { mustLoadService } from '../compose/loading.ts';
import { needed } from '../host/environment.ts';

export const sleeper = 'command: [sleep, "1000"]\nstop_signal: SIGKILL';

/** To be made within a suite. */
export class EngineBench {
  readonly own = `contract-${randomBytes(3).toString('hex')}`;
  readonly network = `${this.own}-net`;
  /** Another one in each run: an interface that a killed run left behind would be in the way. */
  readonly subnet = `10.${180 + ((randomBytes(1)[0] ?? 0) % 60)}.${randomBytes(1)[0] ?? 0}`;
  #opened: { engine: Engine; image: string } | undefined;
  #counter = 0;

  constructor(open: () => Promise<Engine>) {
    before(async () => {
      const engine = await open();
      const image = (await engine.inspectImage(needed('BATON_TEST_IMAGE')))?.id ?? '';
      assert.match(image, /^sha256:[0-9a-f]{64}$/);
      this.#opened = { engine, image };
      await engine.createNetwork({
        name: this.network,
        driverOpts: {},
        internal: false,
        attachable: false,
        enableIpv6: false,
        ipam: { config: [{ subnet: `${this.subnet}.0/24` }] },
        labels: { [this.own]: 'network' },
      });
    });
    after(async () => {
      for (const { id } of guestsFirst(await this.engine.listContainers({ labels: [this.own] })))
        await this.engine.removeContainer(id, { anonymousVolumes: true });
      await this.engine.removeNetwork(this.network);
      await this.engine.close();
    });
  }

  get engine(): Engine {
    assert.ok(this.#opened);
    return this.#opened.engine;
  }

  get image(): string {
    assert.ok(this.#opened);
    return this.#opened.image;
  }

  specOf(service: ServiceSpec, more: Partial<ContainerSpec> = {}): ContainerSpec {
    const { environment: _e, mounts: _m, network: _n, secrets: _s, configs: _c, ...rest } = service;
    this.#counter += 1;
    return {
      name: `${this.own}-${this.#counter}`,
      image: this.image,
      service: rest,
      environment: {},
      labels: { [this.own]: String(this.#counter) },
      mounts: [],
      network: { mode: 'bridge', attachments: [{ network: this.network, aliases: ['alias'] }] },
      ...more,
    };
  }

  /** An image of its own, on top of the one that all have. @returns its id. */
  async build(tag: string): Promise<string> {
    const contextDir = await mkdtemp(join(tmpdir(), 'baton-context-'));
    this.#counter += 1;
    try {
      const dockerfileInline = `FROM ${needed('BATON_TEST_IMAGE')}\nENV COUNT=${this.own}-${this.#counter}\n`;
      const build = { contextDir, dockerfileInline, args: {}, labels: {}, noCache: false, pull: false, tag };
      return (await this.engine.buildImage(build, () => undefined)).id;
    } finally {
      await rm(contextDir, { recursive: true });
    }
  }

  /** A container of a service written as in a Compose file. */
  async create(text: string, more: Partial<ContainerSpec> = {}): Promise<string> {
    return await this.engine.createContainer(this.specOf(await mustLoadService(text), more));
  }

  async started(text: string, more: Partial<ContainerSpec> = {}): Promise<string> {
    const id = await this.create(text, more);
    await this.engine.startContainer(id);
    return id;
  }

  async state(id: string): Promise<ContainerState> {
    const container = await this.engine.inspectContainer(id);
    assert.ok(container);
    return container;
  }
}

export const fails = async (work: Promise<unknown>, code: string): Promise<EngineError> => {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof EngineError, `it did not fail as an EngineError: ${String(error)}`);
  assert.equal(error.code, code, error.message);
  return error;
};
