/** Deploys side by side with a peer: pairs in turns, on the same images and the same file, everything removed in between. */
import type { Client } from '@temporalio/client';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { stackWorkflowId } from '../domain/ids.ts';
import type { StackName } from '../domain/names.ts';
import type { Site } from '../test/e2e/site.ts';
import { needed } from '../test/host/environment.ts';
import { allAnswer } from './checker.ts';
import { dockerAnswers, restartDocker, uninterrupted } from './keep-docker.ts';
import type { Peer } from './peers.ts';
import { say } from './say.ts';
import { stepsOf, type Steps } from './steps.ts';
import { longestPath, servicesOf, stackFile, type Shape, type Variant } from './stacks.ts';
import { median, seconds, timed } from './stats.ts';

/** A check a second of each would take more CPU than there is: 60 ms on Docker. */
export const fan100: Variant = { shape: 'fan100', readySeconds: 0, intervalSeconds: 10 };
/** The first ones beside every peer. */
const quick: Variant[] = [
  { shape: 'web5', readySeconds: 0, intervalSeconds: 1 },
  { shape: 'web5', readySeconds: 1, intervalSeconds: 1 },
  { shape: 'chain10', readySeconds: 0, intervalSeconds: 1 },
];
/** These take minutes a pair, and only beside peers that are still kept up. */
const slow: Variant[] = [
  { shape: 'web5', readySeconds: 0 },
  { shape: 'web5', readySeconds: 1, intervalSeconds: 10 },
  { shape: 'web5', readySeconds: 5, intervalSeconds: 1 },
  { shape: 'fan20', readySeconds: 0, intervalSeconds: 1 },
  { shape: 'layers20', readySeconds: 0, intervalSeconds: 1 },
  fan100,
];
export const withinMs = 300_000;
export const firstPort = 21_000;

export const titleOf = ({ shape, readySeconds, intervalSeconds }: Variant): string =>
  `${shape}, ready after ${readySeconds} s, interval ${intervalSeconds === undefined ? 'default' : `${intervalSeconds} s`}`;

const portsOf = (shape: Shape): number[] =>
  Object.keys(servicesOf(shape)).map((_, index) => firstPort + index);

export type Row = {
  title: string;
  engine: Site['engine'];
  peer: string;
  pairs: number;
  batonMs: number[];
  peerMs: number[];
  /** T*: no deploy can be quicker than its longest path, or than the machine's CPUs take for all of it. */
  limitMs: number;
  /** Where Baton's time went, a deploy each. */
  steps: Steps[];
};

/** Of one container, alone: milliseconds until it answers, and of CPU. */
export type Single = { startMs: number; cpuMs: number };

/**
 * Parts of T*: the engine's own command line starts one container as a stack has them, with a host port, on a network of its
 * own (Docker sets a DNS server up for each of these), and nothing else goes on.
 */
export const singleStart = async (site: Site): Promise<Single> => {
  const starts: number[] = [];
  const cpu: number[] = [];
  const network = 'bench-single';
  const port = firstPort + 900;
  const options = ['--network', network, '-p', `127.0.0.1:${port}:80`, '--stop-signal', 'KILL'];
  const command = ['sh', '-c', 'mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 80 -h /www'];
  await site.cli('network', 'create', network);
  for (let round = 0; round < 11; round += 1) {
    const name = `bench-single-${round}`;
    const busy = await busyMs();
    const began = performance.now();
    await site.cli('run', '-d', '--name', name, ...options, needed('BATON_TEST_IMAGE'), ...command);
    starts.push(await allAnswer([port], began, withinMs));
    cpu.push((await busyMs()) - busy);
    await site.cli('rm', '-f', name);
  }
  await site.cli('network', 'rm', network);
  return { startMs: median(starts), cpuMs: median(cpu) };
};

/** Time that all CPUs together were busy since boot, from /proc/stat (proc_stat(5)): user, nice, system, irq, softirq. */
const busyMs = async (): Promise<number> => {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n')[0] ?? '';
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq) * 10;
};

const emptyRow = ({ site, peer, pairs }: Omit<Comparing, 'client'>, title: string): Row => ({
  title,
  engine: site.engine,
  peer: peer.name,
  pairs,
  batonMs: [],
  peerMs: [],
  limitMs: 0,
  steps: [],
});

type Comparing = { site: Site; client: Client; peer: Peer; pairs: number };

