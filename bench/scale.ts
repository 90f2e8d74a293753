/** How time and memory grow with the number of stacks on a host, and how many deploys a second Temporal's servers carry. */
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { setTimeout as delay } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { openNullHost, type NullHost } from './null-host.ts';
import type { PostgresServer } from './postgres.ts';
import { say } from './say.ts';
import { median } from './stats.ts';

type Growth = {
  /** Of a stack of one service, {@link atOnce} at a time, while the host comes to have 100. */
  deploysPerSecond: number;
  /** With so many stacks on the host: ms of one more deploy alone (median of ten), and the worker's resident memory, MiB. */
  growth: { stacks: number; deployMs: number; memoryMiB: number }[];
};

export type Scale = {
  /** On Temporal's dev server with a SQLite file. */
  devServer: Growth;
  /** On a server on PostgreSQL, where one could be had. */
  postgres?: Growth & { about: string };
  /** Of a deploy that waits for a service: a cached workflow, and its activity; KiB. */
  waitingKiB: number;
};

const atOnce = 8;
/** At each number of stacks. */
const samples = 10;
const waiting = 500;

/** @param address the dev server's; this has it to itself. */
export const measureScale = async (address: string, postgres: PostgresServer | undefined): Promise<Scale> => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const waitingKiB = await onHost(address, 'waiting', waiting, measureWaiting);
  const devServer = await onHost(address, 'many', atOnce, async (host) =>
    measureGrowth(host, [1, 10, 100, 1_000]),
  );
  if (!postgres) return { devServer, waitingKiB };
  const growth = await onHost(postgres.address, 'many', atOnce, async (host) =>
    measureGrowth(host, [1, 10, 100]),
  );
  return { devServer, postgres: { ...growth, about: postgres.about }, waitingKiB };
};

const onHost = async <T>(
  address: string,
  name: string,
  width: number,
  work: (host: NullHost) => Promise<T>,
): Promise<T> => {
  const host = await openNullHost(address, name, width);
  try {
    return await work(host);
  } finally {
    await host.close();
  }
};

const measureGrowth = async (host: NullHost, milestones: readonly number[]): Promise<Growth> => {
  let count = 0;
  const deployOne = async (): Promise<number> => {
    count += 1;
    const began = performance.now();
    const { outcome, problems, failure } = await (await host.deploy(`stack${count}`, 0)).result();
    if (outcome !== 'done') throw new Error(`${outcome}: ${JSON.stringify({ problems, failure })}`);
    return performance.now() - began;
  };
  const deployMany = async (upTo: number): Promise<number> => {
    const [began, first] = [performance.now(), count];
    const lane = async (): Promise<void> => {
      while (count < upTo) await deployOne();
    };
    await Promise.all(Array.from({ length: atOnce }, lane));
    return ((count - first) * 1_000) / (performance.now() - began);
  };
  const growth: Growth['growth'] = [];
  let deploysPerSecond = 0;
  for (const stacks of milestones) {
    const rate = await deployMany(stacks - samples);
    if (stacks === 100) deploysPerSecond = rate;
    const alone: number[] = [];
    while (count < stacks) alone.push(await deployOne());
    growth.push({ stacks, deployMs: median(alone), memoryMiB: residentMiB() });
    say(`${stacks} stacks: ${Math.round(median(alone))} ms`);
  }
  return { deploysPerSecond, growth };
};

/** Many deploys wait for a service that takes a minute; all end before this does. */
const measureWaiting = async (host: NullHost): Promise<number> => {
  const readyMs = 60_000;
  // What the first one loads is not counted.
  await (await host.deploy('first', 0)).result();
  const before = residentMiB();
  const deploys = await Promise.all(
    Array.from({ length: waiting }, async (_, index) => host.deploy(`waiting${index}`, readyMs)),
  );
  await delay(readyMs / 2);
  const after = residentMiB();
  await Promise.all(deploys.map(async (deploy) => deploy.result()));
  return ((after - before) * 1_024) / waiting;
};

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const residentMiB = (): number => {
  collectGarbage();
  return process.memoryUsage.rss() / 2 ** 20;
};

/** As lines of a report. */
export const tellScale = ({ devServer, postgres, waitingKiB }: Scale): string => {
  const rows = ({ growth }: Growth): string =>
    growth
      .map(
        ({ stacks, deployMs, memoryMiB }) =>
          `| ${stacks} | ${Math.round(deployMs)} ms | ${Math.round(memoryMiB)} MiB |`,
      )
      .join('\n');
  const table = (about: string, growth: Growth): string =>
    `${about}: ${growth.deploysPerSecond.toFixed(1)} deploys a second, ${atOnce} at a time.

| stacks on the host | one more deploy, alone | memory of worker and client |
| --- | --- | --- |
${rows(growth)}`;
  return `Stacks of one service. A deploy that waits for its service holds ${Math.round(waitingKiB)} KiB in the worker: a cached workflow and an activity under way
(${waiting} at once).

${table("Temporal's dev server on a SQLite file", devServer)}

${postgres ? table(postgres.about, postgres) : 'A server on PostgreSQL was not compared.'}`;
};
