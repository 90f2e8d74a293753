/**
 * `npm run bench`: deploys side by side with what users would pick instead. Each pair runs interleaved, on the same images and
 * the same file, everything removed in between; the clock stops when a checker outside sees every service answer. Writes
 * docs/benchmarks.md, and what was measured to bench/results/.
 */
import { execa } from 'execa';
import { cpus, hostname, homedir, totalmem } from 'node:os';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openSnapshots } from '../activities/snapshots/index.ts';
import { hostConfig } from '../domain/host.ts';
import { Site } from '../test/e2e/site.ts';
import { Town } from '../test/faults/town.ts';
import { needed } from '../test/host/environment.ts';
import { allAnswer, quickNeighbours } from './checker.ts';
import { measureOwn, snapshotNames, tellOwn, type Own } from './own.ts';
import { findPeers, type Peer } from './peers.ts';
import { measureScale, tellScale, type Scale } from './scale.ts';
import { longestPath, servicesOf, stackFile, type Shape, type Variant } from './stacks.ts';
import { median, seconds, timed, times } from './stats.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10' },
    only: { type: 'string' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    `npm run bench -- [--pairs N] [--only TEXT] [--fresh]
A run that was cut off is gone on with on the same day, unless --fresh. TEXT: part of "podman podman-compose web5, ready after 1 s,
interval 1 s", "alone" (Baton by itself), or "scale" (an engine that takes no time).`,
  );
  process.exit();
}

/** Compose's own default, and the values that people write. */
const variants: Variant[] = [
  { shape: 'web5', readySeconds: 0, intervalSeconds: 1 },
  { shape: 'web5', readySeconds: 1, intervalSeconds: 1 },
  { shape: 'web5', readySeconds: 1, intervalSeconds: 10 },
  { shape: 'web5', readySeconds: 0 },
  { shape: 'web5', readySeconds: 5, intervalSeconds: 1 },
  { shape: 'chain10', readySeconds: 0, intervalSeconds: 1 },
  { shape: 'fan20', readySeconds: 0, intervalSeconds: 1 },
  { shape: 'layers20', readySeconds: 0, intervalSeconds: 1 },
  { shape: 'fan100', readySeconds: 0, intervalSeconds: 1 },
];
const withinMs = 300_000;
const firstPort = 21_000;

const titleOf = ({ shape, readySeconds, intervalSeconds }: Variant): string =>
  `${shape}, ready after ${readySeconds} s, interval ${intervalSeconds === undefined ? 'default' : `${intervalSeconds} s`}`;

const portsOf = (shape: Shape): number[] =>
  Object.keys(servicesOf(shape)).map((_, index) => firstPort + index);

type Engine = 'podman' | 'docker';
type Row = {
  title: string;
  engine: Engine;
  peer: string;
  pairs: number;
  batonMs: number[];
  peerMs: number[];
  /** T*: no deploy can be quicker than its longest path, or than the machine's CPUs take for all of it. */
  limitMs: number;
};

const log = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

/** Wall time of starting one container, alone, by the engine's own command line, and its CPU seconds: parts of T*. */
const singleStart = async (site: Site): Promise<{ startMs: number; cpuMs: number }> => {
  const starts: number[] = [];
  const cpu: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const name = `bench-single-${round}`;
    const args = ['-p', `127.0.0.1:${firstPort + 900}:80`, '--stop-signal', 'KILL'];
    const command = ['sh', '-c', 'mkdir -p /www; echo ok > /www/index.html; exec httpd -f -p 80 -h /www'];
    const busy = await busyMs();
    const began = performance.now();
    await site.cli('run', '-d', '--name', name, ...args, needed('BATON_TEST_IMAGE'), ...command);
    starts.push(await allAnswer([firstPort + 900], began, withinMs));
    cpu.push((await busyMs()) - busy);
    await site.cli('rm', '-f', name);
  }
  return { startMs: median(starts), cpuMs: median(cpu) };
};

/** Time that all CPUs together were busy since boot, from /proc/stat (proc_stat(5)): user, nice, system, irq, softirq. */
const busyMs = async (): Promise<number> => {
  const line = (await readFile('/proc/stat', 'utf8')).split('\n')[0] ?? '';
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(/\s+/).map(Number);
  return (user + nice + system + irq + softirq) * 10;
};

