/**
 * `npm run faults`: runs the matrix, or the part of it that is asked for, and writes docs/faults.md. It goes on where it was
 * cut off. Needs root, as the tests do.
 */
import { createHash } from 'node:crypto';
import { hostname, homedir, cpus } from 'node:os';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostConfig } from '../../domain/host.ts';
import { faultKinds, type FaultKind } from './fault.ts';
import { found } from './found.ts';
import { describe, report, reproduce, Results, sample, type Cell, type Entry } from './matrix.ts';
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
    fresh: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const usage = `npm run faults -- [--operation NAME]… [--fault KIND]… [--at N] [--part 1/4] [--minutes M] [--sample N --seed S] [--fresh]
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

const { stateDirectory } = hostConfig(process.env, { hostname: hostname(), home: homedir() });
const file = join(stateDirectory, 'faults.jsonl');
if (values.fresh) await rm(file, { force: true });
const results = await Results.open(file);
const deadline = Date.now() + Number(values.minutes) * 60_000;
const [part = 1, parts = 1] = values.part.split('/').map(Number);

/** Spread by hash, so that the parts are of one size whatever the operation. */
const isOurs = ({ scenario, kind, at }: Cell): boolean => {
  const hash = createHash('sha256').update(`${scenario} ${kind} ${at}`).digest().readUInt32BE(0);
  return hash % parts === part - 1;
};

/** Cells from the first effect on; the caller says when there are no more. */
function* cells(): Generator<{ scenario: Scenario; kind: FaultKind; at: number }> {
  if (values.sample !== undefined) {
    yield* sample(Number(values.sample), Number(values.seed));
    return;
  }
  const names = wanted(
    values.operation,
    scenarios.map(({ name }) => name),
  );
  const kinds = wanted(values.fault, faultKinds);
  for (const scenario of scenarios.filter(({ name }) => names.includes(name)))
    for (const kind of kinds)
      for (let at = Number(values.at ?? 1); at < 1_000; at += 1) {
        const cell = { scenario: scenario.name, kind, at };
        if (results.isBeyond(cell) && values.at === undefined) break;
        if (isOurs(cell)) yield { scenario, kind, at };
        else if (at > scenario.effects * 2) break;
        if (values.at !== undefined) break;
      }
}

// The run under way is ended and tidied first.
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stopping = true;
  });

const run = async (): Promise<number> => {
  let broken = 0;
  let town = await Town.open();
  try {
    for (const { scenario, kind, at } of cells()) {
      if (stopping || Date.now() > deadline) break;
      const cell = { scenario: scenario.name, kind, at };
      const again = values.at !== undefined || values.sample !== undefined;
      if (!again && results.has(cell)) continue;
      const result = await runOnce(town, { scenario, fault: { kind, at } }).catch((error: unknown) => ({
        struck: true,
        violations: [
          `the run itself failed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
        ],
        durationMs: 0,
      }));
      const { effect, ...rest } = { effect: undefined, ...result };
      const entry: Entry = { ...cell, ...rest, ...(effect ? { effect: `${effect.call} ${effect.on}` } : {}) };
      console.log(describe(entry));
      if (entry.violations.length > 0) {
        broken += 1;
        for (const line of entry.violations) console.log(`    ${line}`);
        console.log(`    Again: ${reproduce(cell)}`);
        // What it left may not spoil the next one.
        await town.close();
        town = await Town.open();
      }
      if (!again) await results.add(entry);
    }
  } finally {
    await town.close();
  }
  return broken;
};

if (values.help) console.log(usage);
else {
  const broken = await run();
  if (values.at === undefined && values.sample === undefined) {
    const about = `On Podman and btrfs, ${cpus().length} cores, Node ${process.version}.`;
    const text = report(
      (await Results.open(file)).entries,
      about,
      found.map(({ what }) => what),
    );
    await writeFile(join(import.meta.dirname, '..', '..', 'docs', 'faults.md'), text);
  }
  process.exitCode = broken === 0 ? 0 : 1;
}
process.exit();
