/**
 * `baton edit FILE…`: each file is edited as a draft beside Baton's own records, its mistakes are shown before anything is
 * touched, and what changed is put in place as a guarded operation.
 */
import type { Command } from 'commander';
import { createTwoFilesPatch } from 'diff';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmod, copyFile, mkdir, readFile, realpath, rm } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { problemsOfText } from '../../compose/formats.ts';
import { configurationBytes, readSmallFile } from '../../compose/small-file.ts';
import { problemsOfTraefik, traefikEndings } from '../../compose/traefik.ts';
import type { Check, FileFormat, NamedCheck } from '../../domain/check.ts';
import { mostEdits } from '../../domain/changes.ts';
import type { Edit, GuardQuestion } from '../../domain/guard.ts';
import type { OperationId } from '../../domain/names.ts';
import { isError, type Problem } from '../../domain/problem.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { checksOf, runGuard } from '../guard.ts';
import { newOperationId } from '../operation.ts';
import { print, printDiff, printJson, printProblems } from '../output.ts';
import { thisHost } from '../this-host.ts';
import {
  checkOption,
  copyLimitOption,
  examples,
  jsonOption,
  patienceOf,
  patienceOption,
  waitOption,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & {
  validate: (Check | NamedCheck)[];
  validateWithin?: number;
  restart?: boolean;
  yes?: boolean;
  dryRun?: boolean;
  copyLimit: number;
  wait: boolean;
};

export const editCommand = (command: Command): void => {
  command
    .argument('<file...>', 'what to edit; with $VISUAL, else $EDITOR, else vi')
    .addOption(checkOption())
    .addOption(patienceOption())
    .option(
      '--restart',
      'restart every container that uses the files, not only those that would not see the change',
    )
    .option('--yes', 'put it in place without asking, unless it has mistakes')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(copyLimitOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (files: string[], options: Options) => {
      process.exitCode = await edit(files, options);
    });
  examples(command, [
    'baton edit /srv/traefik/dynamic/middleware.yml --validate https://wiki.example.org',
    'baton edit /srv/prometheus/prometheus.yml --restart --validate prometheus',
    'EDITOR="sed -i s/old/new/" baton edit /srv/app/config.toml --yes',
  ]);
};

/** A file and the copy of it that is edited. */
type Draft = { file: string; path: string; before: Buffer };

const edit = async (names: string[], options: Options): Promise<number> => {
  const checks = checksOf(options.validate);
  const operation = newOperationId();
  const drafts = await openDrafts(operation, names);
  const changed = await editUntilAgreed(drafts, options);
  if (changed.length === 0) {
    await rm(placeOf(operation), { recursive: true, force: true });
    if (!options.json) print('Nothing was changed.');
    return exitCode.done;
  }
  const kept = `Your text is kept: ${changed.map(({ path }) => path).join(', ')}`;
  try {
    const code = await runGuard(questionOf(operation, changed, checks, options), options);
    if (code !== exitCode.done) process.stderr.write(`${kept}\n`);
    return code;
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const next = error.next === undefined ? kept : `${error.next}\n  ${kept}`;
    throw new CommandFailure(error.exitCode, error.message, next, { cause: error });
  }
};

const placeOf = (operation: OperationId): string =>
  join(thisHost().stateDirectory, 'operations', operation, 'drafts');

const openDrafts = async (operation: OperationId, names: string[]): Promise<Draft[]> =>
  await Promise.all(
    names.map(async (name, index) => {
      try {
        // What a link leads to is edited; the link stays.
        const file = await realpath(resolve(name));
        const before = await readSmallFile(file, configurationBytes);
        const place = join(placeOf(operation), String(index + 1));
        await mkdir(place, { recursive: true, mode: 0o700 });
        const path = join(place, basename(file));
        await copyFile(file, path);
        await chmod(path, 0o600);
        return { file, path, before };
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        throw new CommandFailure(exitCode.failed, `${name} cannot be edited: ${why}. Nothing was changed.`);
      }
    }),
  );

/** @returns the drafts that differ from their files, once a person (or `--yes`) has agreed to what they hold. */
const editUntilAgreed = async (drafts: Draft[], options: Options): Promise<(Draft & { after: Buffer })[]> => {
  for (;;) {
    await openEditor(drafts.map(({ path }) => path));
    const all = await Promise.all(
      drafts.map(async (draft) => ({ ...draft, after: await readFile(draft.path) })),
    );
    const changed = all.filter(({ before, after }) => !before.equals(after));
    if (changed.length === 0) return [];
    const problems = changed.flatMap(({ file, after }) => problemsOf(file, after.toString('utf8')));
    if (options.json) printJson({ type: 'edit', files: changed.map(({ file }) => file), problems });
    else {
      printDiff(changed.map(patchOf).join(''));
      printProblems(problems);
    }
    const faulty = problems.some(isError);
    if (options.dryRun || (options.yes && !faulty)) return faulty ? refuse(changed) : changed;
    const answer = await ask(faulty, changed);
    if (answer === 'apply') return changed;
    if (answer === 'leave') refuse(changed);
  }
};

/** From its "---" on, as in the difference that the operation keeps. */
/** From its "---" on, as in the difference that the operation keeps. */
const patchOf = ({ file, before, after }: Draft & { after: Buffer }): string => {
  const [was, is] = [before, after].map((text) => text.toString('utf8')) as [string, string];
  const patch = createTwoFilesPatch(file, file, was, is, 'before', 'after', { maxEditLength: mostEdits });
  return patch?.replace(/^.*?(?=^--- )/ms, '') ?? `${file} differs in more than ${mostEdits} lines.\n`;
};

const refuse = (drafts: readonly Draft[]): never => {
  throw new CommandFailure(
    exitCode.failed,
    'Nothing was changed.',
    `Your text is kept: ${drafts.map(({ path }) => path).join(', ')}`,
  );
};

/** A file with mistakes can be mended or left: its reader would refuse it. */
const ask = async (faulty: boolean, drafts: readonly Draft[]): Promise<'apply' | 'edit' | 'leave'> => {
  if (!process.stdin.isTTY) refuse(drafts);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const question = faulty
      ? 'It has mistakes. Edit again? [E]dit, [n]o, leave it '
      : 'Put this in place? [y]es, [e]dit again, [n]o ';
    for (;;) {
      const answer = (await terminal.question(question)).trim().toLowerCase();
      if (['e', 'edit'].includes(answer) || (faulty && answer === '')) return 'edit';
      if (['n', 'no', 'q'].includes(answer)) return 'leave';
      if (!faulty && ['y', 'yes'].includes(answer)) return 'apply';
    }
  } catch {
    // Ctrl-C, Ctrl-D.
    return 'leave';
  } finally {
    terminal.close();
  }
};

