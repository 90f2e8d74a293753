/** Baton by itself: what a deploy costs in history, how soon what waits goes on, how soon the old release serves again, how soon a killed worker's work is safe. */
import type { Client, WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { openSnapshots } from '../activities/snapshots/index.ts';
import { stackWorkflowId } from '../domain/ids.ts';
import type { StackName } from '../domain/names.ts';
import { snapshotName, type SnapshotName } from '../domain/snapshot.ts';
import type { Site } from '../test/e2e/site.ts';
import { needed } from '../test/host/environment.ts';
import { allAnswer, firstAnswers } from './checker.ts';
import { servicesOf, stackFile, type Shape } from './stacks.ts';
import { median, quantile } from './stats.ts';
import { eventMs } from './steps.ts';

const withinMs = 300_000;
const root = join(import.meta.dirname, '..');

export type History = { shape: Shape; services: number; events: number; actions: number };
export type Own = {
  histories: History[];
  /** From "ready", seen from outside, to the activity of the service that waited for it; ms. */
  releasedMs: number[];
  /** The same, to the moment from which the engine says that this service's container exists; ms. */
  createdMs: number[];
  /** From the begin of an unwind to the old release's first answer, and the sum of its parts measured alone; ms. */
  rollbackMs: number[];
  rollbackPartsMs: number[];
  /** From SIGKILL in the middle of a deploy, with a worker started at once, to the operation's end; ms. */
  killedMs: number[];
  /** From `exec` to taking work, with a prebuilt bundle; ms. Then its resident memory; MiB. */
  workerStartMs: number[];
  workerMiB: number;
};

export const measureOwn = async (
  site: Site,
  client: Client,
  firstPort: number,
  rounds: number,
): Promise<Own> => {
  const chain = await onChain(site, client, firstPort, rounds);
  return {
    histories: [
      await historyOf(site, client, 'web5', firstPort),
      ...chain.histories,
      await historyOf(site, client, 'fan20', firstPort),
    ],
    releasedMs: chain.releasedMs,
    createdMs: chain.createdMs,
    ...(await rollback(site, client, firstPort, rounds)),
    killedMs: await killed(site, client, firstPort, rounds),
    ...(await workerStart(site, rounds)),
  };
};

const image = (): string => needed('BATON_TEST_IMAGE');

const operationOf = (client: Client, site: Site): WorkflowHandle =>
  client.workflow.getHandle(stackWorkflowId(site.host, 'bench' as StackName));

const mustBaton = async (site: Site, ...args: string[]): Promise<void> => {
  const { code, out, err } = await site.baton(...args);
  if (code !== 0) throw new Error(`baton ${args.join(' ')}: ${out}\n${err}`);
};

const count = async (handle: WorkflowHandle, shape: Shape): Promise<History> => {
  const { events = [] } = await handle.fetchHistory();
  const actions = (events ?? []).filter(
    ({ activityTaskScheduledEventAttributes }) => activityTaskScheduledEventAttributes,
  ).length;
  return { shape, services: Object.keys(servicesOf(shape)).length, events: events?.length ?? 0, actions };
};

const historyOf = async (site: Site, client: Client, shape: Shape, firstPort: number): Promise<History> => {
  await site.write('bench.yml', stackFile('bench', image(), { shape, readySeconds: 0 }, firstPort));
  await mustBaton(site, 'deploy', 'bench.yml');
  const history = await count(operationOf(client, site), shape);
  await mustBaton(site, 'remove', 'bench');
  return history;
};

/** A chain has one dependent for each that becomes ready. */
const onChain = async (
  site: Site,
  client: Client,
  firstPort: number,
  rounds: number,
): Promise<Pick<Own, 'histories' | 'releasedMs' | 'createdMs'>> => {
  const shape = 'chain10';
  const releasedMs: number[] = [];
  const createdMs: number[] = [];
  const histories: History[] = [];
  const names = Object.keys(servicesOf(shape));
  for (let round = 0; round < rounds; round += 1) {
    await site.write('bench.yml', stackFile('bench', image(), { shape, readySeconds: round % 2 }, firstPort));
    const answers = firstAnswers(
      names.map((_, index) => firstPort + index),
      withinMs,
    );
    await mustBaton(site, 'deploy', 'bench.yml');
    const readyAt = await answers;
    const scheduledAt = await rollOutsOf(operationOf(client, site));
    for (const [index, name] of names.entries()) {
      const created = Date.parse(
        await site.cli(
          'inspect',
          '--format',
          '{{.Created.Format "2006-01-02T15:04:05.000Z07:00"}}',
          `bench-${name}-1`,
        ),
      );
      const before = readyAt[index - 1];
      const scheduled = scheduledAt.get(name);
      if (before === undefined || scheduled === undefined) continue;
      releasedMs.push(Math.max(0, scheduled - before));
      createdMs.push(Math.max(0, created - before));
    }
    if (round === 0) histories.push(await count(operationOf(client, site), shape));
    await mustBaton(site, 'remove', 'bench');
  }
  return { histories, releasedMs, createdMs };
};

/** @returns when the activity of each service was scheduled, ms since the epoch. */
const rollOutsOf = async (handle: WorkflowHandle): Promise<Map<string, number>> => {
  const { events } = await handle.fetchHistory();
  return new Map(
    (events ?? []).flatMap((event) => {
      const { activityTaskScheduledEventAttributes: scheduled } = event;
      const payload = scheduled?.input?.payloads?.[1];
      if (scheduled?.activityType?.name !== 'rollOutService' || !payload) return [];
      const { service } = defaultPayloadConverter.fromPayload<{ service: string }>(payload);
      return [[service, eventMs(event)]];
    }),
  );
};

const rollbackFile = (data: string, port: number, breaks: boolean): string => `name: bench
services:
  app:
    image: ${image()}
    command: [sh, -c, "${breaks ? 'echo ruined > /data/index.html; sleep 1000' : 'exec httpd -f -p 80 -h /data'}"]
    stop_signal: SIGKILL
    ports: ["127.0.0.1:${port}:80"]
    volumes: ["${data}:/data"]
    x-baton: { probe: { http: ":80/" } }
x-baton: { min_healthy_time: 100ms, healthy_deadline: 2s }
`;

/** The parts: the engine stops a container, the snapshot driver swaps a directory, the engine starts a container that answers. */
const rollback = async (
  site: Site,
  client: Client,
  port: number,
  rounds: number,
): Promise<Pick<Own, 'rollbackMs' | 'rollbackPartsMs'>> => {
  const data = join(site.data, 'rollback');
  await execa('btrfs', ['subvolume', 'create', data]);
  await site.write('bench.yml', rollbackFile(data, port, false));
  await execa('sh', ['-c', 'echo opening > "$1"', 'sh', join(data, 'index.html')]);
  await mustBaton(site, 'deploy', 'bench.yml');
  const rollbackMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await site.write('bench.yml', rollbackFile(data, port, true));
    const deploy = site.baton('deploy', 'bench.yml');
    await gone(port);
    const [servedAt = 0] = await firstAnswers([port], withinMs);
    await deploy;
    const { events = [] } = await operationOf(client, site).fetchHistory();
    const unwound = events?.find(
      ({ activityTaskScheduledEventAttributes: scheduled }) =>
        scheduled?.activityType?.name === 'servicesThatRan',
    );
    const began = unwound ? eventMs(unwound) : 0;
    rollbackMs.push(servedAt - began);
  }
  const rollbackPartsMs: number[] = [];
  const snapshots = openSnapshots();
  for (let round = 0; round < rounds; round += 1) {
    const { before, failed } = snapshotNames(round);
    await snapshots.take(data, before, 'btrfs');
    const began = performance.now();
    await site.cli('stop', '-t', '0', 'bench-app-1');
    await snapshots.swapIn(data, before, 'btrfs', failed);
    await site.cli('start', 'bench-app-1');
    rollbackPartsMs.push(await allAnswer([port], began, withinMs));
  }
  await mustBaton(site, 'remove', 'bench');
  return { rollbackMs, rollbackPartsMs };
};

