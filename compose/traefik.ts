/**
 * Traefik's configuration, checked as Traefik's own decoder reads it (github.com/traefik/paerser 0.2): keys by name whatever
 * their case, unknown ones refused below the root and passed over at the root, values converted from text. What it accepts
 * is accepted here.
 */
import { parse as parseToml, TomlDate, TomlError } from 'smol-toml';
import { extname } from 'node:path';
import type { Problem } from '../domain/problem.ts';
import type { Location } from '../domain/stack.ts';
import { printed, withoutTemplate } from './go-template.ts';
import { depthLimit } from './guard.ts';
import { parseYaml } from './parse.ts';
import { suggest } from './suggest.ts';
import keys from './traefik-keys.json' with { type: 'json' };
import type { Entry, MapNode, Node, ScalarNode } from './tree.ts';

/** Endings of files that Traefik reads; it passes over others. */
export const traefikEndings: readonly string[] = ['.yml', '.yaml', '.toml', '.json'];

/** Larger files are not checked: the parser of TOML tells no places, so the text is read twice. */
const mostTomlChars = 2 ** 20;
/** Finding what was meant takes longer than finding the mistake. */
const mostSuggestions = 20;
let suggestionsLeft = mostSuggestions;

/**
 * @returns what Traefik would refuse the file for (errors), and what it would silently pass over, or what only Traefik can
 * tell (warnings).
 */
export const problemsOfTraefik = (file: string, text: string): Problem[] => {
  suggestionsLeft = mostSuggestions;
  if (!traefikEndings.includes(extname(file).toLowerCase()))
    return [
      problem({ file, line: 1, column: 1 }, `Traefik reads files that end in ${traefikEndings.join(', ')}.`),
    ];
  const sections = check(read(file, text));
  // A static file is no template; one that only looks like it is what it is.
  if (!text.includes('{{') || sections.kind === 'static') return sections.problems;
  const plain = withoutTemplate(file, text);
  if ('problem' in plain) return [sections.kind === 'both' ? uncertain(plain.problem) : plain.problem];
  const given = read(file, plain.text);
  const { problems } = check(given, true);
  // What is printed may make whole what cannot be read without it.
  return plain.conditional || 'problems' in given ? problems.map(uncertain) : problems;
};

const problem = (at: Location, message: string): Problem => ({
  severity: 'error',
  code: 'traefik',
  message,
  at,
});

const warning = (found: Problem, why: string): Problem => ({
  ...found,
  severity: 'warning',
  message: `${found.message} ${why}`,
});

const uncertain = (found: Problem): Problem =>
  found.severity === 'warning'
    ? found
    : warning(found, 'It is a template, so only Traefik can tell whether this counts.');

type Read = { root: Node } | { problems: Problem[] };

const read = (file: string, text: string): Read => {
  if (extname(file).toLowerCase() === '.toml') return readToml(file, text);
  const parsed = parseYaml(file, new TextEncoder().encode(firstDocument(text)));
  if (parsed.ok) return { root: parsed.root };
  const ended = parsed.problems.findIndex(({ message }) => readsNoFurther.test(message));
  return {
    problems: parsed.problems
      .filter(({ code }, index) => code !== 'empty' && (ended < 0 || index <= ended))
      .map((found) =>
        ['too-large', 'too-deep', 'too-many-aliases'].includes(found.code)
          ? warning(found, 'It was not checked.')
          : lenient.test(found.message) || readsNoFurther.test(found.message)
            ? warning(found, 'Traefik may read it all the same.')
            : found,
      ),
  };
};

/** What its parser (YAML 1.1, and no strict one) takes, and ours does not. */
const lenient =
  /^(?:Multi-line .* string needs to be sufficiently indented|Comments must be separated|Invalid escape sequence|The tag )/;

/** A line further left than the first: it takes what is before it for the whole, and what follows is not looked at. */
const readsNoFurther = /^(?:Unexpected [\w-]+ at node end|Plain value cannot start with directive)/;

