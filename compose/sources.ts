/** Reads the files that make up a stack, each once, and keeps their text for error messages. */
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import type { Problem } from '../domain/problem.ts';
import type { Location } from '../domain/stack.ts';
import { sizeLimitBytes } from './guard.ts';
import { parseYaml, type Parsed } from './parse.ts';
import { demandFile } from './small-file.ts';

export class Sources {
  readonly #parsed = new Map<string, Parsed>();
  readonly #root: string;

  private constructor(root: string) {
    this.#root = root;
  }

  /** @param file the stack's own; what it includes or extends must lie under the same root. */
  static async of(file: string): Promise<Sources> {
    return new Sources(await rootOf(file));
  }

  /** @param from where the file is named, for messages; absent for the stack's own file. */
  async read(file: string, from?: Location): Promise<Parsed> {
    const known = this.#parsed.get(file);
    if (known) return known;
    const parsed = await this.#load(file, from);
    this.#parsed.set(file, parsed);
    return parsed;
  }

  async #load(file: string, from: Location | undefined): Promise<Parsed> {
    const refuse = (code: string, message: string, at = from): Parsed => {
      const problem: Problem = { severity: 'error', code, message };
      return { ok: false, problems: [at ? { ...problem, at } : problem] };
    };
    try {
      if (from && !(await this.#contains(file)))
        return refuse('path-escapes', `${file} lies outside ${this.#root}, to which this stack belongs.`);
      const { size } = await demandFile(file);
      // The guard refuses it too; here before it fills the memory.
      if (size > sizeLimitBytes) {
        const message = `${file} is ${size} bytes; at most ${sizeLimitBytes} are read.`;
        return refuse('too-large', message, from ?? { file, line: 1, column: 1 });
      }
      return parseYaml(file, await readFile(file));
    } catch (error) {
      return refuse('unreadable', `${file} cannot be read: ${reason(error)}.`);
    }
  }

  async #contains(file: string): Promise<boolean> {
    const real = await realpath(file);
    return real === this.#root || real.startsWith(this.#root + sep);
  }
}

const reasons: Record<string, string> = {
  ENOENT: 'there is no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
};

const reason = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (error instanceof Error ? error.message : String(error));
};

/** The repository that the file belongs to; without one, the directory above its own. */
const rootOf = async (file: string): Promise<string> => {
  const own = await realpath(dirname(file)).catch(() => dirname(resolve(file)));
  for (let directory = own; ; directory = dirname(directory)) {
    if (await exists(`${directory}/.git`)) return directory;
    if (directory === dirname(directory)) return dirname(own);
  }
};

const exists = async (path: string): Promise<boolean> =>
  await stat(path).then(
    () => true,
    () => false,
  );
