/** How one mapping is laid over another, by the rules of the Compose Specification's "Merge and override". */
import { get, text, withEntries, type Entry, type MapNode, type Node } from './tree.ts';

/** Lists of these keys are replaced, not appended to. */
const replaced = ['command', 'entrypoint', 'test'];
/** Keys that may be a list of `NAME=value` or a mapping. */
const pairs = ['environment', 'labels', 'args', 'sysctls', 'annotations', 'extra_hosts'];
/** Keys that may be a list of names or a mapping by name. */
const named = ['depends_on', 'networks'];

export const mergeMaps = (base: MapNode, over: MapNode): MapNode => {
  const entries = over.entries.flatMap((entry): Entry[] => {
    if (entry.value.tag === 'reset') return [];
    const before = get(base, entry.key);
    return [
      before && entry.value.tag !== 'override'
        ? { ...entry, value: mergeNodes(entry.key, before, entry.value) }
        : entry,
    ];
  });
  const reset = over.entries.filter(({ value }) => value.tag === 'reset').map(({ key }) => key);
  const kept = { ...base, entries: base.entries.filter(({ key }) => !reset.includes(key)) };
  return { ...withEntries(kept, entries), at: over.at };
};

const mergeNodes = (key: string, base: Node, over: Node): Node => {
  if (over.kind === 'scalar' && over.value === null) return base;
  if (pairs.includes(key)) return mergeIfMaps(pairsOf(base), pairsOf(over));
  if (named.includes(key)) return mergeIfMaps(namesOf(base), namesOf(over));
  if (key === 'build') return mergeIfMaps(contextOf(base), contextOf(over));
  if (key === 'logging' && driverOf(base) !== driverOf(over) && driverOf(over) !== undefined) return over;
  if (base.kind === 'map' && over.kind === 'map') return mergeMaps(base, over);
  if (base.kind === 'list' && over.kind === 'list' && !replaced.includes(key))
    return { ...over, items: appended(key, base.items, over.items) };
  return over;
};

const mergeIfMaps = (base: Node, over: Node): Node =>
  base.kind === 'map' && over.kind === 'map' ? mergeMaps(base, over) : over;

const nothing = (at: Node['at']): Node => ({ kind: 'scalar', value: null, text: '', quoted: false, at });

const pairsOf = (node: Node): Node => {
  if (node.kind !== 'list') return node;
  const entries = node.items.flatMap((item): Entry[] => {
    if (item.kind !== 'scalar') return [];
    const written = typeof item.value === 'string' ? item.value : item.text;
    const cut = written.search(/[=]/);
    const key = cut < 0 ? written : written.slice(0, cut);
    return [
      { key, keyAt: item.at, value: cut < 0 ? nothing(item.at) : text(written.slice(cut + 1), item.at) },
    ];
  });
  return { kind: 'map', entries, at: node.at };
};

const namesOf = (node: Node): Node =>
  node.kind !== 'list'
    ? node
    : {
        kind: 'map',
        at: node.at,
        entries: node.items.flatMap((item) =>
          item.kind === 'scalar' ? [{ key: item.text, keyAt: item.at, value: nothing(item.at) }] : [],
        ),
      };

const contextOf = (node: Node): Node =>
  node.kind !== 'scalar'
    ? node
    : { kind: 'map', at: node.at, entries: [{ key: 'context', keyAt: node.at, value: node }] };

const driverOf = (node: Node): string | undefined => {
  const driver = node.kind === 'map' ? get(node, 'driver') : undefined;
  return driver?.kind === 'scalar' ? driver.text : undefined;
};

/** Entries that name the same thing (a mount's target, a port) are replaced by the later one. */
const appended = (key: string, base: Node[], over: Node[]): Node[] => {
  const identities = new Set(over.map((item) => identity(key, item)));
  return [...base.filter((item) => !identities.has(identity(key, item))), ...over];
};

const identity = (key: string, item: Node): string => {
  const field = (name: string): string => {
    const node = item.kind === 'map' ? get(item, name) : undefined;
    return node?.kind === 'scalar' ? node.text : '';
  };
  if (item.kind === 'map') {
    if (key === 'volumes') return field('target');
    if (key === 'ports')
      return `${field('host_ip')}:${field('published')}:${field('target')}/${field('protocol') || 'tcp'}`;
    if (key === 'secrets' || key === 'configs') return field('target') || field('source');
    return JSON.stringify(item.entries.map(({ key: name }) => [name, field(name)]));
  }
  if (item.kind !== 'scalar') return JSON.stringify(item.at);
  if (key !== 'volumes' && key !== 'devices') return item.text;
  // A `:` inside `${VAR:-x}` separates nothing.
  const parts = item.text
    .replaceAll(/\$\{[^}]*\}/g, (reference) => reference.replaceAll(':', '\u0001'))
    .split(':');
  return parts[1] ?? parts[0] ?? '';
};