/** It reads no other. */
const firstDocument = (text: string): string => {
  const lines = text.split('\n');
  const begin = lines.findIndex((line) => !/^(?:\s*(?:#.*)?|%.*|---\s*(?:#.*)?)$/.test(line));
  const end = lines.findIndex((line, index) => index > begin && /^(?:---|\.\.\.)(?:\s|$)/.test(line));
  return begin < 0 || end < 0 ? text : lines.slice(0, end).join('\n');
};

/**
 * Sections of the static and of the dynamic configuration have no name in common. Where a file has both, it is one of the
 * two, with sections of the other that are passed over: it is refused only where it can be neither.
 */
const check = (
  given: Read,
  templated = false,
): { kind: 'static' | 'dynamic' | 'both'; problems: Problem[] } => {
  if ('problems' in given) return { kind: 'dynamic', problems: given.problems };
  const { root } = given;
  if (root.kind !== 'map')
    return {
      kind: 'dynamic',
      problems: isNothing(root) || isPrinted(root) ? [] : [problem(root.at, 'The file must hold a mapping.')],
    };
  const ofKind = (kind: string): Entry[] =>
    root.entries.filter(({ key }) => fieldOf(kind, key) !== undefined);
  const problemsOf = (kind: string): Problem[] =>
    ofKind(kind).flatMap(({ key, value }) => [
      ...unreadable(value, templated),
      ...checkField(fieldOf(kind, key) ?? 'any', value, key),
    ]);
  const [fixed, dynamic] = [problemsOf(keys.static), problemsOf(keys.dynamic)];
  const both = ofKind(keys.static).length > 0 && ofKind(keys.dynamic).length > 0;
  const doubtful = both && (fixed.length === 0 || dynamic.length === 0);
  const unknown = root.entries.filter(
    ({ key }) =>
      !key.includes(printed) &&
      fieldOf(keys.static, key) === undefined &&
      fieldOf(keys.dynamic, key) === undefined,
  );
  return {
    kind: both ? 'both' : ofKind(keys.static).length > 0 ? 'static' : 'dynamic',
    problems: [
      ...[...fixed, ...dynamic].map((found) =>
        doubtful ? warning(found, 'It counts where Traefik reads the file for this section.') : found,
      ),
      ...unknown.map(({ key, keyAt }) => ({
        ...problem(
          keyAt,
          `Traefik passes over "${key}", which is none of its sections.${didYouMean(key, keys.static, keys.dynamic)}`,
        ),
        severity: 'warning' as const,
      })),
    ],
  };
};

const types: Record<string, Record<string, string>> = keys.types;

/** Of a struct, the kind of the field of that name. */
const fieldOf = (struct: string, name: string): string | undefined => {
  const fields = types[struct.slice(1)] ?? {};
  const key = Object.keys(fields).find((known) => known.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : fields[key];
};

const namesIn = (struct: string): string[] =>
  Object.entries(types[struct.slice(1)] ?? {}).flatMap(([name, kind]) => (kind === '-' ? [] : [name]));

const didYouMean = (key: string, ...structs: string[]): string => {
  suggestionsLeft -= 1;
  const word = suggestionsLeft < 0 ? undefined : suggest(key, structs.flatMap(namesIn));
  return word === undefined ? '' : ` Did you mean "${word}"?`;
};

const isPrinted = (node: Node): boolean => node.kind === 'scalar' && node.text.includes(printed);

const isNothing = (node: Node): boolean => node.kind === 'scalar' && node.value === null;

/** What the decoder knows nothing of, wherever it stands: dates, lists in lists, gaps in lists. */
const unreadable = (node: Node, templated: boolean): Problem[] => {
  switch (node.kind) {
    case 'scalar':
      return isDate(node) ? [problem(node.at, 'A date must stand in quotes.')] : [];
    case 'map':
      return node.entries.flatMap(({ value }) => unreadable(value, templated));
    case 'list':
      return node.items.flatMap((item) =>
        item.kind === 'list' || (isNothing(item) && !templated)
          ? [
              problem(
                item.at,
                `An entry of a list must not be ${item.kind === 'list' ? 'a list' : 'nothing'}.`,
              ),
            ]
          : unreadable(item, templated),
      );
  }
};

/** Of the kinds of timestamp that its parser knows (yaml.v3, `resolve.go`), unquoted. */
const isDate = ({ value, text, quoted }: ScalarNode): boolean =>
  !quoted &&
  typeof value === 'string' &&
  /^\d{4}-\d{1,2}-\d{1,2}(?:[Tt]\d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?(?:Z|[-+]\d\d:\d\d)| \d{1,2}:\d{1,2}:\d{1,2}(?:[.,]\d+)?)?$/.test(
    text,
  );

/** As the decoder: a list of plain values is one value, a list of mappings is a mapping by number. */
const childrenOf = (node: Node): Entry[] => {
  if (node.kind === 'scalar') return [];
  if (node.kind === 'map') return node.entries.filter(({ value }) => !isNothing(value));
  return node.items.flatMap((value, index) =>
    value.kind === 'map' ? [{ key: `[${index}]`, keyAt: value.at, value }] : [],
  );
};

/** @param kind as `traefik-keys.json` writes it. */
const checkField = (kind: string, node: Node, path: string): Problem[] => {
  if (isNothing(node) || isPrinted(node) || kind === 'any' || kind === '-') return [];
  const [bare, mayBeEmpty] = kind.endsWith('?') ? [kind.slice(0, -1), true] : [kind, false];
  const children = childrenOf(node);
  if (bare.startsWith('#')) {
    if (children.length > 0) return checkStruct(bare, children, path);
    return mayBeEmpty ? [] : [problem(node.at, `${path} needs keys of its own.`)];
  }
  if (bare.startsWith('{}')) {
    if (children.length === 0 && !mayBeEmpty) return [problem(node.at, `${path} must not be empty.`)];
    return children.flatMap(({ key, value }) => checkElement(bare.slice(2), value, `${path}.${key}`));
  }
  if (bare.startsWith('[]')) return checkList(bare.slice(2), node, path);
  return children.length > 0
    ? [
        problem(
          node.at,
          `${path} must be ${nameOf(bare)}, not ${node.kind === 'map' ? 'a mapping' : 'a list'}.`,
        ),
      ]
    : checkValue(bare, node, path);
};

const checkStruct = (struct: string, children: readonly Entry[], path: string): Problem[] =>
  children.flatMap(({ key, keyAt, value }) => {
    if (key.includes(printed)) return [];
    const field = fieldOf(struct, key);
    if (field !== undefined) return checkField(field, value, `${path}.${key}`);
    return [problem(keyAt, `"${key}" is not a key of ${path}.${didYouMean(key, struct)}`)];
  });

/** What a mapping holds: an element without children is taken as it is, whatever it is. */
const checkElement = (kind: string, node: Node, path: string): Problem[] => {
  const children = childrenOf(node);
  if (kind === 'string' || kind === 'any' || kind === '{}any' || isNothing(node)) return [];
  if (kind.startsWith('#')) return checkStruct(kind, children, path);
  if (kind.startsWith('[]')) return checkList(kind.slice(2), node, path);
  if (kind.startsWith('{}'))
    return children.map(({ key, keyAt }) => problem(keyAt, `"${key}" is not a key of ${path}.`));
  return checkValue(kind, node, path);
};

const checkList = (kind: string, node: Node, path: string): Problem[] => {
  const children = childrenOf(node);
  if (kind.startsWith('#'))
    return children.flatMap(({ key, value }) => checkStruct(kind, childrenOf(value), `${path}${place(key)}`));
  const wrong = children.flatMap(({ value }) => childrenOf(value).slice(0, 1));
  if (wrong.length > 0)
    return wrong.map(({ key, keyAt }) =>
      problem(keyAt, `"${key}": an entry of ${path} must be ${nameOf(kind)}, not a mapping.`),
    );
  if (node.kind === 'scalar')
    // One text is a list, by its commas.
    return node.text === ''
      ? []
      : textOf(node)
          .split(',')
          .flatMap((part) => checkText(kind, part.trim(), node.at, path));
  if (node.kind === 'map') return [];
  return node.items.flatMap((item) =>
    item.kind === 'scalar' ? checkText(kind, textOf(item).trim(), item.at, path) : [],
  );
};

const place = (key: string): string => (key.startsWith('[') ? key : `.${key}`);

const checkValue = (kind: string, node: Node, path: string): Problem[] => {
  if (kind === 'string') return [];
  if (node.kind === 'scalar') return checkText(kind, textOf(node), node.at, path);
  return [
    problem(node.at, `${path} must be ${nameOf(kind)}, not ${node.kind === 'map' ? 'a mapping' : 'a list'}.`),
  ];
};

/** As the decoder hands it on. */
const textOf = ({ value, text, quoted }: ScalarNode): string => {
  if (quoted) return typeof value === 'string' ? value : text;
  const digits = text.replaceAll('_', '');
  const [, sign = '', whole] = /^([-+]?)(0[xob][0-9a-f]+)$/i.exec(digits) ?? [];
  if (whole !== undefined && !Number.isNaN(Number(whole))) return `${sign}${Number(whole)}`;
  if (/^[-+]?\.(?:inf|nan)$/i.test(digits)) return digits.replace('.', '');
  if (/^[-+]?\d+$/.test(digits)) return digits;
  if (!/^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:e[-+]?\d{1,3})?$/i.test(digits))
    return typeof value === 'string' ? value : text;
  // Go prints six decimals, and none where they are nothing.
  const rounded = Number(digits).toFixed(6);
  return rounded.endsWith('.000000') ? rounded.slice(0, -7) : digits;
};

const checkText = (kind: string, text: string, at: Location, path: string): Problem[] =>
  text.includes(printed) || kind === 'string' || (patterns[kind]?.test(text) ?? true)
    ? []
    : [problem(at, `${path} must be ${nameOf(kind)}, not ${JSON.stringify(text)}.`)];

/** What Go's strconv and time packages read. */
const patterns: Record<string, RegExp> = {
  bool: /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/,
  int: /^[-+]?\d+$/,
  uint: /^\d+$/,
  float: /^[-+]?(?:(?:\d+(?:\.\d*)?|\.\d+)(?:e[-+]?\d+)?|inf(?:inity)?|nan)$/i,
  duration: /^[-+]?(?:\d+|(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/,
};

const names: Record<string, string> = {
  string: 'text',
  bool: 'true or false',
  int: 'a whole number',
  uint: 'a whole number from 0',
  float: 'a number',
  duration: 'a duration such as 30s',
};
const nameOf = (kind: string): string => names[kind] ?? 'a mapping';

const readToml = (file: string, text: string): Read => {
  const start = { file, line: 1, column: 1 };
  if (text.length > mostTomlChars)
    return { problems: [warning(problem(start, 'The file is too large.'), 'It was not checked.')] };
  const places = placesIn(file, text);
  if (!places) return { problems: [problem(start, `The file nests more than ${depthLimit} levels deep.`)] };
  try {
    return { root: fromToml(parseToml(text, { integersAsBigInt: 'asNeeded' }), start, places, []) };
  } catch (error) {
    if (error instanceof RangeError)
      return { problems: [problem(start, `The file nests too deep: ${error.message}.`)] };
    if (!(error instanceof TomlError)) throw error;
    const { line, column, message } = error;
    const [first = ''] = message.replace(/^Invalid TOML document: /, '').split('\n');
    return { problems: [{ ...problem({ file, line, column }, `${first}.`), code: 'toml' }] };
  }
};

/** Where a key is first written, by its path. The parser tells no places, so the lines are read once more. */
type Places = ReadonlyMap<string, Location>;

/** @returns nothing where a path is longer than anyone writes. */
const placesIn = (file: string, text: string): Places | undefined => {
  const places = new Map<string, Location>();
  let table: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[\[?([^\]]+)\]/.exec(line);
    if (header) table = splitKey(header[1] ?? '');
    const key = header
      ? []
      : splitKey(
          /^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=/.exec(line)?.[1] ?? '',
        );
    if (!header && key.length === 0) continue;
    const path = [...table, ...key];
    if (path.length > depthLimit) return undefined;
    const at = { file, line: index + 1, column: line.search(/\S/) + 1 };
    for (let depth = 1; depth <= path.length; depth += 1) {
      const name = path.slice(0, depth).join('\0');
      if (!places.has(name)) places.set(name, at);
    }
  }
  return places;
};

const splitKey = (text: string): string[] =>
  [...text.matchAll(/[\w-]+|"([^"]*)"|'([^']*)'/g)].map(
    ([whole, double, single]) => double ?? single ?? whole,
  );

const fromToml = (value: unknown, at: Location, places: Places, path: string[]): Node => {
  if (Array.isArray(value))
    return { kind: 'list', at, items: value.map((item) => fromToml(item, at, places, path)) };
  if (value instanceof TomlDate) return scalar('0001-01-01', at, false);
  if (typeof value === 'object' && value !== null)
    return {
      kind: 'map',
      at,
      entries: Object.entries(value).map(([key, inner]) => {
        const inside = [...path, key];
        const keyAt = places.get(inside.join('\0')) ?? at;
        return { key, keyAt, value: fromToml(inner, keyAt, places, inside) };
      }),
    } satisfies MapNode;
  if (typeof value === 'bigint') return scalar(String(value), at, false);
  return scalar(value as string | number | boolean, at, typeof value === 'string');
};

const scalar = (value: string | number | boolean, at: Location, quoted: boolean): ScalarNode => ({
  kind: 'scalar',
  value,
  text: String(value),
  quoted,
  at,
});
