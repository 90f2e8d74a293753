/** A problem as a compiler shows it: place, message, the line with a caret, and what to do next. */
import { readFile, stat } from 'node:fs/promises';
import { relative } from 'node:path';
import { formatLocation, type Problem } from '../domain/problem.ts';
import { sizeLimitBytes } from './guard.ts';

/** Longer lines are cut around the caret. */
const widest = 110;

/** @returns lines of text. The source line is left out where the file is gone, too large, or may hold secrets. */
export const renderProblem = async (problem: Problem): Promise<string> => {
  const { at, severity, message, next } = problem;
  const hint = next === undefined ? [] : [`  → ${next}`];
  if (!at) return [`${severity}: ${message}`, ...hint].join('\n');
  const way = relative(process.cwd(), at.file);
  const file = way.startsWith('..') ? at.file : way;
  return [
    `${formatLocation({ ...at, file })}: ${severity}: ${visible(message)}`,
    ...(problem.code === 'env-file' ? [] : caret(await sourceLine(at.file, at.line), at.column, at.line)),
    ...hint,
  ].join('\n');
};

/** One after the other, with a line between them. */
export const renderProblems = async (problems: readonly Problem[]): Promise<string> =>
  (await Promise.all(problems.map(renderProblem))).join('\n\n');

/** Marks that only change how the rest looks (right-to-left, zero width) are shown as a dot. */
const visible = (text: string): string => text.replaceAll(/[\p{Cf}\p{Zl}\p{Zp}]/gu, '·');

const sourceLine = async (file: string, line: number): Promise<string | undefined> => {
  try {
    if ((await stat(file)).size > sizeLimitBytes) return undefined;
    return (await readFile(file, 'utf8')).split(/\r?\n/)[line - 1];
  } catch {
    // The message stands without its line.
    return undefined;
  }
};

const caret = (line: string | undefined, column: number, number: number): string[] => {
  if (line === undefined) return [];
  const from = Math.max(0, column - 1 - Math.floor(widest / 2));
  // Control characters in a hostile file must not reach the terminal.

  const shown = visible(line.slice(from, from + widest).replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, ' '));
  const gutter = String(number);
  return [`  ${gutter} | ${shown}`, `  ${' '.repeat(gutter.length)} | ${' '.repeat(column - 1 - from)}^`];
};
