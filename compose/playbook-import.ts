/**
 * A remediation playbook that somebody wrote for scripts of their own, in Baton's form. Every line of it is answered for: what it
 * becomes, or why nothing.
 */
import { basename } from 'node:path';
import { stringify } from 'yaml';
import { risks } from '../domain/playbook.ts';
import type { Problem } from '../domain/problem.ts';
import type { Location } from '../domain/stack.ts';
import type { TargetKind } from '../domain/target.ts';
import {
  actionRules,
  checkRules,
  triggerRules,
  type Doing,
  type Holds,
  type Rule,
  type When,
} from './import-rules.ts';
import { parseYaml } from './parse.ts';
import { readPlaybook } from './playbook.ts';
import { get, type MapNode, type Node } from './tree.ts';

/**
 * One line of the old file. @property at absent of what was added. @property into what it becomes; absent: nothing.
 * @property why what is to be known of that.
 */
export type ImportedLine = { at?: Location; text: string; into?: string; why?: string };

export type Imported =
  | { ok: true; name: string; text: string; lines: ImportedLine[] }
  | { ok: false; problems: Problem[]; lines: ImportedLine[] };

export const importPlaybook = (file: string, bytes: Uint8Array): Imported => {
  const parsed = parseYaml(file, bytes);
  if (!parsed.ok) return { ...parsed, lines: [] };
  const { root } = parsed;
  if (root.kind !== 'map') return refused(root.at, 'This is no playbook: it should be a mapping.');
  const chain = get(root, 'playbooks');
  if (chain) return refused(chain.at, 'This is a chain of playbooks.', itemsOf(chain).map(ofChain));
  return new Importing(file, root).finish();
};

const refused = (at: Location, message: string, lines: ImportedLine[] = []): Imported => ({
  ok: false,
  problems: [{ severity: 'error', code: 'no-import', message: `${message} Nothing was written.`, at }],
  lines,
});

const ofChain = (node: Node): ImportedLine => ({
  at: node.at,
  text: textAt(node, 'name'),
  why: 'each playbook is decided by itself, on evidence of its own, and one that fails is followed by another decision: import it alone',
});

/** What Baton says in other ways, or not at all. */
const otherKeys: Record<string, string> = {
  version: 'a file’s history is its version',
  pre_checks:
    'a run looks at its target and its locks before it begins; needs.checks takes checks of Baton’s own',
  created: 'a file’s history tells that',
  updated: 'a file’s history tells that',
  logging: 'a report has what was measured, before and after',
  escalation: 'two failures in a row on a target stop the playbook there, and a person is asked',
  failure_handling: 'a step that fails is put back, and people are told',
  safety_checks: 'words that nothing holds: locks, budgets and levels are Baton’s',
  recommendations: 'words for people; forecasts and reports have the figures',
  examples: 'they are of other scripts: baton playbook run NAME TARGET --dry-run',
};

class Importing {
  readonly #lines: ImportedLine[] = [];
  readonly #root: MapNode;
  readonly #file: string;

  constructor(file: string, root: MapNode) {
    this.#file = file;
    this.#root = root;
  }

