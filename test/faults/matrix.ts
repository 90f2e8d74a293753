/** The matrix: every operation × every fault × every effect. What is run, what came of it, and how it is told. */
import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { faultKinds, faultTitles, type FaultKind } from './fault.ts';
import { scenarios, type Scenario } from './scenarios.ts';
import { random } from '../random.ts';

export type Cell = { scenario: string; kind: FaultKind; at: number };
export type Entry = Cell & {
  struck: boolean;
  effect?: string;
  outcome?: string;
  violations: string[];
  durationMs: number;
  /** The version of Baton that was run: a commit, and `+` where files differed from it. */
  version: string;
};

/** The line that runs one cell again. */
export const reproduce = ({ scenario, kind, at }: Cell): string =>
  `npm run faults -- --operation '${scenario}' --fault ${kind} --at ${at}`;

/** What one run had to say, on one line. */
export const describe = ({ scenario, kind, at, effect, outcome, durationMs, violations }: Entry): string =>
  [
    violations.length === 0 ? '✓' : '✗',
    scenario,
    kind,
    at,
    effect ?? '(untouched)',
    outcome ?? 'no end',
    `${(durationMs / 1000).toFixed(1)} s`,
  ].join(' · ');

/** Results so far: one JSON line a run, so that a matrix can be cut off and gone on with. */
export class Results {
  readonly #file: string;
  readonly entries: Entry[];

  private constructor(file: string, entries: Entry[]) {
    this.#file = file;
    this.entries = entries;
  }

  static async open(file: string): Promise<Results> {
    await mkdir(dirname(file), { recursive: true });
    const text = await readFile(file, 'utf8').catch(() => '');
    const lines = text.split('\n').filter((line) => line !== '');
    return new Results(
      file,
      lines.map((line) => JSON.parse(line) as Entry),
    );
  }

  async add(entry: Entry): Promise<void> {
    this.entries.push(entry);
    await appendFile(this.#file, `${JSON.stringify(entry)}\n`);
  }

  has({ scenario, kind, at }: Cell): boolean {
    return this.entries.some(
      (entry) => entry.scenario === scenario && entry.kind === kind && entry.at === at,
    );
  }

  /** True where an earlier run has shown that the operation has fewer effects than `at`. */
  isBeyond({ scenario, kind, at }: Cell): boolean {
    return this.entries.some(
      (entry) => entry.scenario === scenario && entry.kind === kind && isUntouched(entry) && entry.at <= at,
    );
  }
}

/** `count` different cells, drawn with `seed`. */
export const sample = (
  count: number,
  seed: number,
): { scenario: Scenario; kind: FaultKind; at: number }[] => {
  const next = random(seed);
  const pick = <T>(list: readonly T[]): T => {
    const item = list[Math.floor(next() * list.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  };
  return Array.from({ length: count }, () => {
    const scenario = pick(scenarios);
    return { scenario, kind: pick(faultKinds), at: 1 + Math.floor(next() * scenario.effects) };
  });
};

/** Seeds of the simulation that were run, from 1 on, and what broke: `seed N: …`. */
export type Seeds = { count: number; broken: string[] };

export const readSeeds = async (file: string): Promise<Seeds> => {
  const text = await readFile(file, 'utf8').catch(() => '');
  const pieces = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Seeds);
  return {
    count: pieces.reduce((sum, { count }) => sum + count, 0),
    broken: pieces.flatMap(({ broken }) => broken),
  };
};

/** It ended, and the fault had not come yet: it has no more effects than that. */
const isUntouched = ({ struck, outcome }: Entry): boolean => !struck && outcome !== undefined;

/** docs/faults.md, as of these results. */
export const report = (
  entries: readonly Entry[],
  seeds: Seeds,
  about: string,
  found: readonly string[],
): string => {
  const of = (scenario: string, kind: FaultKind): Entry[] =>
    entries.filter((entry) => entry.scenario === scenario && entry.kind === kind && entry.struck);
  const cell = (scenario: string, kind: FaultKind): string => {
    const runs = of(scenario, kind);
    const broken = runs.filter(({ violations }) => violations.length > 0).length;
    return runs.length === 0
      ? '–'
      : broken === 0
        ? String(runs.length)
        : `${runs.length} (**${broken} broken**)`;
  };
  const struck = entries.filter((entry) => entry.struck);
  // Also where its end came, or did not come, before the fault.
  const broken = entries.filter(({ violations }) => violations.length > 0);
  const human = struck.filter(({ outcome }) => outcome === 'needs-human').length;
  const versions = [...new Set(struck.map(({ version }) => version))].map(
    (version) => `${version} (${struck.filter((entry) => entry.version === version).length} runs)`,
  );
  return `<!-- Written by \`npm run faults\`; do not edit. -->

# Faults

Every operation, with every fault, at each of its effects on the engine, the disk or the memory. After each run the rules of
\`test/faults/invariants.ts\` are checked on the real engine and the real disk. A number says at how many of
them it was tried; – says that it was not. What a fault adds to them, a retry or an undo, can make it more than there are without.

${about} Versions: ${versions.join(', ')}. What was run stands in \`test/faults/results.jsonl\`, a line a run.

${struck.length} runs with a fault in them, and ${entries.length - struck.length} that it did not reach; ${broken.length} in which a rule was broken; ${human} ended in \`needs-human\`.

| operation | effects | ${faultKinds.map((kind) => `\`${kind}\``).join(' | ')} |
| --- | --: | ${faultKinds.map(() => '--:').join(' | ')} |
${scenarios.map(({ name, effects }) => `| ${name} | ${effects} | ${faultKinds.map((kind) => cell(name, kind)).join(' | ')} |`).join('\n')}

${faultKinds.map((kind) => `- \`${kind}\`: ${faultTitles[kind]}`).join('\n')}
${broken.length === 0 ? '' : `\n## Broken\n\n${broken.map((entry) => `- \`${reproduce(entry)}\`: ${entry.violations.join('; ')}`).join('\n')}\n`}
## Simulation

The same workflows and activities with an engine in memory that passes the engines' contract (\`test/simulation\`): a stack of two to six
services, an operation, and up to three faults are drawn from a seed. ${seeds.count} seeds, ${seeds.broken.length} in which a rule was broken.
${seeds.broken.length === 0 ? '' : `\n${seeds.broken.map((line) => `- ${line}`).join('\n')}\n`}
## Faults that it found, and that were mended

${found.map((line) => `- ${line}`).join('\n')}
`;
};