/** Names as Baton would give them, others in each round. */
export const snapshotNames = (round: number): { before: SnapshotName; failed: SnapshotName } => {
  const label = {
    stack: 'bench' as never,
    operation: round.toString(16).padStart(8, '0') as never,
    takenAt: '2026-01-01T00:00:00Z',
  };
  return {
    before: snapshotName({ ...label, purpose: 'before' }),
    failed: snapshotName({ ...label, purpose: 'failed' }),
  };
};

const gone = async (port: number): Promise<void> => {
  for (;;) {
    const answered = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(500) }).then(
      () => true,
      () => false,
    );
    if (!answered) return;
    await delay(5);
  }
};

const killed = async (site: Site, client: Client, firstPort: number, rounds: number): Promise<number[]> => {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const variant = { shape: 'web5', readySeconds: 0 } as const;
    await site.write('bench.yml', stackFile('bench', image(), variant, firstPort, round + 1));
    await mustBaton(site, 'deploy', 'bench.yml', '--wait=false');
    // Spread over the two seconds that it takes.
    await delay((2_000 * round) / rounds);
    await site.stopWorker('SIGKILL');
    const began = performance.now();
    await site.startWorker();
    await operationOf(client, site).result();
    times.push(performance.now() - began);
  }
  await mustBaton(site, 'remove', 'bench');
  return times;
};