  finish(): Imported {
    const target = this.#target();
    if (!target)
      return refused(
        get(this.#root, 'actions')?.at ?? this.#root.at,
        'None of its actions has a step in Baton’s form.',
        this.#actions('service').lines,
      );
    const name = basename(this.#file)
      .replace(/\.ya?ml$/, '')
      .toLowerCase()
      .replaceAll(/[^a-z0-9_-]+/g, '-');
    const when = this.#section(triggerRules, 'triggers', ['condition'], target);
    const { steps, lines } = this.#actions(target);
    this.#lines.push(...lines);
    const criteria = [
      ...this.#section(checkRules, 'post_checks', ['command', 'name'], target),
      ...this.#section(checkRules, 'success_criteria', [], target),
    ];
    const body = {
      name,
      title: this.#textOf('name') || name,
      target,
      ...(when.length > 0 ? { when: distinct(when) } : {}),
      steps,
      success: { all: this.#success(criteria, target) },
      undo: this.#undo(steps),
      risk: this.#risk(),
      cooldown: this.#added('cooldown', '1h'),
      needs: { time: this.#time() },
    };
    this.#rest(name);
    return this.#checked(name, body);
  }

  /** What the first action that becomes anything is done to. */
  #target(): TargetKind | undefined {
    for (const one of itemsOf(get(this.#root, 'actions'))) {
      const found = actionOf(one);
      if (typeof found !== 'string') return found.of[0];
    }
    return undefined;
  }

  /** Of several that become the same step there is one. */
  #actions(target: TargetKind): { steps: object[]; lines: ImportedLine[] } {
    const lines: ImportedLine[] = [];
    const steps: Doing[] = [];
    for (const one of itemsOf(get(this.#root, 'actions'))) {
      const text = textAt(one, 'name');
      const found = actionOf(one);
      if (typeof found === 'string') lines.push({ at: one.at, text, why: found });
      else if (!found.of.includes(target)) lines.push({ at: one.at, text, why: elsewhere(found.of, target) });
      else {
        merge(steps, found.result);
        lines.push({ at: one.at, text, into: said(found.result), ...noted(found.note) });
      }
    }
    return { steps: steps.map(written), lines };
  }

  /** Entries of a list that the rules know, and a line for each. @param keys of an entry, in which the rules look in this order. */
  #section<Result extends When | Holds>(
    rules: Rule<Result>[],
    key: string,
    keys: string[],
    target: TargetKind,
  ): Result[] {
    return itemsOf(get(this.#root, key)).flatMap((one) => {
      const texts = keys.length === 0 ? [scalarText(one)] : keys.map((each) => textAt(one, each));
      const found = texts.map((text) => apply(rules, text)).find((each) => each !== undefined);
      const text = textAt(one, 'description') || textAt(one, 'name') || texts[0] || '';
      if (found === undefined || typeof found === 'string')
        this.#say(one.at, text, undefined, found ?? 'nothing that Baton observes tells it');
      else if (!found.of.includes(target)) this.#say(one.at, text, undefined, elsewhere(found.of, target));
      else {
        this.#say(one.at, text, said(found.result), found.note);
        return [found.result];
      }
      return [];
    });
  }

  #success(found: Holds[], target: TargetKind): Holds[] {
    // The last that is said of a measure is what its author wants of it: criteria in words come after commands that look.
    const byMeasure = new Map(found.map((one) => [one.measure, one]));
    if (byMeasure.size > 0) return [...byMeasure.values()];
    return [
      this.#added(
        'success',
        target === 'filesystem'
          ? { measure: 'used-percent', falls_by: '1%' }
          : { measure: 'unhealthy', at_most: 0 },
      ),
    ];
  }

  /** Whether there is a way back is told by the steps, not by the file. */
  #undo(steps: object[]): { possible: boolean; how: string } {
    const possible = !steps.some((step) => 'cleanup' in step);
    return {
      possible,
      how: possible
        ? 'A step that fails is put back; what has succeeded can be undone by hand: baton undo.'
        : 'What was removed is gone.',
    };
  }

  #risk(): (typeof risks)[number] {
    const text = this.#textOf('risk_level');
    return risks.find((risk) => risk === text) ?? this.#added('risk', 'medium');
  }

  /** The longer end of `2-5 minutes`. */
  #time(): string {
    const metadata = get(this.#root, 'metadata');
    const found = /(\d+)\s*(s|m|h)\w*\s*$/.exec(
      metadata?.kind === 'map' ? textAt(metadata, 'estimated_duration') : '',
    );
    return found ? `${found[1]}${found[2]}` : this.#added('needs.time', '15m');
  }

  /** Keys that nothing was read of, and a wish to be asked. */
  #rest(name: string): void {
    for (const { key, keyAt, value } of this.#root.entries) {
      if (key === 'requires_confirmation' && value.kind === 'scalar' && value.value === true)
        this.#say(
          keyAt,
          key,
          undefined,
          `in preferences.yml instead: autonomy.action_overrides.${name}.min_confidence: 1 has Baton always ask`,
        );
      else if (otherKeys[key] !== undefined) this.#say(keyAt, key, undefined, otherKeys[key]);
    }
  }

  /** What is written must be read again without a mistake. */
  #checked(name: string, body: object): Imported {
    const lines = this.#lines.sort((a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0));
    const text = `${stringify(body, { lineWidth: 120 })}${lines.map((line) => `# ${lineText(line)}\n`).join('')}`;
    const read = readPlaybook(`${name}.yml`, Buffer.from(text), 'own');
    return read.ok ? { ok: true, name, text, lines } : { ok: false, problems: read.problems, lines };
  }

  #added<Value>(key: string, value: Value): Value {
    this.#lines.push({
      text: key,
      into: said(value),
      why: 'not told there, and needed: see that it is right',
    });
    return value;
  }

  #textOf(key: string): string {
    return textAt(this.#root, key);
  }

  #say(at: Location, text: string, into?: string, why?: string): void {
    this.#lines.push({ at, text, ...(into === undefined ? {} : { into }), ...noted(why) });
  }
}

const conditional = 'it depends on a condition: make it a playbook of its own, with that as its `when`';
const byHand = 'write it as a guard, and name what it may change: { guard: { shell: …, data: [PATH] } }';

const elsewhere = (of: readonly TargetKind[], target: TargetKind): string =>
  `it is about a ${of.join(' or ')}, and this is about a ${target}: make it a playbook of its own`;

const noted = (why: string | undefined) => (why === undefined ? {} : { why });

/** `line 12: "Prune images" → {cleanup:[images]}`. */
export const lineText = ({ at, text, into, why }: ImportedLine): string =>
  `${at ? `line ${at.line}` : 'added'}: ${JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text)} ${into === undefined ? 'left out' : `→ ${into}`}${why === undefined ? '' : `: ${why}`}`;

const said = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value).replaceAll('"', '');

const apply = <Result>(rules: Rule<Result>[], text: string) => {
  for (const [pattern, is] of rules) {
    const match = pattern.exec(text);
    if (match) return typeof is === 'string' ? is : is(match);
  }
  return undefined;
};

/** @returns why it becomes nothing, in words, where it does not. */
const actionOf = (node: Node) => {
  const found = apply(actionRules, textAt(node, 'command')) ?? byHand;
  return typeof found !== 'string' && textAt(node, 'conditional') !== '' ? conditional : found;
};

/** One cleanup does all that cleanups do, one restart all restarts. */
const merge = (steps: Doing[], step: Doing): void => {
  const cleanup = 'cleanup' in step && steps.find((other) => 'cleanup' in other);
  if (cleanup) cleanup.cleanup = [...new Set([...cleanup.cleanup, ...step.cleanup])];
  else if (!steps.some((other) => Object.keys(other)[0] === Object.keys(step)[0]))
    steps.push(structuredClone(step));
};

const written = (step: Doing): object => ('cleanup' in step ? { cleanup: { only: step.cleanup } } : step);

const distinct = <Value>(values: Value[]): Value[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];

const itemsOf = (node: Node | undefined): Node[] => (node?.kind === 'list' ? node.items : []);

const scalarText = (node: Node | undefined): string => (node?.kind === 'scalar' ? node.text : '');

const textAt = (node: Node, key: string): string => (node.kind === 'map' ? scalarText(get(node, key)) : '');
