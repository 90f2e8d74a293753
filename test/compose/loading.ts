/** Loads stacks from text, in a directory of their own. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import assert from 'node:assert/strict';
import { loadStack, type Loaded, type LoadOptions } from '../../compose/load.ts';
import type { ServiceSpec, StackSpec } from '../../domain/stack.ts';

type Options = Partial<Omit<LoadOptions, 'file'>> & {
  files?: Record<string, string>;
  /** Symbolic links, by what they point to. */
  links?: Record<string, string>;
  name?: string;
};

/** @param text the stack's own file; `options.files` lie beside it, by relative path. */
export const load = async (text: string | Uint8Array, options: Options = {}): Promise<Loaded> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-load-'));
  try {
    for (const [name, content] of Object.entries(options.files ?? {})) {
      await mkdir(dirname(join(directory, 'x', name)), { recursive: true });
      await writeFile(join(directory, 'x', name), content);
    }
    await mkdir(join(directory, 'x'), { recursive: true });
    for (const [name, target] of Object.entries(options.links ?? {}))
      await symlink(target, join(directory, 'x', name));
    const file = join(directory, 'x', options.name ?? 'web.yml');
    await writeFile(file, text);
    return await loadStack({ environment: {}, ...options, file });
  } finally {
    await rm(directory, { recursive: true });
  }
};

export const mustLoad = async (text: string, options: Options = {}): Promise<StackSpec> => {
  const loaded = await load(text, options);
  assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems, null, 2));
  return loaded.stack;
};

/** The one service `a` of a stack that says only this. */
export const mustLoadService = async (text: string, options: Options = {}): Promise<ServiceSpec> => {
  const body = text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  const [service] = (await mustLoad(`services:\n  a:\n    image: busybox\n${body}\n`, options)).services;
  assert.ok(service);
  return service;
};

/** What is wrong, as `code@line:column`, errors only. */
export const problemsOf = async (text: string | Uint8Array, options: Options = {}): Promise<string[]> => {
  const loaded = await load(text, options);
  if (loaded.ok) return [];
  return loaded.problems
    .filter(({ severity }) => severity === 'error')
    .map(({ code, at }) => `${code}@${at ? `${at.line}:${at.column}` : '-'}`);
};