const measure = async (
  { site, client, peer, pairs }: Comparing,
  variant: Variant,
  limitMs: number,
): Promise<Row> => {
  const image = needed('BATON_TEST_IMAGE');
  const title = titleOf(variant);
  const ports = portsOf(variant.shape);
  const file = await site.write('bench.yml', stackFile('bench', image, variant, firstPort));
  const row: Row = { ...emptyRow({ site, peer, pairs }, title), limitMs };
  const operation = client.workflow.getHandle(stackWorkflowId(site.host, 'bench' as StackName));
  const batonUp = async (): Promise<void> => {
    const [began, beganAt] = [performance.now(), Date.now()];
    const deployed = site.report('deploy', 'bench.yml');
    row.batonMs.push(await allAnswer(ports, began, withinMs));
    const { code, out, err } = await deployed;
    // Its report is the last line.
    if (code !== 0) throw new Error(out.trim().split('\n').at(-1) || err);
    row.steps.push(await stepsOf(operation, beganAt));
  };
  const peerUp = async (): Promise<void> => {
    const began = performance.now();
    const up = peer.up(file);
    // A peer that ends without every service up has failed; the checker alone would wait for it.
    const failed = up.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => Promise.reject(error instanceof Error ? error : new Error(String(error))),
    );
    row.peerMs.push(await Promise.race([allAnswer(ports, began, withinMs), failed]));
    await up;
  };
  const baton = async (): Promise<void> => {
    await uninterrupted(batonUp);
    const removed = await site.baton('remove', 'bench');
    if (removed.code !== 0) throw new Error(removed.out + removed.err);
  };
  const other = async (): Promise<void> => {
    await uninterrupted(peerUp);
    await tidy(site, peer, file);
  };
  for (let pair = 0; pair < pairs; pair += 1)
    for (const run of pair % 2 === 0 ? [baton, other] : [other, baton]) await run();
  say(`${site.engine}: ${title}: Baton ${seconds(row.batonMs)}, ${peer.name} ${seconds(row.peerMs)}`);
  return row;
};

/**
 * Nothing of it is measured. Docker fails now and then at removing a container in which a health check runs, and keeps the
 * endpoint of one that is gone, with which its network cannot be removed.
 */
const tidy = async ({ engine }: Site, peer: Peer, file: string): Promise<void> => {
  for (let tries = 3; ; tries -= 1)
    try {
      await peer.down(file);
      return;
    } catch (error) {
      if (tries === 1 || engine !== 'docker') throw error;
      await delay(2_000);
      await (tries === 2 ? restartDocker() : dockerAnswers());
    }
};

export const unchangedTitle = 'web5, deployed again unchanged';

/** A second deploy that changes nothing. Both stacks are up, each with names and ports of its own. */
const unchanged = async ({ site, peer, pairs }: Omit<Comparing, 'client'>): Promise<Row> => {
  const variant: Variant = { shape: 'web5', readySeconds: 0, intervalSeconds: 10 };
  const image = needed('BATON_TEST_IMAGE');
  await site.write('mine.yml', stackFile('mine', image, variant, firstPort + 500));
  const file = await site.write('bench.yml', stackFile('bench', image, variant, firstPort));
  const row = emptyRow({ site, peer, pairs }, unchangedTitle);
  const deploy = async (): Promise<void> => {
    const { code, out, err } = await site.baton('deploy', 'mine.yml');
    if (code !== 0) throw new Error(`${out}\n${err}`);
  };
  await deploy();
  await peer.up(file);
  for (let pair = 0; pair < pairs; pair += 1) {
    row.batonMs.push(await timed(deploy));
    row.peerMs.push(await timed(() => peer.up(file)));
  }
  await site.baton('remove', 'mine');
  await tidy(site, peer, file);
  say(`${site.engine}: ${row.title}: Baton ${seconds(row.batonMs)}, ${peer.name} ${seconds(row.peerMs)}`);
  return row;
};

export type Todo = {
  what: string;
  peer: Peer;
  measureRow: (site: Site, client: Client, single: Single) => Promise<Row>;
};

type RowKey = Pick<Row, 'engine' | 'peer' | 'title'>;

export const isSameRow = (one: RowKey, other: RowKey): boolean =>
  one.engine === other.engine && one.peer === other.peer && one.title === other.title;

/** What is still to be measured beside a peer. */
export const rowsOf = (rows: readonly Row[], peer: Peer, pairs: number): Todo[] => {
  const has = (title: string): boolean =>
    rows.some((row) => isSameRow(row, { engine: peer.engine, peer: peer.name, title }));
  const todo = (title: string, measureRow: Todo['measureRow']): Todo[] =>
    has(title) ? [] : [{ what: `${peer.engine} ${peer.name} ${title}`, peer, measureRow }];
  const deploys = [...quick, ...(peer.keptUp ? slow : [])].flatMap((variant) =>
    todo(titleOf(variant), async (site, client, single) =>
      measure({ site, client, peer, pairs }, variant, limitOf(variant, single)),
    ),
  );
  return [...todo(unchangedTitle, async (site) => unchanged({ site, peer, pairs })), ...deploys];
};

const limitOf = ({ shape, readySeconds }: Variant, { startMs, cpuMs }: Single): number => {
  const services = servicesOf(shape);
  return Math.max(
    longestPath(services) * (startMs + readySeconds * 1000),
    (Object.keys(services).length * cpuMs) / cpus().length,
  );
};
