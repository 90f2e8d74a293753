/** Where `${VAR}` comes from: `--set`, then the environment, then env files. */
import { dirname, join } from 'node:path';
import type { Lookup } from '../domain/interpolate.ts';
import type { Problem } from '../domain/problem.ts';
import { parseEnvFile } from './env-file.ts';
import { readSmallFile } from './small-file.ts';

export type Given = {
  /** What `--set` gave. */
  variables?: Record<string, string>;
  environment: Readonly<Record<string, string | undefined>>;
};

/** @param files later ones win over earlier ones. A missing file is an error unless it is a default `.env`. */
export const openEnvironment = async (
  { variables = {}, environment }: Given,
  files: { path: string; required: boolean }[],
): Promise<{ lookup: Lookup; read: string[]; problems: Problem[] }> => {
  const values: Record<string, string> = {};
  const problems: Problem[] = [];
  const read: string[] = [];
  const lookup: Lookup = (name) => variables[name] ?? environment[name] ?? values[name];
  for (const { path, required } of files) {
    const text = await readSmallFile(path).catch((error: unknown) => {
      const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
      if (!missing || required)
        problems.push({
          severity: 'error',
          code: 'env-file',
          message: `The env file ${path} cannot be read.`,
        });
      return undefined;
    });
    if (text === undefined) continue;
    const parsed = parseEnvFile(text.toString('utf8'), { file: path, lookup, raw: false });
    if (!parsed.ok) problems.push(...parsed.problems);
    else Object.assign(values, parsed.values);
    read.push(path);
  }
  return { lookup, read, problems };
};

/** The env file that Compose reads by itself. */
export const defaultEnvFile = (file: string): string => join(dirname(file), '.env');
