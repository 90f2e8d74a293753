/** Env files as Docker Compose reads them: quotes, comments, `export`, and references to earlier variables. */
import { resolveTemplate, type Lookup } from '../domain/interpolate.ts';
import type { Problem } from '../domain/problem.ts';

export type EnvFile = { ok: true; values: Record<string, string> } | { ok: false; problems: Problem[] };

/** @param options.raw values are taken as they stand: no quotes, no references. */
export const parseEnvFile = (
  text: string,
  options: { file: string; lookup: Lookup; raw: boolean },
): EnvFile => {
  const values: Record<string, string> = {};
  const problems: Problem[] = [];
  const lookup: Lookup = (name) => values[name] ?? options.lookup(name);
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const head = /^\s*(?:export\s+)?(?<name>[A-Za-z_][A-Za-z0-9_.-]*)\s*(?<rest>[=:].*)?$/s.exec(
      line,
    )?.groups;
    if (!head?.['name']) {
      problems.push(located(options.file, index, 'is not of the form NAME=value'));
      continue;
    }
    const { name, rest } = head;
    if (rest === undefined) {
      const value = options.lookup(name);
      if (value !== undefined) values[name] = value;
      continue;
    }
    if (options.raw) {
      values[name] = rest.slice(1);
      continue;
    }
    const read = readValue(rest.slice(1).trimStart(), lines, index, lookup);
    if ('problem' in read) problems.push(located(options.file, index, read.problem));
    else {
      values[name] = read.value;
      index = read.lastLine;
    }
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, values };
};

const located = (file: string, index: number, what: string): Problem => ({
  severity: 'error',
  code: 'env-file',
  // The line itself may hold a secret, so it is never shown.
  message: `Line ${index + 1} of ${file} ${what}.`,
  at: { file, line: index + 1, column: 1 },
});

type Value = { value: string; lastLine: number } | { problem: string };

const readValue = (start: string, lines: readonly string[], index: number, lookup: Lookup): Value => {
  const quote = start[0];
  if (quote !== '"' && quote !== "'") return resolved(start.replace(/\s#.*$/, '').trimEnd(), index, lookup);
  let body = start.slice(1);
  let line = index;
  let end = closingQuote(body, quote);
  while (end < 0 && line + 1 < lines.length) {
    line += 1;
    body += `\n${lines[line] ?? ''}`;
    end = closingQuote(body, quote);
  }
  if (end < 0) return { problem: `opens a ${quote} that is not closed` };
  const inner = body.slice(0, end);
  if (quote === "'") return { value: inner, lastLine: line };
  return resolved(unescape(inner), line, lookup);
};

const closingQuote = (body: string, quote: string): number => {
  for (let at = 0; at < body.length; at += 1) {
    if (body[at] === '\\' && quote === '"') at += 1;
    else if (body[at] === quote) return at;
  }
  return -1;
};

const escapes: Record<string, string> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', $: '$$' };

const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/gs, (all, character: string) => escapes[character] ?? all);

const resolved = (text: string, lastLine: number, lookup: Lookup): Value => {
  const result = resolveTemplate(text, lookup);
  return result.ok ? { value: result.text, lastLine } : { problem: `cannot be resolved: ${result.message}` };
};
