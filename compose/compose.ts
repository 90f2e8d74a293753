/** Puts a stack together from its files: `include` and `extends`, before anything is read from it. */
import { dirname, resolve } from 'node:path';
import type { Location } from '../domain/stack.ts';
import { mergeMaps } from './merge.ts';
import type { Reader } from './reader.ts';
import type { Sources } from './sources.ts';
import { get, without, withEntries, type Entry, type MapNode, type Node } from './tree.ts';

/** Deeper chains of `extends` or `include` than anyone writes. */
const longestChain = 20;

type Composing = { reader: Reader; sources: Sources; chain: string[] };

/** @returns the stack as one mapping, without `include` and `extends`; problems go to the reader. */
export const composeFiles = async (reader: Reader, sources: Sources, root: MapNode): Promise<MapNode> => {
  const composing = { reader, sources, chain: [root.at.file] };
  return await withIncluded(composing, await withExtended(composing, root));
};

/** The files that a stack includes, directly or through others, for their `.env`. */
export const includedFiles = (reader: Reader, root: MapNode): { path: string; at: Location }[] =>
  includeItems(get(root, 'include')).flatMap((item) => includePaths(reader, item));

const includeItems = (node: Node | undefined): Node[] =>
  node === undefined ? [] : node.kind === 'list' ? node.items : [node];

const includePaths = (reader: Reader, item: Node): { path: string; at: Location }[] => {
  if (item.kind === 'map')
    for (const { key, keyAt } of item.entries)
      if (key !== 'path')
        reader.error(
          keyAt,
          'unsupported-key',
          key === 'env_file' || key === 'project_directory'
            ? `"${key}" of an include is not supported: a stack has one set of variables, and paths are relative to the file they stand in.`
            : `"${key}" is not a key of include.`,
        );
  const node = item.kind === 'map' ? get(item, 'path') : item;
  const nodes = node === undefined ? [] : node.kind === 'list' ? node.items : [node];
  return nodes.flatMap((entry) => {
    const path = reader.path(entry, 'include');
    return path === undefined ? [] : [{ path, at: entry.at }];
  });
};

const withIncluded = async (composing: Composing, root: MapNode): Promise<MapNode> => {
  const { reader } = composing;
  let merged = without(root, 'include');
  for (const { path, at } of includedFiles(reader, root)) {
    const included = await openMap(composing, path, at);
    if (!included) continue;
    const inner = { ...composing, chain: [...composing.chain, path] };
    const composed = await withIncluded(inner, await withExtended(inner, included));
    merged = addResources(reader, merged, without(composed, 'name', 'version', 'x-baton'));
  }
  return merged;
};

const openMap = async (
  { reader, sources, chain }: Composing,
  path: string,
  at: Location,
): Promise<MapNode | undefined> => {
  if (chain.includes(path))
    return reader.error(at, 'include-cycle', `${path} is part of itself: ${[...chain, path].join(' → ')}.`);
  if (chain.length > longestChain)
    return reader.error(at, 'include-cycle', `More than ${longestChain} files follow one another.`);
  const parsed = await sources.read(path, at);
  if (!parsed.ok) {
    reader.problems.push(...parsed.problems);
    return undefined;
  }
  return reader.map(parsed.root, path);
};

/** What an included file names is added; the same name twice, with another meaning, is an error. */
const addResources = (reader: Reader, into: MapNode, from: MapNode): MapNode => {
  let merged = into;
  for (const { key, keyAt, value } of from.entries) {
    const present = get(merged, key);
    if (value.kind !== 'map' || present?.kind !== 'map') {
      if (!present) merged = withEntries(merged, [{ key, keyAt, value }]);
      continue;
    }
    for (const entry of value.entries) {
      const clash = present.entries.find((own) => own.key === entry.key);
      if (clash && !same(clash.value, entry.value))
        reader.error(
          clash.keyAt,
          'include-clash',
          `"${entry.key}" of ${key} is defined in ${entry.keyAt.file}:${entry.keyAt.line} too.`,
        );
    }
    const known = new Set(present.entries.map((own) => own.key));
    const added = value.entries.filter((entry) => !known.has(entry.key));
    merged = withEntries(merged, [
      { key, keyAt, value: { ...present, entries: [...present.entries, ...added] } },
    ]);
  }
  return merged;
};

