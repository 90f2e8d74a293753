/** A YAML document as plain, located data: aliases followed, merge keys expanded. Every node knows where it was written. */
import type { Location } from '../domain/stack.ts';

export type ScalarNode = {
  kind: 'scalar';
  value: string | number | boolean | null;
  /** As written, unquoted. */ text: string;
  quoted: boolean;
  at: Location;
  tag?: Tag;
};
export type ListNode = { kind: 'list'; items: Node[]; at: Location; tag?: Tag };
export type MapNode = { kind: 'map'; entries: Entry[]; at: Location; tag?: Tag };
export type Entry = { key: string; keyAt: Location; value: Node };
export type Node = ScalarNode | ListNode | MapNode;
/** Compose's own tags: take a value back, or put it in place of an inherited one. */
export type Tag = 'reset' | 'override';

export const get = (map: MapNode, key: string): Node | undefined =>
  map.entries.find((entry) => entry.key === key)?.value;

export const isNull = (node: Node | undefined): boolean => node?.kind === 'scalar' && node.value === null;

export const text = (value: string, at: Location): ScalarNode => ({
  kind: 'scalar',
  value,
  text: value,
  quoted: true,
  at,
});

/** A copy of the map with these entries in place of those of the same key. */
export const withEntries = (map: MapNode, entries: Entry[]): MapNode => {
  const replaced = new Set(entries.map(({ key }) => key));
  return { ...map, entries: [...map.entries.filter(({ key }) => !replaced.has(key)), ...entries] };
};

export const without = (map: MapNode, ...keys: string[]): MapNode => ({
  ...map,
  entries: map.entries.filter(({ key }) => !keys.includes(key)),
});

export const kindName = (node: Node): string => {
  if (node.kind === 'list') return 'a list';
  if (node.kind === 'map') return 'a mapping';
  return node.value === null
    ? 'nothing'
    : typeof node.value === 'string'
      ? 'text'
      : typeof node.value === 'number'
        ? 'a number'
        : 'true or false';
};