const measure = async (
  site: Site,
  peer: Peer,
  variant: Variant,
  pairs: number,
  limitMs: number,
): Promise<Row> => {
  const image = needed('BATON_TEST_IMAGE');
  const title = titleOf(variant);
  const ports = portsOf(variant.shape);
  const file = await site.write('bench.yml', stackFile('bench', image, variant, firstPort));
  const row: Row = { title, engine: site.engine, peer: peer.name, pairs, batonMs: [], peerMs: [], limitMs };
  const baton = async (): Promise<void> => {
    const began = performance.now();
    const deployed = site.report('deploy', 'bench.yml');
    row.batonMs.push(await allAnswer(ports, began, withinMs));
    const { code, out, err } = await deployed;
    if (code !== 0) throw new Error(`${out}\n${err}`);
    const removed = await site.baton('remove', 'bench');
    if (removed.code !== 0) throw new Error(removed.out + removed.err);
  };
  const other = async (): Promise<void> => {
    const began = performance.now();
    const up = peer.up(file);
    // A peer that ends without every service up has failed; the checker alone would wait for it.
    const failed = up.then(
      () => new Promise<never>(() => undefined),
      (error: unknown) => Promise.reject(error instanceof Error ? error : new Error(String(error))),
    );
    row.peerMs.push(await Promise.race([allAnswer(ports, began, withinMs), failed]));
    await up;
    await peer.down(file);
  };
  for (let pair = 0; pair < pairs; pair += 1)
    for (const run of pair % 2 === 0 ? [baton, other] : [other, baton]) await run();
  log(`${site.engine}: ${title}: Baton ${seconds(row.batonMs)}, ${peer.name} ${seconds(row.peerMs)}`);
  return row;
};

const unchangedTitle = 'web5, deployed again unchanged';

/** A second deploy that changes nothing. */
const unchanged = async (site: Site, peer: Peer, pairs: number): Promise<Row> => {
  const variant: Variant = { shape: 'web5', readySeconds: 0, intervalSeconds: 1 };
  const file = await site.write(
    'bench.yml',
    stackFile('bench', needed('BATON_TEST_IMAGE'), variant, firstPort),
  );
  const row: Row = {
    title: unchangedTitle,
    engine: site.engine,
    peer: peer.name,
    pairs,
    batonMs: [],
    peerMs: [],
    limitMs: 0,
  };
  await site.baton('deploy', 'bench.yml');
  for (let pair = 0; pair < pairs; pair += 1)
    row.batonMs.push(await timed(() => site.baton('deploy', 'bench.yml')));
  await site.baton('remove', 'bench');
  await peer.up(file);
  for (let pair = 0; pair < pairs; pair += 1) row.peerMs.push(await timed(() => peer.up(file)));
  await peer.down(file);
  log(`${site.engine}: ${row.title}: Baton ${seconds(row.batonMs)}, ${peer.name} ${seconds(row.peerMs)}`);
  return row;
};

type Small = { what: string; ms: number[]; beside?: { what: string; ms: number[] } };

/** Start to end of the command line, and data put back against what `tar` takes for the same. */
const small = async (site: Site, pairs: number): Promise<Small[]> => {
  const repeat = async (work: () => Promise<unknown>): Promise<number[]> => {
    await work();
    const taken: number[] = [];
    for (let round = 0; round < pairs; round += 1) taken.push(await timed(work));
    return taken;
  };
  const help = await repeat(() => site.baton('--help'));
  await site.write(
    'bench.yml',
    stackFile('bench', needed('BATON_TEST_IMAGE'), { shape: 'web5', readySeconds: 0 }, firstPort),
  );
  const plan = await repeat(() => site.baton('plan', 'bench.yml'));
  const rows: Small[] = [
    { what: '`baton --help`', ms: help },
    { what: '`baton plan`, 5 services', ms: plan },
  ];
  for (const files of [1_000, 10_000]) rows.push(await dataUndo(site, files, pairs));
  return rows;
};

