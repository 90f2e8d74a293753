/** A site before an operation, and the worker that will meet the fault. */
import { execa } from 'execa';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeMandate } from '../../client/mandate.ts';
import { freePort } from '../../setup/local.ts';
import { databases, makeImage } from '../e2e/debian-image.ts';
import { Site, until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';
import type { Fault } from './fault.ts';
import type { Scenario } from './scenarios.ts';
import type { FaultyWorker, Town } from './town.ts';
import { imageOf, publish } from './playbooks.ts';
import { canary, postgresImage, settingsOf, stackFileOf, writeSqliteProgram } from './town-files.ts';
import { copyDiskOf, looseVolume, spareImage } from './world.ts';

/** A site with its stacks as they are before the operation, and the worker that will meet the fault. */
export class Scene {
  readonly town: Town;
  readonly site: Site;
  readonly ports: Record<string, number> = {};
  readonly log: string;
  worker: FaultyWorker;
  workerLogs = '';
  /** Set by faults that must be ended when the run is over. */
  mend: (() => Promise<void>) | undefined;
  #strike: (scene: Scene) => Promise<void> = () => Promise.resolve();
  readonly #broken = Promise.withResolvers<never>();

  private constructor(town: Town, site: Site) {
    this.town = town;
    this.site = site;
    this.log = join(site.files, 'effects.jsonl');
    this.worker = this.#takeWorker();
    this.#broken.promise.catch(() => undefined);
  }

  static async open(town: Town, scenario: Scenario): Promise<Scene> {
    const { stacks, dumped, maintained, operation } = scenario;
    const site = await Site.found('podman', town.disk, {
      BATON_ENGINE_SOCKET: town.socket,
      TEMPORAL_ADDRESS: town.address,
      CANARY: canary,
    });
    site.environment['FILES'] = site.files;
    site.environment['APP_IMAGE'] = needed('BATON_TEST_IMAGE');
    if ('playbook' in operation && operation.playbook === 'image-update') {
      await publish(town, site, 60);
      Object.assign(site.environment, town.registry.environment);
      site.environment['APP_IMAGE'] = imageOf(town, site);
    }
    const scene = new Scene(town, site);
    if (dumped === 'redis' || maintained) await makeImage(site, databases);
    if (maintained) await site.cli('tag', databases.name, postgresImage);
    if (dumped === 'sqlite') await writeSqliteProgram(site);
    for (const stack of stacks) {
      const port = await freePort();
      scene.ports[stack] = port;
      const data = join(site.data, stack);
      await execa('btrfs', ['subvolume', 'create', data]);
      await site.write(`${stack}.yml`, stackFileOf(scenario)(stack, port));
      if (dumped) continue;
      await writeFile(join(data, 'rows'), 'opening ');
      await mkdir(join(data, 'sub'), { mode: 0o700 });
      await writeFile(join(data, 'sub', 'private'), 'x', { mode: 0o600 });
    }
    await site.write('.config/baton/baton.yml', settingsOf(site, scenario));
    await site.write(
      'all.yml',
      `stack:\n  name: town\n  data:\n    - stack: ${stacks[0] ?? ''}.yml\n  edge:\n${stacks
        .slice(1)
        .map((stack) => `    - stack: ${stack}.yml\n`)
        .join('')}`,
    );
    scene.worker.order({ environment: site.environment });
    await until('the worker', () => scene.worker.log.includes('RUNNING') || !scene.worker.alive);
    return scene;
  }

  #takeWorker(): FaultyWorker {
    const worker = this.town.takeWorker();
    worker.onFault = async () => {
      await this.whole(this.#strike(this));
    };
    return worker;
  }

  /** Rejects where bringing about the fault, or ending it, failed: then the run says nothing about Baton. */
  get broken(): Promise<never> {
    return this.#broken.promise;
  }

  /** Part of a fault: fails the run where it fails itself. */
  async whole(part: Promise<void>): Promise<void> {
    await part.catch((error: unknown) => {
      this.#broken.reject(error);
    });
  }

  /** From here on effects are numbered. */
  async arm(fault: Fault | undefined, strike: (scene: Scene) => Promise<void>): Promise<void> {
    this.#strike = strike;
    this.worker.say(JSON.stringify({ log: this.log, ...(fault ? { fault } : {}) }));
    await until('the worker to be armed', () => this.worker.log.includes('ARMED') || !this.worker.alive);
  }

  /** The next worker, where this one is dead: it counts on where that one was killed. */
  replaceDead(fault: Fault | undefined): void {
    if (this.worker.alive) return;
    this.workerLogs += this.worker.log;
    this.worker = this.#takeWorker();
    this.worker.order({
      environment: this.site.environment,
      arms: { log: this.log, ...(fault ? { fault } : {}) },
    });
  }

  /** Under whatever tag, or none. */
  async #dropImages(name: string): Promise<void> {
    const found = await this.site.cli('images', '-q', '--no-trunc', name);
    const ids = new Set(found.split('\n').filter((id) => id !== ''));
    if (ids.size > 0) await this.site.engineCli('rmi', '-f', ...ids);
  }

  async close(): Promise<void> {
    await this.mend?.();
    await removeMandate(await this.town.client(), this.site.host);
    await execa('umount', ['--lazy', copyDiskOf(this.site)], { reject: false });
    await this.town.giveBack(this.worker);
    for (const stack of Object.keys(this.ports)) {
      const ids = (await this.site.containers(stack)).map(({ id }) => id);
      if (ids.length > 0) await this.site.engineCli('rm', '-f', '-v', '-t', '0', ...ids);
      const names = await this.site.volumesAndNetworks(stack);
      if (names.length === 0) continue;
      await this.site.engineCli('network', 'rm', '-f', ...names);
      await this.site.engineCli('volume', 'rm', '-f', ...names);
    }
    await this.site.dropKeptImages();
    await this.#dropImages(`${this.town.registry.address}/base`);
    await this.site.engineCli('rmi', spareImage(this.site));
    await this.site.engineCli('volume', 'rm', looseVolume(this.site));
    await rm(this.site.files, { recursive: true, force: true });
    await rm(this.site.data, { recursive: true, force: true }).catch(() => undefined);
  }
}
