/** Reads an ecosystem's file, `stack: {name, PHASE: [- stack: FILE]}`, and every stack that it lists. */
import { resolve } from 'node:path';
import { checkEcosystem, type Ecosystem, type EcosystemStack } from '../domain/ecosystem.ts';
import { parseStackName } from '../domain/names.ts';
import { isError, type Problem } from '../domain/problem.ts';
import { loadStack, type LoadOptions } from './load.ts';
import { Reader } from './reader.ts';
import { isPhased } from './recognise.ts';
import { Sources } from './sources.ts';
import { get, type Entry, type MapNode, type Node } from './tree.ts';

export type LoadedEcosystem =
  { ok: true; ecosystem: Ecosystem; warnings: Problem[] } | { ok: false; problems: Problem[] };

/** Keys of `stack:` that are no phases. */
const descriptive = ['name', 'description', 'version'];

/** Whether the file is an ecosystem, not a stack. A file that cannot be read is neither. */
export const isEcosystem = async (file: string): Promise<boolean> => {
  const parsed = await (await Sources.of(resolve(file))).read(resolve(file));
  return parsed.ok && parsed.root.kind === 'map' && isPhased(get(parsed.root, 'stack'));
};

export const loadEcosystem = async (options: LoadOptions): Promise<LoadedEcosystem> => {
  const file = resolve(options.file);
  const sources = await Sources.of(file);
  const parsed = await sources.read(file);
  if (!parsed.ok) return { ok: false, problems: parsed.problems };
  const reader = new Reader((name) => options.variables?.[name] ?? options.environment[name]);
  const root = reader.map(parsed.root, 'an ecosystem');
  const node = root && reader.map(get(root, 'stack'), 'stack');
  if (!root || !node) return { ok: false, problems: reader.problems };
  reader.knownKeys(root, 'an ecosystem', ['stack', 'version']);
  const name = readName(reader, node);
  const warnings: Problem[] = [];
  const phases = [];
  const read = new Set<string>();
  for (const entry of node.entries.filter(({ key }) => !descriptive.includes(key) && !key.startsWith('x-')))
    phases.push({ name: entry.key, stacks: await readPhase(reader, entry, options, warnings, read) });
  if (!name || reader.problems.some(isError)) return { ok: false, problems: reader.problems };
  const problems = checkEcosystem({ phases });
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, ecosystem: { name, file, phases }, warnings: [...reader.problems, ...warnings] };
};

const readName = (reader: Reader, node: MapNode) => {
  const written = get(node, 'name');
  const name = reader.text(written, 'name');
  const parsed = name === undefined ? undefined : parseStackName(name);
  if (!parsed)
    reader.error(
      written?.at ?? node.at,
      'name',
      name === undefined
        ? 'An ecosystem needs a name.'
        : `${JSON.stringify(name)} is not a name for an ecosystem.`,
    );
  return parsed;
};

const readPhase = async (
  reader: Reader,
  { key, value }: Entry,
  options: LoadOptions,
  warnings: Problem[],
  read: Set<string>,
): Promise<EcosystemStack[]> => {
  const stacks: EcosystemStack[] = [];
  for (const item of reader.items(value, `phase "${key}"`)) {
    const file = stackFile(reader, item, key);
    if (file === undefined) continue;
    if (read.has(file)) {
      reader.error(item.at, 'stack-twice', `${file} is listed twice.`);
      continue;
    }
    read.add(file);
    const loaded = await loadStack({ ...options, file });
    if (loaded.ok) {
      stacks.push({ file, at: item.at, stack: loaded.stack });
      warnings.push(...loaded.warnings);
    } else
      reader.problems.push(
        ...loaded.problems.map((problem) => (problem.at ? problem : { ...problem, at: item.at })),
      );
  }
  return stacks;
};

const stackFile = (reader: Reader, item: Node, phase: string): string | undefined => {
  const map = reader.map(item, `an entry of phase "${phase}"`);
  if (!map) return undefined;
  reader.knownKeys(map, `an entry of phase "${phase}"`, ['stack', 'description']);
  const node = get(map, 'stack');
  if (!node)
    return reader.error(map.at, 'ecosystem', 'An entry of a phase names a stack: "- stack: web.yml".');
  return reader.path(node, 'stack');
};