const dataUndo = async (site: Site, files: number, pairs: number): Promise<Small> => {
  const snapshots = openSnapshots();
  const path = join(site.data, `undo-${files}`);
  await execa('btrfs', ['subvolume', 'create', path]);
  for (let n = 0; n < files; n += 1) await writeFile(join(path, `file-${n}`), `row ${n}\n`);
  const archive = join(site.data, `undo-${files}.tar`);
  await execa('tar', ['-C', path, '-cf', archive, '.']);
  const swap: number[] = [];
  const tar: number[] = [];
  for (let round = 0; round < pairs; round += 1) {
    const { before, failed } = snapshotNames(round);
    await snapshots.take(path, before, 'btrfs');
    swap.push(await timed(() => snapshots.swapIn(path, before, 'btrfs', failed)));
    const kept = await snapshots.find(path, failed);
    if (kept) await snapshots.remove(kept);
    const unpack = async (): Promise<void> => {
      await execa('find', [path, '-mindepth', '1', '-delete']);
      await execa('tar', ['-C', path, '-xpf', archive]);
      await execa('sync', ['-f', path]);
    };
    tar.push(await timed(unpack));
  }
  log(`data undo of ${files} files: ${seconds(swap)}, tar ${seconds(tar)}`);
  return { what: `data put back, ${files} files`, ms: swap, beside: { what: '`tar`', ms: tar } };
};

/** All that was measured; kept in bench/results by day, so that a run that was cut off is gone on with. */
type Results = {
  machine: string;
  rows: Row[];
  small?: Small[];
  own?: Own;
  scale?: Scale;
  failures: string[];
};

const day = new Date().toISOString().slice(0, 10);
const resultsFile = join(import.meta.dirname, 'results', `${day}.json`);

const readResults = async (): Promise<Results> => {
  const empty: Results = { machine: await describeMachine(), rows: [], failures: [] };
  if (values.fresh) return empty;
  const text = await readFile(resultsFile, 'utf8').catch(() => undefined);
  return text === undefined ? empty : { ...(JSON.parse(text) as Results), failures: [] };
};

const describeMachine = async (): Promise<string> => {
  const commands = [
    ['podman', '--version'],
    ['docker', '--version'],
    ['uname', '-sr'],
  ] as const;
  const versions = await Promise.all(
    commands.map(async ([command, argument]) => (await execa(command, [argument])).stdout),
  );
  return `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB; ${versions.join('; ')}; Node ${process.version}`;
};

const run = async (): Promise<void> => {
  const config = hostConfig(process.env, { hostname: hostname(), home: homedir() });
  const pairs = Number(values.pairs);
  const results = await readResults();
  const { peers, missing } = await findPeers(config.cacheDirectory);
  results.failures.push(...missing);
  for (const line of missing) log(`Not compared: ${line}`);
  const wanted = (what: string): boolean => values.only === undefined || what.includes(values.only);
  const town = await Town.open();
  const slowNeighbours = await quickNeighbours();
  try {
    for (const engine of ['podman', 'docker'] as const) {
      const own = peers.filter((peer) => peer.engine === engine);
      const todo = own.flatMap((peer) => rowsOf(results, peer, pairs).filter(({ what }) => wanted(what)));
      const alone = engine === 'podman' && wanted('alone') && !(results.small && results.own);
      if (todo.length === 0 && !alone) continue;
      const site = await Site.open(engine, 'btrfs', { TEMPORAL_ADDRESS: town.address });
      try {
        const single = await singleStart(site);
        log(
          `${engine}: one container answers after ${Math.round(single.startMs)} ms, ${Math.round(single.cpuMs)} ms of CPU`,
        );
        for (const { what, peer, measureRow } of todo)
          try {
            results.rows.push(await measureRow(site, single));
            await write(results);
          } catch (error) {
            const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
            results.failures.push(`${what}: ${why.slice(0, 200)}`);
            log(`Not compared: ${results.failures.at(-1) ?? ''}`);
            await peer.down(join(site.files, 'bench.yml')).catch(() => undefined);
            await site.baton('remove', 'bench');
          }
        if (alone) {
          results.small = await small(site, pairs);
          results.own = await measureOwn(site, firstPort, pairs);
          await write(results);
        }
      } finally {
        await site.close();
      }
    }
    if (wanted('scale') && !results.scale) results.scale = await measureScale(town.address);
  } finally {
    await slowNeighbours();
    await town.close();
  }
  await write(results);
};

