/**
 * `npm run bench`: deploys side by side with what users would pick instead, and what Baton costs by itself. Writes
 * docs/benchmarks.md, and what was measured to bench/results/.
 */
import { Client, Connection } from '@temporalio/client';
import { hostname, homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostConfig } from '../domain/host.ts';
import { batonVersion } from '../setup/baton-version.ts';
import { Site } from '../test/e2e/site.ts';
import { Town } from '../test/faults/town.ts';
import { quickNeighbours } from './checker.ts';
import { firstPort, isSameRow, rowsOf, singleStart, type Todo } from './compare.ts';
import { keepDocker } from './keep-docker.ts';
import { measureOwn } from './own.ts';
import { findPeers } from './peers.ts';
import { startOnPostgres } from './postgres.ts';
import { writeReport } from './report.ts';
import { describeMachine, openResults, saveResults, today, type Results, type Sitting } from './results.ts';
import { say } from './say.ts';
import { measureScale, type Scale } from './scale.ts';
import { measureSmall } from './small.ts';
import { measureWatching } from './watching.ts';

const { values } = parseArgs({
  options: {
    pairs: { type: 'string', default: '10' },
    only: { type: 'string' },
    again: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(
    `npm run bench -- [--pairs N] [--only TEXT] [--again] [--fresh]
A run that was cut off is gone on with, unless --fresh. TEXT: part of "podman podman-compose web5, ready after 1 s, interval 1 s",
"alone" (Baton by itself), or "scale" (an engine that takes no time). --again: also what has been measured.`,
  );
  process.exit();
}
const pairs = Number(values.pairs);
const wanted = (what: string): boolean => values.only === undefined || what.includes(values.only);

const keep = async (results: Results): Promise<void> => {
  results.unmeasured = [
    ...peers.flatMap((peer) => rowsOf(results.rows, peer, pairs).map(({ what }) => what)),
    ...(results.scale ? [] : ['an engine that takes no time, with the dev server and with PostgreSQL']),
  ];
  await saveResults(results);
  await writeReport(results);
};

/** One row; where it fails, that is told, and what it left is removed. */
const measureOne = async (
  results: Results,
  { what, peer, measureRow }: Todo,
  site: Site,
  client: Client,
): Promise<void> => {
  const single = results.singles[site.engine];
  if (!single) throw new Error('One container alone has not been measured.');
  try {
    const row = { ...(await measureRow(site, client, single)), ...sitting };
    results.rows = [...results.rows.filter((one) => !isSameRow(one, row)), row];
  } catch (error) {
    // Of a command that failed the last line says why.
    const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
    const why = [...new Set([lines[0], lines.at(-1)])].join(' … ');
    results.notCompared.push(`${what}: ${why.slice(0, 1_000)}`);
    say(`Not compared: ${results.notCompared.at(-1) ?? ''}`);
    await peer.down(join(site.files, 'bench.yml')).catch(() => undefined);
    for (const stack of ['bench', 'mine']) await site.baton('remove', stack);
  }
  await keep(results);
};

const measureEngine = async (
  engine: Site['engine'],
  results: Results,
  todo: Todo[],
  address: string,
): Promise<void> => {
  const isWhole = results.small && results.own && results.watching;
  const alone = engine === 'podman' && wanted('alone') && (values.again || !isWhole);
  if (todo.length === 0 && !alone) return;
  const site = await Site.open(engine, 'btrfs', { TEMPORAL_ADDRESS: address });
  const client = new Client({ connection: await Connection.connect({ address }) });
  try {
    // T* is of the same sitting as what is measured against it.
    results.singles[engine] = await singleStart(site);
    if (alone) {
      results.small = await measureSmall(site, pairs);
      results.own = await measureOwn(site, client, firstPort, pairs);
      results.watching = await measureWatching(site, client, pairs);
      results.aloneIn = sitting;
      await keep(results);
    }
    for (const one of todo) await measureOne(results, one, site, client);
  } finally {
    await client.connection.close();
    await site.close();
  }
};

/** On the town's dev server, and on a server on PostgreSQL where one can be built. */
const measureBoth = async (): Promise<Scale> => {
  const postgres = await startOnPostgres(cacheDirectory).catch((error: unknown) => {
    results.notCompared.push(`a Temporal server on PostgreSQL: ${String(error).split('\n')[0] ?? ''}`);
    return undefined;
  });
  try {
    return await measureScale(town.address, postgres);
  } finally {
    await postgres?.close();
  }
};

const { cacheDirectory } = hostConfig(process.env, { hostname: hostname(), home: homedir() });
const results = await openResults({ fresh: values.fresh, again: values.again });
const sitting: Sitting = {
  day: today,
  machine: await describeMachine(),
  version: await batonVersion('bench/results'),
};
const { peers, missing } = await findPeers(cacheDirectory);
results.notCompared.push(...missing);
results.peers = peers.map(({ name, version, engine, leavesOut }) => ({
  name,
  version,
  engine,
  ...(leavesOut === undefined ? {} : { leavesOut }),
}));
const town = await Town.open();
const slowNeighbours = await quickNeighbours();
const letDocker = keepDocker();
// Cut off: what has been measured is kept, the row that was under way is not.
process.once('SIGTERM', () => {
  void Promise.all([letDocker(), slowNeighbours()])
    .then(async () => {
      await town.close();
    })
    .finally(() => process.exit(143));
});
try {
  for (const engine of ['podman', 'docker'] as const) {
    const ofEngine = peers.filter((peer) => peer.engine === engine);
    const todo = ofEngine.flatMap((peer) => rowsOf(values.again ? [] : results.rows, peer, pairs));
    await measureEngine(
      engine,
      results,
      todo.filter(({ what }) => wanted(what)),
      town.address,
    );
  }
  if (wanted('scale') && (values.again || !results.scale)) {
    results.scale = await measureBoth();
    results.scaleIn = sitting;
  }
} finally {
  await letDocker();
  await slowNeighbours();
  await town.close();
}
await keep(results);
process.exit();
