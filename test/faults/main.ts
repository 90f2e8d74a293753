/**
 * `npm run faults`: runs the matrix, or the part of it that is asked for, and writes docs/faults.md. It goes on where it was
 * cut off; `--fresh` begins anew, as is due where workflows or activities have changed. Needs root, as the tests do.
 */
import { createHash } from 'node:crypto';
import { cpus } from 'node:os';
import { appendFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { batonVersion } from '../../setup/baton-version.ts';
import { faultKinds, type FaultKind } from './fault.ts';
import { found } from './found.ts';
import {
  describe,
  readSeeds,
  report,
  reproduce,
  Results,
  sample,
  type Cell,
  type Entry,
  type Seeds,
} from './matrix.ts';
import { openSimulation } from '../simulation/open.ts';
import { regressions } from '../simulation/regressions.ts';
import { runOnce } from './run.ts';
import { scenarios, type Scenario } from './scenarios.ts';
import { Town } from './town.ts';

const { values } = parseArgs({
  options: {
    operation: { type: 'string', multiple: true },
    fault: { type: 'string', multiple: true },
    at: { type: 'string' },
    part: { type: 'string', default: '1/1' },
    minutes: { type: 'string', default: '100000' },
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '10000' },
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const usage = `npm run faults -- [--operation NAME]… [--fault KIND]… [--at N] [--part 1/4] [--minutes M] [--sample N --seed S] [--seeds N] [--fresh]
After the matrix, N seeds of the simulation (10,000); 0 for none.
Two at a time: BATON_FAULT_TOWN=b npm run faults -- --part 2/2, beside --part 1/2.
Operations: ${scenarios.map(({ name }) => name).join(', ')}
Faults: ${faultKinds.join(', ')}`;

const wanted = <T extends string>(given: string[] | undefined, all: readonly T[]): readonly T[] => {
  const unknown = (given ?? []).find((name) => !all.some((known) => known === name));
  if (unknown !== undefined) {
    console.error(`Nothing is called "${unknown}".\n${usage}`);
    process.exit(64);
  }
  return given ? all.filter((name) => given.includes(name)) : all;
};

const root = join(import.meta.dirname, '..', '..');
const file = join(import.meta.dirname, 'results.jsonl');
const seedsFile = join(import.meta.dirname, '..', 'simulation', 'results.jsonl');
const version = await batonVersion('test/*/results.jsonl');
if (values.fresh) for (const one of [file, seedsFile]) await rm(one, { force: true });
const results = await Results.open(file);
const deadline = Date.now() + Number(values.minutes) * 60_000;
const [part = 1, parts = 1] = values.part.split('/').map(Number);

/** A number that is the same in every run, and tells nothing about the cell. */
const spread = ({ scenario, kind, at }: Cell): number =>
  createHash('sha256').update(`${scenario} ${kind} ${at}`).digest().readUInt32BE(0);

/** Parts are of one size whatever the operation. */
const isOurs = (cell: Cell): boolean => spread(cell) % parts === part - 1;

type Asked = { scenario: Scenario; kind: FaultKind; at: number };
const cellOf = ({ scenario, kind, at }: Asked): Cell => ({ scenario: scenario.name, kind, at });

/** Drawn as a sample; or the one that was named; or all, mixed, so that a part of them already tells of every fault. */
function* cells(): Generator<Asked> {
  if (values.sample !== undefined) {
    yield* sample(Number(values.sample), Number(values.seed));
    return;
  }
  const names = wanted(
    values.operation,
    scenarios.map(({ name }) => name),
  );
  const kinds = wanted(values.fault, faultKinds);
  const pairs = scenarios
    .filter(({ name }) => names.includes(name))
    .flatMap((scenario) => kinds.map((kind) => ({ scenario, kind })));
  if (values.at !== undefined) {
    for (const pair of pairs) yield { ...pair, at: Number(values.at) };
    return;
  }
  const expected = pairs.flatMap((pair) =>
    Array.from({ length: pair.scenario.effects }, (_, index): Asked => ({ ...pair, at: index + 1 })),
  );
  yield* expected
    .filter((asked) => isOurs(cellOf(asked)))
    .sort((one, other) => spread(cellOf(one)) - spread(cellOf(other)));
  // Faults make some more: on until a run ends untouched.
  for (const pair of pairs)
    for (let at = pair.scenario.effects + 1; !results.isBeyond(cellOf({ ...pair, at })); at += 1)
      if (isOurs(cellOf({ ...pair, at: pair.scenario.effects + 1 }))) yield { ...pair, at };
      else break;
}

// The run under way is ended and tidied first.
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stopping = true;
  });

/** Where it lies, and the whole of an id, tell nothing that lasts. */
const briefly = (on: string): string =>
  on.startsWith('/') ? on.split('/').slice(-2).join('/') : on.slice(0, 24);

const asFailed = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

const run = async (): Promise<number> => {
  let broken = 0;
  let town = await Town.open();
  try {
    for (const { scenario, kind, at } of cells()) {
      if (stopping || Date.now() > deadline) break;
      const cell = cellOf({ scenario, kind, at });
      const again = values.at !== undefined || values.sample !== undefined;
      if (!again && (results.has(cell) || results.isBeyond(cell))) continue;
      const result = await runOnce(town, { scenario, fault: { kind, at } }).catch(asFailed);
      if (result instanceof Error) {
        // It says nothing of Baton, and stays to be run.
        console.log(`✗ · ${reproduce(cell)}: the run itself failed: ${result.stack ?? ''}`);
      } else {
        const { effect, story, ...rest } = result;
        const told = effect ? { effect: `${effect.call} ${briefly(effect.on)}` } : {};
        const entry: Entry = { ...cell, ...rest, version, ...told };
        console.log(describe(entry));
        for (const line of entry.violations) console.log(`    ${line}`);
        if (entry.violations.length > 0) {
          console.log(`    Again: ${reproduce(cell)}`);
          for (const line of story) console.log(`      ${line}`);
        }
        if (!again) await results.add(entry);
        if (entry.violations.length === 0) continue;
      }
      broken += 1;
      // What it left may not spoil the next one.
      await town.close();
      town = await Town.open();
    }
  } finally {
    await town.close();
  }
  return broken;
};

/** Seeds in pieces, so that they can be gone on with. @returns how many were run, ever, and what broke. */
const simulate = async (seeds: number): Promise<Seeds> => {
  const done = await readSeeds(seedsFile);
  const mayGoOn = (): boolean => done.count < seeds && !stopping && Date.now() < deadline;
  if (!mayGoOn()) return done;
  const simulation = await openSimulation();
  try {
    while (mayGoOn()) {
      const count = Math.min(100, seeds - done.count);
      const broken = await simulation.runAll(done.count + 1, count);
      for (const line of broken) console.log(`✗ · simulation · ${line}`);
      await appendFile(seedsFile, `${JSON.stringify({ count, broken, version })}\n`);
      done.count += count;
      done.broken.push(...broken);
      console.log(`${done.count} seeds, ${done.broken.length} broken`);
    }
  } finally {
    await simulation.close();
  }
  return done;
};

if (values.help) console.log(usage);
else {
  let broken = await run();
  if (values.at === undefined && values.sample === undefined) {
    const seeds = await simulate(Number(values.seeds));
    broken += seeds.broken.length;
    const about = `On Podman and btrfs, ${cpus().length} cores, Node ${process.version}.`;
    const text = report(
      (await Results.open(file)).entries,
      seeds,
      about,
      [...found, ...regressions].map(({ what }) => what),
    );
    await writeFile(join(root, 'docs', 'faults.md'), text);
  }
  process.exitCode = broken === 0 ? 0 : 1;
}
process.exit();
