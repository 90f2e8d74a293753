/** `baton validate FILE`: read a stack's file and say all that is wrong with it. Needs no server and no engine. */
import type { Command } from 'commander';
import { print, printJson, printProblems } from '../output.ts';
import { readStack, type Reading } from '../stack-file.ts';
import { examples, jsonOption, listOption, setOption, type OutputOptions } from './shared.ts';

export const validateCommand = (program: Command): void => {
  const command = program
    .command('validate')
    .description('read a stack and say all that is wrong with it, with line and column')
    .argument('<file>', 'a Compose file')
    .addOption(setOption())
    .addOption(listOption('--env-file <file>', 'read variables from this file instead of .env (repeatable)'))
    .addOption(listOption('--profile <name>', 'include services of this profile (repeatable)'))
    .addOption(jsonOption())
    .action(async (file: string, options: Reading & OutputOptions) => {
      const { stack, warnings } = await readStack(file, options);
      if (options.json) {
        printJson({
          type: 'valid',
          stack: stack.name,
          services: stack.services.map(({ name }) => name),
          warnings,
        });
        return;
      }
      printProblems(warnings);
      print(`${file} is valid: stack "${stack.name}" with ${stack.services.length} services.`);
    });
  examples(command, ['baton validate stacks/immich.yml', 'baton validate compose.yml --json']);
};
