/** `baton playbook import FILE`. */
import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { importPlaybook, lineText, type Imported } from '../../compose/playbook-import.ts';
import { configurationBytes, readSmallFile } from '../../compose/small-file.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson, printProblems } from '../output.ts';
import { examples, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { output?: string };

export const importCommand = (command: Command): void => {
  const own = command
    .command('import')
    .description(
      'write a playbook of other scripts (triggers, actions, post_checks) in Baton’s form; each of its lines is answered for',
    )
    .argument('<file>', 'the other playbook')
    .option('-o, --output <file>', 'write it there, where nothing is yet (default: print it)')
    .addOption(jsonOption())
    .action(async (file: string, options: Options) => {
      process.exitCode = await importFile(file, options);
    });
  examples(own, [
    'baton playbook import old/disk-cleanup.yml',
    'baton playbook import old/disk-cleanup.yml -o ~/.config/baton/playbooks/disk-cleanup.yml',
  ]);
};

const importFile = async (file: string, options: Options): Promise<number> => {
  const imported = importPlaybook(file, await bytesOf(file));
  if (options.json) printJson({ type: 'imported', file: resolve(file), ...imported });
  if (!imported.ok) {
    if (!options.json) tellRefused(imported);
    return exitCode.failed;
  }
  if (options.output !== undefined) await writeNew(options.output, imported.text);
  if (options.json) return exitCode.done;
  if (options.output === undefined) print(imported.text.trimEnd());
  else {
    for (const line of imported.lines) print(lineText(line));
    print(`${options.output} is written. Look at it: baton playbook check ${options.output}`);
  }
  return exitCode.done;
};

const tellRefused = ({ problems, lines }: Extract<Imported, { ok: false }>): void => {
  for (const line of lines) print(lineText(line));
  printProblems(problems);
};

const bytesOf = async (file: string): Promise<Uint8Array> => {
  try {
    return await readSmallFile(resolve(file), configurationBytes);
  } catch (error) {
    throw new CommandFailure(exitCode.failed, `${file} cannot be read: ${(error as Error).message}`);
  }
};

/** Never over a file: it may be somebody's own by now. */
const writeNew = async (file: string, text: string): Promise<void> => {
  try {
    await writeFile(file, text, { flag: 'wx' });
  } catch (error) {
    throw new CommandFailure(exitCode.failed, `${file} cannot be written: ${(error as Error).message}`);
  }
};
