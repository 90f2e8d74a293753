/** From YAML text to a located tree. Limits keep alias bombs and merge loops from growing. */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseAllDocuments,
  type Alias,
  type Document,
  type Node as YamlNode,
  type Pair,
  type YAMLMap,
} from 'yaml';
import type { Problem } from '../domain/problem.ts';
import type { Location } from '../domain/stack.ts';
import { aliasLimit, depthLimit, guard } from './guard.ts';
import type { Entry, MapNode, Node, Tag } from './tree.ts';

/** However aliases multiply it, a stack is no larger than this many nodes. */
const nodeLimit = 100_000;

export type Parsed =
  { ok: true; root: Node; text: string } | { ok: false; problems: Problem[]; text?: string };

class Refused extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** @param file only named in locations. */
export const parseYaml = (file: string, bytes: Uint8Array): Parsed => {
  const guarded = guard(file, bytes);
  if ('problem' in guarded) return { ok: false, problems: [guarded.problem] };
  const { text } = guarded;
  const lines = new LineCounter();
  const locate = (offset: number): Location => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const error = (code: string, message: string, at: Location): Problem => ({
    severity: 'error',
    code,
    message,
    at,
  });
  const documents = parseAllDocuments(text, {
    lineCounter: lines,
    // The parser's own check takes time with the square of their number; ours is in the converter.
    uniqueKeys: false,
    merge: true,
    version: '1.2',
    prettyErrors: false,
    logLevel: 'silent',
    keepSourceTokens: false,
  });
  if ('empty' in documents || documents.length === 0)
    return {
      ok: false,
      text,
      problems: [error('empty', 'The file is empty.', { file, line: 1, column: 1 })],
    };
  const problems = documents.flatMap((document) =>
    document.errors.map(({ message, pos }) => error('yaml', `${firstLine(message)}.`, locate(pos[0]))),
  );
  if (problems.length > 0) return { ok: false, text, problems };
  const used = documents.filter((document) => document.contents !== null);
  const [document] = used;
  if (!document?.contents)
    return {
      ok: false,
      text,
      problems: [error('empty', 'The file is empty.', { file, line: 1, column: 1 })],
    };
  if (used.length > 1)
    return {
      ok: false,
      text,
      problems: [
        error(
          'several-documents',
          'The file holds more than one YAML document; a stack is one.',
          locate(used[1]?.contents?.range[0] ?? 0),
        ),
      ],
    };
  try {
    const converter = new Converter(document, locate);
    const root = converter.convert(document.contents, 0, []);
    return converter.duplicates.length === 0
      ? { ok: true, text, root }
      : { ok: false, text, problems: converter.duplicates };
  } catch (thrown) {
    if (!(thrown instanceof Refused)) throw thrown;
    return { ok: false, text, problems: [thrown.problem] };
  }
};

const firstLine = (message: string): string => (message.split('\n')[0] ?? message).replace(/[.:]?\s*$/, '');

class Converter {
  readonly #document: Document;
  readonly #locate: (offset: number) => Location;
  /** Keys that a mapping has twice. */
  readonly duplicates: Problem[] = [];
  #aliases = 0;
  #nodes = 0;

  constructor(document: Document, locate: (offset: number) => Location) {
    this.#document = document;
    this.#locate = locate;
  }

  convert(node: YamlNode | null, depth: number, path: Alias['source'][], fallback?: Location): Node {
    const at = node?.range ? this.#locate(node.range[0]) : (fallback ?? this.#locate(0));
    this.#nodes += 1;
    if (this.#nodes > nodeLimit)
      throw refused('too-large', `With its aliases followed, the file has more than ${nodeLimit} nodes.`, at);
    if (depth > depthLimit)
      throw refused('too-deep', `The file nests more than ${depthLimit} levels deep.`, at);
    if (node === null) return { kind: 'scalar', value: null, text: '', quoted: false, at };
    if (isAlias(node)) return this.#follow(node, depth, path, at);
    const tag = tagOf(node.tag);
    if (isForeign(node.tag))
      throw refused('yaml', `The tag ${JSON.stringify(node.tag)} means nothing here.`, at);
    if (isMap(node)) return { ...this.#map(node, depth, path, at), ...(tag ? { tag } : {}) };
    if (isSeq(node))
      return {
        kind: 'list',
        items: node.items.map((item) => this.convert(item as YamlNode, depth + 1, path, at)),
        at,
        ...(tag ? { tag } : {}),
      };
    if (!isScalar(node)) throw refused('yaml', 'This is not a value.', at);
    return {
      kind: 'scalar',
      value: scalarValue(node.value),
      text: node.source ?? String(node.value),
      quoted: node.type !== 'PLAIN',
      at,
      ...(tag ? { tag } : {}),
    };
  }

  #follow(alias: Alias, depth: number, path: string[], at: Location): Node {
    this.#aliases += 1;
    if (this.#aliases > aliasLimit)
      throw refused('too-many-aliases', `The file follows more than ${aliasLimit} aliases.`, at);
    if (path.includes(alias.source))
      throw refused('alias-cycle', `The alias *${alias.source} is part of what it stands for.`, at);
    const target = alias.resolve(this.#document);
    if (!target) throw refused('yaml', `No anchor &${alias.source} comes before this alias.`, at);
    return this.convert(target, depth, [...path, alias.source], at);
  }

  #map(map: YAMLMap, depth: number, path: string[], at: Location): MapNode {
    const own: Entry[] = [];
    const merged: Entry[] = [];
    for (const pair of map.items as Pair<YamlNode, YamlNode | null>[]) {
      const keyAt = pair.key.range ? this.#locate(pair.key.range[0]) : at;
      const key = isScalar(pair.key) ? (pair.key.source ?? String(pair.key.value)) : undefined;
      if (key === undefined) throw refused('yaml', 'A key must be plain text.', keyAt);
      const value = this.convert(pair.value, depth + 1, path, keyAt);
      if (key === '<<') merged.push(...mergeSources(value).flatMap((source) => source.entries));
      else own.push({ key, keyAt, value });
    }
    const seen = new Set<string>();
    for (const { key, keyAt } of own) {
      if (seen.has(key))
        this.duplicates.push({
          severity: 'error',
          code: 'duplicate-key',
          message: `The key ${JSON.stringify(key)} is there twice.`,
          at: keyAt,
        });
      seen.add(key);
    }
    // The first of several merge sources wins (yaml.org/type/merge.html).
    const inherited = merged.filter(({ key }) => !seen.has(key) && seen.add(key));
    return { kind: 'map', entries: [...own, ...inherited], at };
  }
}

const mergeSources = (value: Node): MapNode[] => {
  if (value.kind === 'map') return [value];
  if (value.kind === 'list' && value.items.every((item) => item.kind === 'map')) return value.items;
  throw refused('yaml', 'A merge key << takes a mapping, or a list of mappings.', value.at);
};

const refused = (code: string, message: string, at: Location): Refused =>
  new Refused({ severity: 'error', code, message, at });

const scalarValue = (value: unknown): string | number | boolean | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || value === null
    ? value
    : JSON.stringify(value);

/** YAML's own tags, and the two of Compose. */
const isForeign = (tag: string | undefined): boolean =>
  tag !== undefined && !coreTags.test(tag) && tagOf(tag) === undefined && tag !== '!';

const coreTags = /^tag:yaml\.org,2002:(?:map|seq|str|int|float|bool|null)$/;

const tagOf = (tag: string | undefined): Tag | undefined =>
  tag === '!reset' ? 'reset' : tag === '!override' ? 'override' : undefined;
