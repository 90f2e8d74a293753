/** Whether a text is whole and readable in its format, and where it is not. */
import { parse as parseToml, TomlError } from 'smol-toml';
import { parseAllDocuments, visit, type Alias, type Document } from 'yaml';
import type { FileFormat } from '../domain/check.ts';
import type { Problem } from '../domain/problem.ts';

/** @returns everything that is wrong with it; of JSON and TOML the first thing only. `file` is named in locations. */
export const problemsOfText = (format: FileFormat, file: string, text: string): Problem[] => {
  switch (format) {
    case 'yaml':
      return yamlProblems(file, text);
    case 'json':
      return jsonProblems(file, text);
    case 'toml':
      return tomlProblems(file, text);
  }
};

const problemAt = (
  format: FileFormat,
  file: string,
  text: string,
  offset: number,
  message: string,
): Problem => {
  const before = text.slice(0, offset).split(/\r\n|\n/);
  const [first = ''] = message.split('\n');
  return {
    severity: 'error',
    code: format,
    message: `${first.replace(/[.:]$/, '')}.`,
    at: { file, line: before.length, column: (before.at(-1)?.length ?? 0) + 1 },
  };
};

const yamlProblems = (file: string, text: string): Problem[] => {
  const told = (offset: number, message: string): Problem => problemAt('yaml', file, text, offset, message);
  const nul = text.indexOf('\0');
  if (nul >= 0) return [told(nul, 'A NUL character is no part of a YAML text')];
  const documents = parseAllDocuments(text, { prettyErrors: false, logLevel: 'silent' });
  if ('empty' in documents) return [];
  return documents.flatMap((document) => [
    ...document.errors.map(({ message, pos }) => told(pos[0], message)),
    ...danglingAliases(document).map(({ source, range }) =>
      told(range?.[0] ?? 0, `The alias *${source} has no anchor before it`),
    ),
  ]);
};

/** The parser finds these only when it makes values. */
const danglingAliases = (document: Document.Parsed): Alias[] => {
  const found: Alias[] = [];
  visit(document, {
    Alias: (_key, alias) => {
      if (!alias.resolve(document)) found.push(alias);
    },
  });
  return found;
};

const jsonProblems = (file: string, text: string): Problem[] => {
  const message = jsonError(text);
  if (message === undefined) return [];
  const { what, offset } = placeInJson(text, message);
  return [problemAt('json', file, text, offset, what)];
};

const jsonError = (text: string): string | undefined => {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return (error as SyntaxError).message;
  }
};

const unexpected = /^Unexpected token '.*?'(?=, )/su;

/** V8 tells the place of most mistakes; that of an unexpected token is found by asking for ever shorter beginnings. */
const placeInJson = (text: string, message: string): { what: string; offset: number } => {
  const [what] = unexpected.exec(message) ?? [];
  if (what === undefined) {
    const [, told] = / at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(message) ?? [];
    const atEnd = /^Unexpected end|^Unterminated/.test(message)
      ? text.length
      : Math.max(0, text.search(/\S/));
    return {
      what: message.replace(/(?: in JSON)? at position .*$/s, ''),
      offset: told === undefined ? atEnd : Number(told),
    };
  }
  let [good, bad] = [0, text.length];
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (unexpected.test(jsonError(text.slice(0, middle)) ?? '')) bad = middle;
    else good = middle;
  }
  return { what, offset: bad - 1 };
};

const tomlProblems = (file: string, text: string): Problem[] => {
  try {
    parseToml(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column, message } = error;
    const problem = problemAt('toml', file, text, 0, message.replace(/^Invalid TOML document: /, ''));
    return [{ ...problem, at: { file, line, column } }];
  }
};