const formats: Record<string, FileFormat> = {
  '.yml': 'yaml',
  '.yaml': 'yaml',
  '.json': 'json',
  '.toml': 'toml',
};

/** What it must be; configuration of Traefik lies where its name is. */
const typeOf = (file: string): FileFormat | 'traefik' | undefined => {
  const ending = extname(file).toLowerCase();
  return /traefik/i.test(file) && traefikEndings.includes(ending) ? 'traefik' : formats[ending];
};

const problemsOf = (file: string, text: string): Problem[] => {
  const type = typeOf(file);
  if (type === 'traefik') return problemsOfTraefik(file, text);
  return type ? problemsOfText(type, file, text) : [];
};

/** As git does: the variable may hold arguments, so a shell reads it; the files never pass through one. */
const openEditor = async (files: string[]): Promise<void> => {
  const editor = process.env['VISUAL'] || process.env['EDITOR'] || 'vi';
  // Ctrl-C in the editor is the editor's.
  const ignore = (): void => undefined;
  process.on('SIGINT', ignore).on('SIGQUIT', ignore);
  const child = spawn('/bin/sh', ['-c', `${editor} "$@"`, editor, ...files], { stdio: 'inherit' });
  const code = await new Promise<number | null>((ended, failed) => {
    child.once('error', failed).once('exit', ended);
  }).finally(() => process.off('SIGINT', ignore).off('SIGQUIT', ignore));
  if (code !== 0)
    throw new CommandFailure(
      exitCode.failed,
      `The editor (${editor}) ended with ${code === null ? 'a signal' : `exit code ${code}`}. Nothing was changed.`,
      'Name another: VISUAL=nano baton edit …',
    );
};

const sha256 = (content: Buffer): string => createHash('sha256').update(content).digest('hex');

const questionOf = (
  operation: OperationId,
  drafts: readonly (Draft & { after: Buffer })[],
  checks: Check[],
  options: Options,
): GuardQuestion => ({
  operation,
  kind: 'guard',
  host: thisHost().host,
  title: `edit ${drafts.map(({ file }) => basename(file)).join(', ')}`,
  data: drafts.map(({ file }) => file),
  edits: drafts.map(({ file, path, before, after }): Edit => ({
    file,
    draft: path,
    was: sha256(before),
    becomes: sha256(after),
  })),
  restart: options.restart ?? false,
  ...patienceOf(options),
  checks: [
    ...drafts.flatMap(({ file }): Check[] => {
      const type = typeOf(file);
      return type ? [{ type, file }] : [];
    }),
    ...checks,
  ],
  onFailure: 'roll-back',
  onCrash: 'fail',
  copyLimitBytes: options.copyLimit,
});
