/** Reads typed values from located nodes and collects every problem on the way, so that all of them are told at once. */
import { dirname, isAbsolute, resolve as resolvePath } from 'node:path';
import { homedir } from 'node:os';
import { resolveTemplate, type Lookup } from '../domain/interpolate.ts';
import type { Problem } from '../domain/problem.ts';
import type { Location, Template } from '../domain/stack.ts';
import { suggest } from './suggest.ts';
import { kindName, type Entry, type ListNode, type MapNode, type Node, type ScalarNode } from './tree.ts';
import { parseBytes, parseDuration } from './units.ts';

export class Reader {
  readonly problems: Problem[] = [];
  readonly lookup: Lookup;
  readonly #late: boolean;
  readonly #verbatim: boolean;

  /**
   * @param late whether references are kept where a value may be secret; else everything is resolved now.
   * @param verbatim text is taken as it is written, and nothing in it is a reference.
   */
  constructor(lookup: Lookup, { late = true, verbatim = false } = {}) {
    this.lookup = lookup;
    this.#late = late;
    this.#verbatim = verbatim;
  }

  error(at: Location, code: string, message: string, next?: string): undefined {
    this.problems.push({ severity: 'error', code, message, at, ...(next === undefined ? {} : { next }) });
    return undefined;
  }

  warn(at: Location, code: string, message: string): void {
    this.problems.push({ severity: 'warning', code, message, at });
  }

  /** A scalar as text, with `${VAR}` resolved. */
  text(node: Node | undefined, what: string): string | undefined {
    const scalar = this.#scalar(node, what);
    if (!scalar || scalar.value === null) return undefined;
    return this.resolved(typeof scalar.value === 'string' ? scalar.value : scalar.text, scalar.at);
  }