const same = (one: Node, other: Node): boolean => JSON.stringify(bare(one)) === JSON.stringify(bare(other));
const bare = (node: Node): unknown => {
  if (node.kind === 'list') return node.items.map(bare);
  if (node.kind === 'map')
    return Object.fromEntries(node.entries.map(({ key, value }) => [key, bare(value)]));
  return node.value;
};

const withExtended = async (composing: Composing, root: MapNode): Promise<MapNode> => {
  const services = get(root, 'services');
  if (services?.kind !== 'map') return root;
  const entries: Entry[] = [];
  for (const entry of services.entries)
    entries.push({
      ...entry,
      value: await extended(composing, services, entry, [`${root.at.file}#${entry.key}`]),
    });
  const index = root.entries.findIndex(({ key }) => key === 'services');
  return {
    ...root,
    entries: root.entries.map((entry, at) =>
      at === index ? { ...entry, value: { ...services, entries } } : entry,
    ),
  };
};

/** @param chain the services that extend one another, as `file#service`. */
const extended = async (
  composing: Composing,
  services: MapNode,
  { key, value }: Entry,
  chain: string[],
): Promise<Node> => {
  const { reader } = composing;
  if (value.kind !== 'map') return value;
  const node = get(value, 'extends');
  if (node === undefined) return value;
  const own = without(value, 'extends');
  const base = await baseOf(composing, services, node, chain);
  if (!base) {
    if (reader.problems.length === 0) reader.error(node.at, 'extends', `Service "${key}" extends nothing.`);
    return own;
  }
  return mergeMaps(base, own);
};

const baseOf = async (
  composing: Composing,
  services: MapNode,
  node: Node,
  chain: string[],
): Promise<MapNode | undefined> => {
  const { reader, sources } = composing;
  if (node.kind === 'map') reader.knownKeys(node, 'extends', ['service', 'file']);
  const name = reader.text(node.kind === 'map' ? get(node, 'service') : node, 'extends');
  const fileNode = node.kind === 'map' ? get(node, 'file') : undefined;
  const file = reader.text(fileNode, 'file');
  if (name === undefined) return reader.error(node.at, 'extends', 'extends needs the name of a service.');
  const path = file === undefined ? services.at.file : resolve(dirname(node.at.file), file);
  const link = `${path}#${name}`;
  if (chain.includes(link))
    return reader.error(
      node.at,
      'extends-cycle',
      `"${name}" extends itself: ${[...chain, link].map((step) => step.split('#').at(-1)).join(' → ')}.`,
    );
  if (chain.length > longestChain)
    return reader.error(node.at, 'extends-cycle', `More than ${longestChain} services extend one another.`);
  const others =
    file === undefined ? services : await servicesOf(reader, sources, path, fileNode?.at ?? node.at);
  if (!others) return undefined;
  const entry = others.entries.find(({ key }) => key === name);
  if (!entry) return reader.error(node.at, 'extends', `There is no service "${name}" in ${path}.`);
  const base = await extended(composing, others, entry, [...chain, link]);
  return reader.map(base, `service "${name}"`);
};

const servicesOf = async (
  reader: Reader,
  sources: Sources,
  path: string,
  at: Location,
): Promise<MapNode | undefined> => {
  const parsed = await sources.read(path, at);
  if (!parsed.ok) {
    reader.problems.push(...parsed.problems);
    return undefined;
  }
  const root = reader.map(parsed.root, path);
  return root && reader.map(get(root, 'services'), 'services');
};
