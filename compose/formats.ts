/** Whether a text is whole and readable in its format, and where it is not. */
import { parse as parseToml, TomlError } from 'smol-toml';
import { LineCounter, parseAllDocuments } from 'yaml';
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

const problem = (
  format: FileFormat,
  file: string,
  line: number,
  column: number,
  message: string,
): Problem => ({
  severity: 'error',
  code: format,
  message: `${message.split('\n')[0]?.replace(/[.:]$/, '') ?? ''}.`,
  at: { file, line, column },
});

const yamlProblems = (file: string, text: string): Problem[] => {
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, logLevel: 'silent' });
  if ('empty' in documents) return [];
  return documents.flatMap(({ errors }) =>
    errors.map(({ message, pos }) => {
      const { line, col } = lines.linePos(pos[0]);
      return problem('yaml', file, Math.max(1, line), Math.max(1, col), message);
    }),
  );
};

const jsonProblems = (file: string, text: string): Problem[] => {
  try {
    JSON.parse(text);
    return [];
  } catch (error) {
    const { message } = error as SyntaxError;
    const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length);
    const before = text.slice(0, offset).split('\n');
    const what = message.replace(/ (?:in JSON )?at position .*$/s, '');
    return [problem('json', file, before.length, (before.at(-1)?.length ?? 0) + 1, what)];
  }
};

const tomlProblems = (file: string, text: string): Problem[] => {
  try {
    parseToml(text);
    return [];
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return [
      problem('toml', file, error.line, error.column, error.message.replace(/^Invalid TOML document: /, '')),
    ];
  }
};
