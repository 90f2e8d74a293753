/**
 * What Baton itself costs, with an engine in memory that takes no time: deploys per second, and how time and memory grow with
 * the number of stacks on a host. Against Temporal's dev server on a SQLite file.
 */
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openFiles } from '../activities/files.ts';
import { createActivities } from '../activities/index.ts';
import { openMemory } from '../activities/memory.ts';
import { openSnapshots } from '../activities/snapshots/index.ts';
import { newOperationId } from '../client/operation.ts';
import { searchAttributesOf } from '../client/search-attributes.ts';
import { thisHost } from '../client/this-host.ts';
import { hostTaskQueue, stackWorkflowId } from '../domain/ids.ts';
import type { StackName } from '../domain/names.ts';
import type { OperationRequest } from '../domain/operation.ts';
import { ensureSearchAttributes } from '../worker/search-attributes.ts';
import { workflowBundle } from '../worker/bundle.ts';
import type { deployStack } from '../workflows/deploy-stack.ts';
import { MemoryEngine } from '../test/simulation/engine.ts';
import { median } from './stats.ts';

export type Scale = {
  /** Of a stack of one service, `atOnce` at a time. */
  deploysPerSecond: number;
  atOnce: number;
  /** With so many stacks on the host: ms of one more deploy alone (median of ten), and the worker's resident memory, MiB. */
  growth: { stacks: number; deployMs: number; memoryMiB: number }[];
};

const image = 'null:1';
const host = 'bench';
const atOnce = 8;
const milestones = [1, 10, 100, 1_000];
/** At each milestone. */
const samples = 10;

const stackFile = (name: string): string => `name: ${name}
services:
  app: { image: "${image}", command: [serve, "1", "0"], x-baton: { probe: { exec: [ready] } } }
x-baton: { min_healthy_time: 1ms }
`;

/** @param address a Temporal server that this has to itself. */
export const measureScale = async (address: string): Promise<Scale> => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const directory = await mkdtemp(join(tmpdir(), 'baton-scale-'));
  const connection = await NativeConnection.connect({ address });
  await ensureSearchAttributes(connection, 'default');
  const client = new Client({ connection: await Connection.connect({ address }) });
  const engine = new MemoryEngine(join(directory, 'volumes'), [image]);
  const activities = createActivities({
    host,
    engine,
    engineInfo: await engine.info(),
    snapshots: openSnapshots(),
    memory: openMemory(join(directory, 'state')),
    files: openFiles(),
    environment: {},
  });
  const worker = await Worker.create({
    connection,
    taskQueue: hostTaskQueue(host),
    workflowBundle: { codePath: await workflowBundle(thisHost().cacheDirectory) },
    activities,
  });
  const running = worker.run();
  let count = 0;
  const deployOne = async (): Promise<number> => {
    count += 1;
    const name = `stack${count}`;
    const file = join(directory, 'stacks', `${name}.yml`);
    await mkdir(join(directory, 'stacks'), { recursive: true });
    await writeFile(file, stackFile(name));
    const request: OperationRequest = {
      operation: newOperationId(),
      kind: 'deploy',
      stack: name as StackName,
      host,
      source: { from: 'file', file, envFiles: [], variables: {}, profiles: [] },
      options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
    };
    const began = performance.now();
    const { outcome, problems, failure } = await client.workflow.execute<typeof deployStack>('deployStack', {
      workflowId: stackWorkflowId(host, request.stack),
      taskQueue: hostTaskQueue(host),
      args: [request],
      typedSearchAttributes: searchAttributesOf(request),
    });
    if (outcome !== 'done') throw new Error(`${outcome}: ${JSON.stringify({ problems, failure })}`);
    return performance.now() - began;
  };
  const deployMany = async (upTo: number): Promise<number> => {
    const began = performance.now();
    const first = count;
    const lane = async (): Promise<void> => {
      while (count < upTo) await deployOne();
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return ((count - first) * 1_000) / (performance.now() - began);
  };
  try {
    const growth: Scale['growth'] = [];
    let deploysPerSecond = 0;
    for (const stacks of milestones) {
      const rate = await deployMany(stacks - samples);
      if (stacks === 100) deploysPerSecond = rate;
      const alone: number[] = [];
      while (count < stacks) alone.push(await deployOne());
      const memoryMiB = process.memoryUsage.rss() / 2 ** 20;
      growth.push({ stacks, deployMs: median(alone), memoryMiB });
    }
    return { deploysPerSecond, atOnce, growth };
  } finally {
    worker.shutdown();
    await running;
    await client.connection.close();
    await connection.close();
    await rm(directory, { recursive: true, force: true });
  }
};

/** As lines of a report. */
export const tellScale = ({ deploysPerSecond, atOnce: lanes, growth }: Scale): string =>
  `With an engine in memory, stacks of one service, Temporal's dev server on a SQLite file: ${deploysPerSecond.toFixed(1)} deploys a second, ${lanes} at a time.
PostgreSQL was not compared: no server of it was at hand.

| stacks on the host | one more deploy, alone | memory of worker and client |
| --- | --- | --- |
${growth.map(({ stacks, deployMs, memoryMiB }) => `| ${stacks} | ${Math.round(deployMs)} ms | ${Math.round(memoryMiB)} MiB |`).join('\n')}`;