  resolved(template: string, at: Location): string | undefined {
    if (this.#verbatim) return template;
    const result = resolveTemplate(template, this.lookup);
    if (!result.ok) return this.error(at, 'interpolation', result.message);
    for (const name of new Set(result.missing))
      this.warn(at, 'variable-unset', `Variable ${name} is not set; it becomes empty.`);
    return result.text;
  }

  /** A scalar whose references are kept for later; only their form is checked. */
  template(node: Node | undefined, what: string): Template | undefined {
    if (!this.#late) return this.text(node, what);
    const scalar = this.#scalar(node, what);
    if (!scalar || scalar.value === null) return undefined;
    const raw = typeof scalar.value === 'string' ? scalar.value : scalar.text;
    const result = resolveTemplate(raw, () => 'x');
    if (!result.ok) return this.error(scalar.at, 'interpolation', result.message);
    return raw;
  }

  boolean(node: Node | undefined, what: string): boolean | undefined {
    if (node === undefined) return undefined;
    if (node.kind === 'scalar' && typeof node.value === 'boolean') return node.value;
    const text = this.text(node, what);
    if (text === undefined) return undefined;
    if (text === 'true' || text === 'false') return text === 'true';
    return this.error(node.at, 'type', `${what} must be true or false, not ${JSON.stringify(text)}.`);
  }

  number(
    node: Node | undefined,
    what: string,
    range: { min?: number; max?: number; integer?: boolean } = {},
  ): number | undefined {
    const text = this.text(node, what);
    if (node === undefined || text === undefined) return undefined;
    const value = text.trim() === '' ? Number.NaN : Number(text);
    const { min = -Infinity, max = Infinity, integer = true } = range;
    if (Number.isNaN(value) || (integer && !Number.isInteger(value)) || value < min || value > max)
      return this.error(
        node.at,
        'type',
        `${what} must be ${integer ? 'a whole number' : 'a number'}${range.min === undefined ? '' : ` from ${min}`}${range.max === undefined ? '' : ` to ${max}`}, not ${JSON.stringify(text)}.`,
      );
    return value;
  }

  /** @returns milliseconds. */
  duration(node: Node | undefined, what: string): number | undefined {
    const text = this.text(node, what);
    if (node === undefined || text === undefined) return undefined;
    return (
      parseDuration(text) ??
      this.error(
        node.at,
        'type',
        `${what} must be a duration such as 30s or 1m30s, not ${JSON.stringify(text)}.`,
      )
    );
  }

  /** @returns bytes. */
  bytes(node: Node | undefined, what: string): number | undefined {
    const text = this.text(node, what);
    if (node === undefined || text === undefined) return undefined;
    return (
      parseBytes(text) ??
      this.error(node.at, 'type', `${what} must be a size such as 512m or 2g, not ${JSON.stringify(text)}.`)
    );
  }

  oneOf<T extends string>(node: Node | undefined, what: string, words: readonly T[]): T | undefined {
    const text = this.text(node, what);
    if (node === undefined || text === undefined) return undefined;
    const found = words.find((word) => word === text);
    if (found !== undefined) return found;
    const meant = suggest(text, words);
    return this.error(
      node.at,
      'value',
      `${what} must be one of ${words.join(', ')}, not ${JSON.stringify(text)}.${meant ? ` Did you mean "${meant}"?` : ''}`,
    );
  }

  map(node: Node | undefined, what: string): MapNode | undefined {
    if (node === undefined || (node.kind === 'scalar' && node.value === null)) return undefined;
    if (node.kind === 'map') return node;
    return this.error(node.at, 'type', `${what} must be a mapping, not ${kindName(node)}.`);
  }

  list(node: Node | undefined, what: string): ListNode | undefined {
    if (node === undefined || (node.kind === 'scalar' && node.value === null)) return undefined;
    if (node.kind === 'list') return node;
    return this.error(node.at, 'type', `${what} must be a list, not ${kindName(node)}.`);
  }

  entries(node: Node | undefined, what: string): Entry[] {
    return this.map(node, what)?.entries ?? [];
  }

  items(node: Node | undefined, what: string): Node[] {
    return this.list(node, what)?.items ?? [];
  }

  /** A list of texts; one text alone counts as a list of one where `single` says so. */
  texts(node: Node | undefined, what: string, single = false): string[] {
    if (single && node?.kind === 'scalar') return [this.text(node, what)].flatMap((text) => text ?? []);
    return this.items(node, what).flatMap((item) => this.text(item, `an entry of ${what}`) ?? []);
  }

  /** `{A: b}` or `[A=b]`: names and templates. A name without a value is `null`. */
  templates(node: Node | undefined, what: string): Record<string, Template | null> {
    const values: Record<string, Template | null> = {};
    if (node?.kind === 'list') {
      for (const item of node.items) {
        const entry = this.template(item, `an entry of ${what}`);
        if (entry === undefined) continue;
        const at = entry.indexOf('=');
        const name = at < 0 ? entry : entry.slice(0, at);
        if (name === '') this.error(item.at, 'name', `An entry of ${what} needs a name before "=".`);
        else values[name] = at < 0 ? null : entry.slice(at + 1);
      }
      return values;
    }
    for (const { key, keyAt, value } of this.entries(node, what))
      if (key === '' || key.includes('='))
        this.error(keyAt, 'name', `${JSON.stringify(key)} cannot be a name in ${what}.`);
      else values[key] = this.template(value, `${key} of ${what}`) ?? null;
    return values;
  }

  /** As {@link templates}, resolved now; a name without a value is empty. */
  pairs(node: Node | undefined, what: string): Record<string, string> {
    const at = node?.at;
    return Object.fromEntries(
      Object.entries(this.templates(node, what)).map(([name, template]) => [
        name,
        template === null || !at ? '' : (this.resolved(template, at) ?? ''),
      ]),
    );
  }

  /** A path, relative to the file in which it is written. `~` is the worker's home. */
  path(node: Node | undefined, what: string): string | undefined {
    const text = this.text(node, what);
    if (node === undefined || text === undefined) return undefined;
    return this.absolute(text, node.at);
  }

  absolute(path: string, at: Location): string | undefined {
    if (path.includes('\u0000')) return this.error(at, 'path', 'A path must not hold a NUL character.');
    const home = path === '~' || path.startsWith('~/') ? homedir() + path.slice(1) : path;
    return isAbsolute(home) ? resolvePath(home) : resolvePath(dirname(at.file), home);
  }

  /** Every key must be known; `x-` keys are anyone's. */
  knownKeys(map: MapNode, what: string, known: readonly string[]): void {
    for (const { key, keyAt } of map.entries) {
      if (known.includes(key) || key.startsWith('x-')) continue;
      const meant = suggest(key, known);
      this.error(
        keyAt,
        'unknown-key',
        `"${key}" is not a key of ${what}.${meant ? ` Did you mean "${meant}"?` : ''}`,
      );
    }
  }

  /** Keys that the specification has and that mean nothing here. */
  ignoredKeys(map: MapNode, ignored: readonly string[], why: string): void {
    for (const { key, keyAt } of map.entries)
      if (ignored.includes(key)) this.warn(keyAt, 'ignored-key', `"${key}" is ignored: ${why}.`);
  }

  #scalar(node: Node | undefined, what: string): ScalarNode | undefined {
    if (node === undefined) return undefined;
    if (node.kind === 'scalar') return node;
    return this.error(node.at, 'type', `${what} must be a single value, not ${kindName(node)}.`);
  }
}