const workerStart = async (site: Site, rounds: number): Promise<Pick<Own, 'workerStartMs' | 'workerMiB'>> => {
  const workerStartMs: number[] = [];
  const memory: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(root, 'worker', 'main.ts')],
      {
        env: { ...process.env, ...site.environment, BATON_HOST: `${site.host}-start` },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    for await (const line of createInterface({ input: child.stderr })) if (line.includes('RUNNING')) break;
    workerStartMs.push(performance.now() - began);
    const { stdout } = await execa('ps', ['-o', 'rss=', '-p', String(child.pid)]);
    memory.push(Number(stdout) / 1024);
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
  }
  return { workerStartMs, workerMiB: median(memory) };
};

const ms = (value: number): string => `${Math.round(value)} ms`;

/** As lines of a report. */
export const tellOwn = (own: Own): string => {
  const {
    histories,
    releasedMs,
    createdMs,
    rollbackMs,
    rollbackPartsMs,
    killedMs,
    workerStartMs,
    workerMiB,
  } = own;
  const rows = [
    [
      'From ready to its dependent released',
      `p50 ${ms(median(releasedMs))}, p95 ${ms(quantile(releasedMs, 0.95))} (${releasedMs.length})`,
    ],
    [
      'From ready to the container of its dependent created',
      `p50 ${ms(median(createdMs))}, p95 ${ms(quantile(createdMs, 0.95))}`,
    ],
    [
      'From the begin of an unwind to the old release serving',
      `${ms(median(rollbackMs))}; its parts alone (stop, swap, start) ${ms(median(rollbackPartsMs))}; ${(median(rollbackMs) / median(rollbackPartsMs)).toFixed(2)} times`,
    ],
    [
      'From SIGKILL of the worker to the end of the deploy, a new worker started at once',
      `p50 ${ms(median(killedMs))}, p99 ${ms(quantile(killedMs, 0.99))} (${killedMs.length})`,
    ],
    [
      'Worker start to taking work, prebuilt bundle',
      `${ms(median(workerStartMs))}; ${Math.round(workerMiB)} MiB resident`,
    ],
  ];
  return `${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}

| stack | services | history events (6N + 15) | activities (N + 4) |
| --- | --- | --- | --- |
${histories.map(({ shape, services, events, actions }) => `| ${shape} | ${services} | ${events} (${6 * services + 15}) | ${actions} (${services + 4}) |`).join('\n')}`;
};
