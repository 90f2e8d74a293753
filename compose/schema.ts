/** Reads a part of a file against a zod schema, with every mistake told where it was written. */
import { z } from 'zod';
import type { Location } from '../domain/stack.ts';
import type { Reader } from './reader.ts';
import { suggest } from './suggest.ts';
import { get, isNull, type MapNode, type Node } from './tree.ts';

/**
 * @param what names the part in messages, and is their code.
 * @returns nothing where there is none, or where it is wrong; then its mistakes are told.
 */
export const readWith = <Schema extends z.ZodType>(
  reader: Reader,
  node: Node | undefined,
  schema: Schema,
  what: string,
): z.infer<Schema> | undefined => {
  if (node === undefined || isNull(node)) return undefined;
  const result = schema.safeParse(plain(reader, node, []));
  if (result.success) return result.data;
  for (const issue of result.error.issues) report(reader, node, schema, issue, what);
  return undefined;
};

const report = (
  reader: Reader,
  node: Node,
  schema: z.ZodType,
  issue: z.core.$ZodIssue,
  what: string,
): void => {
  const path = issue.path.filter((part) => typeof part !== 'symbol');
  const where = [what, ...path].join('.');
  if (issue.code === 'invalid_key') {
    const wrong = issue.issues[0]?.message ?? issue.message;
    reader.error(keyLocation(node, path), what, `${where} ${wrong}.`);
    return;
  }
  if (issue.code !== 'unrecognized_keys') {
    reader.error(
      locate(node, path),
      what,
      `${where} ${issue.message.replace(/^Invalid input: /, 'is wrong: ')}.`,
    );
    return;
  }
  const known = knownKeys(schema, path);
  for (const key of issue.keys) {
    const meant = suggest(key, known);
    reader.error(
      keyLocation(node, [...path, key]),
      'unknown-key',
      `"${key}" is not a key of ${where}.${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    );
  }
};

const knownKeys = (schema: z.ZodType, path: (string | number)[]): string[] => {
  let current: unknown = schema;
  for (const part of path) {
    const inner = unwrap(current);
    current =
      inner instanceof z.ZodObject
        ? inner.shape[part as string]
        : inner instanceof z.ZodArray
          ? inner.element
          : inner instanceof z.ZodRecord
            ? inner.valueType
            : undefined;
  }
  const inner = unwrap(current);
  return inner instanceof z.ZodObject ? Object.keys(inner.shape) : [];
};

const unwrap = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema;

/** Text that may hold secrets stays a template; everything else is resolved now. */
const lateKeys = ['content', 'exec'];

const plain = (reader: Reader, node: Node, path: string[]): unknown => {
  if (node.kind === 'list') return node.items.map((item) => plain(reader, item, path));
  if (node.kind === 'map')
    return Object.fromEntries(
      node.entries.map(({ key, value }) => [key, plain(reader, value, [...path, key])]),
    );
  if (path.at(-1) === 'mode') return node.text;
  if (typeof node.value !== 'string') return node.value;
  const late = lateKeys.some((key) => path.includes(key));
  return late ? reader.template(node, path.join('.')) : reader.resolved(node.value, node.at);
};

const childOf = (node: Node, part: string | number): Node | undefined =>
  node.kind === 'map' ? get(node, String(part)) : node.kind === 'list' ? node.items[Number(part)] : undefined;

/** Where the deepest part of a path that exists was written. */
export const locate = (node: Node, path: (string | number)[]): Location => {
  let current = node;
  for (const part of path) current = childOf(current, part) ?? current;
  return current.at;
};

const keyLocation = (node: Node, path: (string | number)[]): Location => {
  const parent = path.slice(0, -1).reduce<Node>((current, part) => childOf(current, part) ?? current, node);
  const entry = (parent as MapNode).entries.find(({ key }) => key === path.at(-1));
  return entry?.keyAt ?? parent.at;
};
