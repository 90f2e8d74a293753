/**
 * The command in one file, with what V8 has made of it. Of a command that only reads and asks, more than half the time went into
 * finding, reading and compiling six hundred files; that Baton's own are still as they were bundled takes 3 ms to see.
 */
import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { constants as vmConstants, Script } from 'node:vm';
import { writeWhole } from './write-whole.ts';

const checkout = join(import.meta.dirname, '..');

/** Beside the packages: who may write there may change the command anyway. */
export const bundlesOf = (root: string): string => join(root, 'node_modules', '.cache', 'baton');
const indexOf = (root: string): string => join(bundlesOf(root), 'command.json');

/** What a bundle was made of. */
export type Bundle = {
  /** The checkout: a copy of it elsewhere has other paths in its bundle. */
  root: string;
  /** With `command.cjs`, and with what V8 has compiled of it for each verb. */
  directory: string;
  inputs: Input[];
};
export type Input = { path: string; modifiedMs: number; bytes: number };

export const scriptOf = ({ directory }: Pick<Bundle, 'directory'>): string => join(directory, 'command.cjs');

/** @returns `undefined` where the sources are to be run themselves: to debug them, or where nothing can be kept beside them. */
export const commandBundle = async (root: string = checkout): Promise<Bundle | undefined> => {
  if (process.env['BATON_DEBUG']) return undefined;
  const known = readIndex(root);
  if (
    known?.root === root &&
    isAllowed(scriptOf(known), constants.R_OK) &&
    known.inputs.every((input) => isUnchanged(root, input))
  )
    return known;
  if (!isAllowed(join(root, 'node_modules'), constants.W_OK)) return undefined;
  try {
    const { bundleCommand } = await import('./bundle-command.ts');
    const { bundle, isCurrent } = await bundleCommand(root);
    if (isCurrent) writeWhole(indexOf(root), Buffer.from(JSON.stringify(bundle)));
    return bundle;
  } catch (error) {
    process.stderr.write(`Baton starts slowly: its sources could not be bundled (${String(error)}).\n`);
    return undefined;
  }
};

/**
 * Runs the bundle, and keeps what V8 compiles for the first command of each verb: it need not compile that again.
 * @returns what its entry exports.
 */
export const runBundle = (bundle: Bundle): { main: () => Promise<void> } => {
  const { root, directory } = bundle;
  const file = scriptOf(bundle);
  const compiledFile = join(directory, `${verbOf(process.argv)}.compiled`);
  const compiled = readIfThere(compiledFile);
  const script = new Script(`(function (module, require) {${readFileSync(file, 'latin1')}\n})`, {
    filename: file,
    cachedData: compiled,
    importModuleDynamically: vmConstants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  if (!compiled || script.cachedDataRejected)
    process.once('exit', (code) => {
      try {
        // What failed may have been a verb that there is none of.
        if (code === 0 && isAllowed(directory, constants.W_OK))
          writeWhole(compiledFile, script.createCachedData());
      } catch {
        // A full disk is no reason for a command to fail: the next one compiles again.
      }
    });
  const module = { exports: {} as { main: () => Promise<void> } };
  const run = script.runInThisContext() as (module: unknown, require: NodeJS.Require) => void;
  run(module, createRequire(join(root, 'client', 'start.ts')));
  return module.exports;
};

/** Help needs no more than what all verbs share; with it, a verb would have what it needs compiled each time. */
const verbOf = ([, , verb = '', ...rest]: readonly string[]): string =>
  rest.includes('--help') ? 'help' : (/^[a-z]{1,20}$/.exec(verb)?.[0] ?? 'none');

const readIndex = (root: string): Bundle | undefined => {
  const text = readIfThere(indexOf(root))?.toString();
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Bundle);
  } catch {
    // Whatever it was, it is made anew.
    return undefined;
  }
};

export const inputAt = (root: string, path: string): Input => {
  const { mtimeMs, size } = statSync(join(root, path));
  return { path, modifiedMs: mtimeMs, bytes: size };
};

const isUnchanged = (root: string, before: Input): boolean => {
  const now = statSync(join(root, before.path), { throwIfNoEntry: false });
  return now?.mtimeMs === before.modifiedMs && now.size === before.bytes;
};

/** What is kept only to be quicker is not there either where it may not be read. */
const readIfThere = (path: string): Buffer | undefined => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};

const isAllowed = (path: string, access: number): boolean => {
  try {
    accessSync(path, access);
    return true;
  } catch {
    return false;
  }
};
