/**
 * What a file must pass before a parser sees it. A thousand nested brackets in 10 KB can exhaust the stack of a recursive
 * parser beyond what `catch` can save, so depth is counted here, in one pass, without recursion.
 */
import type { Problem } from '../domain/problem.ts';

/** Compose files in the wild are below 100 KB; this much parses in about half a second at worst (16 bytes a service). */
export const sizeLimitBytes = 2 ** 17;
/** The deepest published file seen nests 12 levels. */
export const depthLimit = 64;
/** Aliases in published files number in the tens; each can repeat a whole tree. */
export const aliasLimit = 500;

export const guard = (file: string, bytes: Uint8Array): { text: string } | { problem: Problem } => {
  const refuse = (code: string, message: string, line = 1, column = 1): { problem: Problem } => ({
    problem: { severity: 'error', code, message, at: { file, line, column } },
  });
  if (bytes.length > sizeLimitBytes)
    return refuse('too-large', `The file is ${bytes.length} bytes; at most ${sizeLimitBytes} are read.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('not-text', 'The file is not UTF-8 text.');
  }
  const control = controlCharacter(text);
  if (control)
    return refuse(
      'not-text',
      `The file holds the control character ${control.name}; it is not a YAML text.`,
      control.line,
      control.column,
    );
  const deep = tooDeep(text);
  if (deep)
    return refuse('too-deep', `The file nests more than ${depthLimit} levels deep.`, deep.line, deep.column);
  const star = tooManyStars(text);
  if (star)
    return refuse(
      'too-many-aliases',
      `The file follows more than ${aliasLimit} aliases.`,
      star.line,
      star.column,
    );
  return { text };
};

/** The parser's time grows with the square of their number. What only looks like an alias, such as `*.example.org`, counts too. */
const starLimit = 10 * aliasLimit;

const tooManyStars = (text: string): Place | undefined => {
  let count = 0;
  for (const { index } of text.matchAll(/(?<=^|[\s[{,:-])\*[^\s,\]}]/gm)) {
    count += 1;
    if (count > starLimit) return placeOf(text, index);
  }
  return undefined;
};

type Place = { line: number; column: number };

const controlCharacter = (text: string): (Place & { name: string }) | undefined => {
  // YAML 1.2 §5.1: of the C0 controls only tab, line feed and carriage return are printable.

  const found = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.exec(text);
  if (!found) return undefined;
  return {
    ...placeOf(text, found.index),
    name: `U+${found[0].charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`,
  };
};

/** Counted from 1. */
export const placeOf = (text: string, index: number): Place => {
  const before = text.slice(0, index);
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') };
};

/** Counts open brackets and growing indentation. Brackets in quoted text count too: over-strict only for absurd files. */
const tooDeep = (text: string): Place | undefined => {
  let brackets = 0;
  for (const [index, line] of text.split('\n').entries()) {
    if (blockDepth(line) > depthLimit) return { line: index + 1, column: 1 };
    if (/^\s*#/.test(line)) continue;
    for (let at = 0; at < line.length; at += 1) {
      const character = line[at];
      if (character === '[' || character === '{') brackets += 1;
      else if (character === ']' || character === '}') brackets = Math.max(0, brackets - 1);
      if (brackets > depthLimit) return { line: index + 1, column: at + 1 };
    }
  }
  return undefined;
};

/** `- - - - x` nests a list a dash; indentation nests a level per two spaces at the least. */
const blockDepth = (line: string): number => {
  const head = /^(?:\s|-\s|\?\s|:\s)*/.exec(line)?.[0] ?? '';
  return (head.match(/[-?:]/g)?.length ?? 0) + Math.floor(head.length / 8);
};