type Single = { startMs: number; cpuMs: number };
type Todo = { what: string; peer: Peer; measureRow: (site: Site, single: Single) => Promise<Row> };

/** What is still to be measured beside a peer. */
const rowsOf = ({ rows }: Results, peer: Peer, pairs: number): Todo[] => {
  const has = (title: string): boolean =>
    rows.some((row) => row.engine === peer.engine && row.peer === peer.name && row.title === title);
  const deploys = variants.map((variant) => ({
    title: titleOf(variant),
    measureRow: async (site: Site, { startMs, cpuMs }: Single): Promise<Row> => {
      const services = servicesOf(variant.shape);
      const limitMs = Math.max(
        longestPath(services) * (startMs + variant.readySeconds * 1000),
        (Object.keys(services).length * cpuMs) / cpus().length,
      );
      return await measure(site, peer, variant, pairs, limitMs);
    },
  }));
  const again = {
    title: unchangedTitle,
    measureRow: async (site: Site): Promise<Row> => await unchanged(site, peer, pairs),
  };
  return [...deploys, again]
    .filter(({ title }) => !has(title))
    .map(({ title, measureRow }) => ({ what: `${peer.engine} ${peer.name} ${title}`, peer, measureRow }));
};

const write = async ({
  machine,
  rows,
  small: details = [],
  own,
  scale,
  failures,
}: Results): Promise<void> => {
  await mkdir(join(import.meta.dirname, 'results'), { recursive: true });
  const all = { machine, rows, small: details, own, scale, failures };
  await writeFile(resultsFile, `${JSON.stringify(all, null, 1)}\n`);
  const deploys = rows.map(
    ({ title, engine, peer, pairs: count, batonMs, peerMs, limitMs }) =>
      `| ${engine} | ${title} | ${count} | ${seconds(batonMs)} | ${peer}: ${seconds(peerMs)} | ${times(peerMs, batonMs)} | ${limitMs === 0 ? '–' : (median(batonMs) / limitMs).toFixed(2)} |`,
  );
  const others = details.map(
    ({ what, ms, beside }) =>
      `| ${what} | ${seconds(ms)} | ${beside ? `${beside.what}: ${seconds(beside.ms)}` : '–'} | ${beside ? times(beside.ms, ms) : '–'} |`,
  );
  await writeFile(
    join(import.meta.dirname, '..', 'docs', 'benchmarks.md'),
    `<!-- Written by \`npm run bench\`; do not edit. -->

# Benchmarks

${machine}. Measured on ${day}, pairs interleaved; medians with their range, ratios of medians with 95 % bootstrap intervals. The clock starts
with the command and stops when a checker outside has seen every service answer on its host port. Baton's worker and its Temporal dev
server (SQLite file) were running, as were the engines. The machine repeats ARP requests after 20 ms, not after a second: asked as early and
as often as the checker does, Docker's proxy would else add up to three seconds to every figure.

## Deploys

T* is the least that a deploy can take: the longest path of (one container started alone + its time to ready), or the CPU time of
all containers divided by the cores, whichever is more; measured with the engine's own command line in the same run.

| engine | stack | pairs | Baton | beside | times as fast | of T* |
| --- | --- | --- | --- | --- | --- | --- |
${deploys.join('\n')}

## Other

| what | Baton | beside | times as fast |
| --- | --- | --- | --- |
${others.join('\n')}
${own ? `\n## Baton alone, on Podman\n\n| what | |\n| --- | --- |\n${tellOwn(own)}\n` : ''}${scale ? `\n## An engine that takes no time\n\n${tellScale(scale)}\n` : ''}
## Not compared

${failures.length === 0 ? 'Nothing that was planned.' : failures.map((line) => `- ${line}`).join('\n')}
`,
  );
};

await run();
process.exit();
