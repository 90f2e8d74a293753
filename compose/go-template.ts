/**
 * Go templates, as Traefik renders them before it reads a file. They are not executed here: what would be printed is put in
 * as {@link printed}, so that the rest of the file can be read where it was written.
 */
import type { Problem } from '../domain/problem.ts';
import { placeOf } from './guard.ts';

/** Stands for text that only the rendering knows. */
export const printed = 'TEMPLATE_VALUE';

export type Templated = {
  text: string;
  /** Whether parts are left out or repeated by a condition or a loop; then only the rendering knows what is read. */
  conditional: boolean;
};

type Action = { start: number; end: number; words: string };

/** @returns the text with every action taken out, line by line where it was; or where the template is malformed. */
export const withoutTemplate = (file: string, text: string): Templated | { problem: Problem } => {
  const refuse = (offset: number, message: string): { problem: Problem } => {
    const at = { file, ...placeOf(text, offset) };
    return { problem: { severity: 'error', code: 'template', message, at } };
  };
  const open: Action[] = [];
  let plain = '';
  let position = 0;
  let conditional = false;
  for (;;) {
    const start = text.indexOf('{{', position);
    if (start < 0) break;
    const end = endOfAction(text, start + 2);
    if (end === undefined) return refuse(start, 'This "{{" is never closed.');
    const words = text
      .slice(start + 2, end - 2)
      .replace(/^-\s/, '')
      .replace(/\s-$/, '')
      .trim();
    const keyword = keywordOf(words);
    if (opening.includes(keyword)) {
      open.push({ start, end, words });
      conditional = true;
    } else if (keyword === 'end' && !open.pop()) return refuse(start, 'This {{end}} ends nothing.');
    else if (keyword === 'else' && open.length === 0)
      return refuse(start, 'This {{else}} belongs to nothing.');
    const lines = text.slice(start, end).split('\n').length - 1;
    plain += text.slice(position, start) + (prints(words) ? printed : '') + '\n'.repeat(lines);
    position = end;
  }
  const [unclosed] = open.slice(-1);
  if (unclosed) return refuse(unclosed.start, `This {{${unclosed.words}}} has no {{end}}.`);
  return { text: withoutLoneValues(plain + text.slice(position)), conditional };
};

const opening = ['if', 'range', 'with', 'define', 'block'];
const silent = [...opening, 'else', 'end', 'break', 'continue'];

const keywordOf = (words: string): string => words.split(/[\s(.]/)[0] ?? '';

const prints = (words: string): boolean =>
  !silent.includes(keywordOf(words)) &&
  !words.startsWith('/*') &&
  !/^\$\w*(?:\s*,\s*\$\w+)?\s*:?=/.test(words);

/** Just behind the action's `}}`; what stands in quotes does not end it. */
const endOfAction = (text: string, from: number): number | undefined => {
  const comment = /^-?\s*\/\*/.test(text.slice(from, from + 8));
  if (comment) {
    const close = /\*\/\s*-?\}\}/.exec(text.slice(from));
    return close ? from + close.index + close[0].length : undefined;
  }
  const token = /"(?:[^"\\\n]|\\.)*"|`[^`]*`|'(?:[^'\\\n]|\\.)*'|\}\}/g;
  token.lastIndex = from;
  for (let found = token.exec(text); found; found = token.exec(text))
    if (found[0] === '}}') return token.lastIndex;
  return undefined;
};

/** A value alone on its line may print anything, whole mappings too. */
const withoutLoneValues = (text: string): string =>
  text.replaceAll(new RegExp(`^[ \\t]*(?:${printed})+[ \\t]*$`, 'gm'), '');
