/** A host with an engine in memory, real snapshots and a real memory, on which activities run one by one. */
import assert from 'node:assert/strict';
import { MockActivityEnvironment } from '@temporalio/testing';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createActivities, type Activities } from '../../activities/index.ts';
import type { Prepared } from '../../activities/plan.ts';
import type { ContainerState } from '../../activities/ports/engine.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { OperationRequest, ReleaseSource, SnapshotTaken } from '../../domain/operation.ts';
import { isChanging, type Plan } from '../../domain/plan.ts';
import { subjectOf, type Subject } from '../../domain/subject.ts';
import { needed } from '../host/environment.ts';
import { MemoryEngine } from '../simulation/engine.ts';
import { memoryPorts } from '../simulation/ports.ts';

export const image = 'app';

export class House {
  readonly directory: string;
  readonly ports: Ports;
  readonly engine: MemoryEngine;
  readonly #activities: Activities;

  static async build(): Promise<House> {
    const house = new House(await mkdtemp(join(needed('BATON_TEST_EXT4'), 'house-')));
    await mkdir(house.data);
    await writeFile(join(house.data, 'rows'), '');
    return house;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true });
  }

  private constructor(directory: string) {
    this.directory = directory;
    this.engine = new MemoryEngine(join(directory, 'volumes'), [image]);
    this.ports = memoryPorts('host', directory, this.engine);
    this.#activities = createActivities(this.ports);
  }

  async run<Name extends keyof Activities>(
    name: Name,
    ...args: Parameters<Activities[Name]>
  ): Promise<Awaited<ReturnType<Activities[Name]>>> {
    const activity = this.#activities[name] as (...all: unknown[]) => Promise<unknown>;
    return (await new MockActivityEnvironment().run<unknown[], unknown, typeof activity>(
      activity,
      ...args,
    )) as never;
  }

  get data(): string {
    return join(this.directory, 'data');
  }

  request(source: ReleaseSource, kind: OperationRequest['kind'] = 'deploy'): OperationRequest {
    return {
      operation: randomBytes(4).toString('hex') as OperationRequest['operation'],
      kind,
      stack: 'web' as OperationRequest['stack'],
      host: 'host',
      source,
      options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
    };
  }

  async file(text: string): Promise<ReleaseSource> {
    const file = join(this.directory, 'web.yml');
    await writeFile(file, `name: web\nx-baton: {min_healthy_time: 0s}\n${text}`);
    return { from: 'file', file, envFiles: [], variables: {}, profiles: [] };
  }

  async plan(source: ReleaseSource, kind: OperationRequest['kind'] = 'deploy'): Promise<Prepared> {
    return await this.run('preparePlan', this.request(source, kind));
  }

  /** An operation up to where its containers run. */
  async rollOut(text: string): Promise<{ subject: Subject; plan: Plan; snapshots: SnapshotTaken[] }> {
    const request = this.request(await this.file(text));
    const { plan, problems } = await this.run('preparePlan', request);
    assert.ok(plan, JSON.stringify(problems));
    const subject = subjectOf(request, plan, new Date());
    const snapshots = await this.run('takeSnapshots', subject, plan);
    await this.run('prepareResources', subject, plan);
    for (const service of plan.services.filter(isChanging))
      await this.run('rollOutService', subject, service);
    return { subject, plan, snapshots };
  }

  async deploy(text: string): Promise<void> {
    const { subject, plan, snapshots } = await this.rollOut(text);
    await this.run('recordRelease', subject, plan, snapshots);
    await this.run('dropReplaced', subject, plan);
  }

  async container(service: string): Promise<ContainerState> {
    const found = (await this.engine.listContainers()).find(
      ({ labels, name }) => labels['dev.baton.service'] === service && !name.includes('.baton-'),
    );
    assert.ok(found, service);
    return found;
  }
}
