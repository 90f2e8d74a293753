/**
 * `${VAR}` in every form of the Compose Specification. The grammar is that of compose-go: `$$` is a dollar sign, `$VAR` and
 * `${VAR}` a value, and `${VAR` may go on with `:-` `-` (default), `:?` `?` (required), `:+` `+` (replacement) and text in
 * which the same forms nest. A `$` before anything else stands for itself. `${` that is none of these is an error.
 */

/** A value, or `undefined` where the variable is not set. */
export type Lookup = (name: string) => string | undefined;

export type Operator = ':-' | '-' | ':?' | '?' | ':+' | '+';
export type Part =
  | { type: 'text'; text: string }
  | { type: 'variable'; name: string; operator?: Operator; operand: Part[]; offset: number };

export type TemplateError = {
  ok: false;
  code: 'malformed' | 'required';
  message: string;
  /** Where in the text the offending `$` stands, counted from 0. */
  offset: number;
  /** The variable that is missing, where one is. */
  variable?: string;
};
export type ParsedTemplate = { ok: true; parts: Part[] } | TemplateError;
export type ResolvedTemplate =
  | {
      ok: true;
      text: string;
      /** Variables without a value or a default: they count as empty. */ missing: string[];
    }
  | TemplateError;

/** Deeper nesting than anyone writes; it bounds recursion. */
const deepest = 32;

const opening = /(?<name>[A-Za-z_][A-Za-z0-9_]*)(?<operator>:?[-+?])?/y;
const bareName = /[A-Za-z_][A-Za-z0-9_]*/y;

/** @returns the parts of a template, or where it is malformed. */
export const parseTemplate = (text: string): ParsedTemplate => parseAt(text, 0, 0);

const parseAt = (text: string, base: number, depth: number): ParsedTemplate => {
  const parts: Part[] = [];
  let literal = '';
  let position = 0;
  const add = (part: Part): void => {
    if (literal !== '') parts.push({ type: 'text', text: literal });
    literal = '';
    parts.push(part);
  };
  while (position < text.length) {
    const dollar = text.indexOf('$', position);
    if (dollar < 0) break;
    literal += text.slice(position, dollar);
    const next = text[dollar + 1];
    if (next === '{') {
      const braced = parseBraced(text, dollar, base, depth);
      if (!braced.ok) return braced;
      add(braced.part);
      position = braced.end;
      continue;
    }
    bareName.lastIndex = dollar + 1;
    const name = bareName.exec(text)?.[0];
    if (name !== undefined) {
      add({ type: 'variable', name, operand: [], offset: base + dollar });
      position = dollar + 1 + name.length;
    } else {
      literal += '$';
      position = dollar + (next === '$' ? 2 : 1);
    }
  }
  literal += text.slice(position);
  if (literal !== '') parts.push({ type: 'text', text: literal });
  return { ok: true, parts };
};

const parseBraced = (
  text: string,
  start: number,
  base: number,
  depth: number,
): { ok: true; part: Part; end: number } | TemplateError => {
  const offset = base + start;
  const malformed = (why: string): TemplateError => ({ ok: false, code: 'malformed', offset, message: why });
  if (depth >= deepest) return malformed(`"\${" is nested more than ${deepest} deep`);
  opening.lastIndex = start + 2;
  const groups = opening.exec(text)?.groups;
  const name = groups?.['name'];
  if (name === undefined)
    return malformed(`"\${" is not followed by the name of a variable; write "$$" for a plain "$"`);
  const operator = groups?.['operator'] as Operator | undefined;
  const after = start + 2 + name.length;
  if (operator === undefined)
    return text[after] === '}'
      ? { ok: true, part: { type: 'variable', name, operand: [], offset }, end: after + 1 }
      : malformed(`"\${${name}" is not closed by "}" or followed by one of :- - :? ? :+ +`);
  const close = closingBrace(text, start);
  if (close === undefined) return malformed(`"\${${name}${operator}" is not closed by "}" on the same line`);
  const from = after + operator.length;
  const operand = parseAt(text.slice(from, close), base + from, depth + 1);
  if (!operand.ok) return operand;
  return {
    ok: true,
    part: { type: 'variable', name, operator, operand: operand.parts, offset },
    end: close + 1,
  };
};

/**
 * The brace that ends an expression: where braces balance, or else the last one of the line. Exactly as compose-go counts,
 * which does not look at the character after an opening brace.
 */
const closingBrace = (text: string, start: number): number | undefined => {
  let open = 0;
  let last: number | undefined;
  for (let index = start; index < text.length && text[index] !== '\n'; index++) {
    if (text[index] === '}') {
      last = index;
      if (--open === 0) return index;
    } else if (text[index] === '{') {
      open++;
      index++;
      if (text[index] === '\n') break;
      if (text[index] === '}') last = index;
    }
  }
  return last;
};

/**
 * Puts values in. As in compose-go, the text after an operator is resolved even where it isn't used, so that what is
 * required inside a default is required always.
 */
export const resolveTemplate = (text: string, lookup: Lookup): ResolvedTemplate => {
  const parsed = parseTemplate(text);
  return parsed.ok ? evaluate(parsed.parts, lookup) : parsed;
};

const evaluate = (parts: Part[], lookup: Lookup): ResolvedTemplate => {
  const missing: string[] = [];
  let text = '';
  for (const part of parts) {
    if (part.type === 'text') {
      text += part.text;
      continue;
    }
    const operand = evaluate(part.operand, lookup);
    if (!operand.ok) return operand;
    const chosen = choose(part.operator, lookup(part.name), operand.text);
    if (chosen === 'required') {
      const why = operand.text === '' ? '' : `: ${operand.text}`;
      const message = `Variable ${part.name} is required and has no value${why}`;
      return { ok: false, code: 'required', message, offset: part.offset, variable: part.name };
    }
    if (chosen.from === 'operand') missing.push(...operand.missing);
    if (chosen.from === 'nowhere') missing.push(part.name);
    text += chosen.text;
  }
  return { ok: true, text, missing };
};

type Choice = { text: string; from: 'value' | 'operand' | 'nowhere' };

const choose = (
  operator: Operator | undefined,
  value: string | undefined,
  operand: string,
): Choice | 'required' => {
  const own: Choice = { text: value ?? '', from: 'value' };
  const other: Choice = { text: operand, from: 'operand' };
  switch (operator) {
    case undefined:
      return value === undefined ? { text: '', from: 'nowhere' } : own;
    case ':-':
      return value === undefined || value === '' ? other : own;
    case '-':
      return value === undefined ? other : own;
    case ':+':
      return value === undefined || value === '' ? own : other;
    case '+':
      return value === undefined ? own : other;
    case ':?':
      return value === undefined || value === '' ? 'required' : own;
    case '?':
      return value === undefined ? 'required' : own;
  }
};

/** @returns the names of all variables in a template, each once, those inside defaults included. */
export const referencedVariables = (text: string): string[] => {
  const parsed = parseTemplate(text);
  if (!parsed.ok) return [];
  const names = new Set<string>();
  const collect = (parts: Part[]): void => {
    for (const part of parts) {
      if (part.type === 'text') continue;
      names.add(part.name);
      collect(part.operand);
    }
  };
  collect(parsed.parts);
  return [...names];
};

/** Text that resolves to itself: every `$` doubled. */
export const escapeTemplate = (text: string): string => text.replaceAll('$', '$$$$');
