/** `baton validate FILE`: read a stack's file and say all that is wrong with it. Needs no server and no engine. */
import type { Command } from 'commander';
import { countText } from '../../domain/count-text.ts';
import { print, printJson, printProblems } from '../output.ts';
import { readEcosystem, readStack, type Reading } from '../stack-file.ts';
import { examples, jsonOption, listOption, setOption, type OutputOptions } from './shared.ts';

export const validateCommand = (command: Command): void => {
  command
    .argument('<file>', 'a Compose file')
    .addOption(setOption())
    .addOption(listOption('--env-file <file>', 'read variables from this file instead of .env (repeatable)'))
    .addOption(listOption('--profile <name>', 'include services of this profile (repeatable)'))
    .addOption(jsonOption())
    .action(async (file: string, options: Reading & OutputOptions) => {
      const { stacks, name, warnings } = await readAny(file, options);
      if (options.json) {
        printJson({
          type: 'valid',
          name,
          stacks: stacks.map((stack) => ({
            stack: stack.name,
            services: stack.services.map((service) => service.name),
          })),
          warnings,
        });
        return;
      }
      printProblems(warnings);
      const [only] = stacks;
      print(
        stacks.length === 1 && only?.name === name
          ? `${file} is valid: stack "${name}" with ${countText(only.services.length, 'service')}.`
          : `${file} is valid: ecosystem "${name}" with ${countText(stacks.length, 'stack')}.`,
      );
    });
  examples(command, ['baton validate stacks/immich.yml', 'baton validate compose.yml --json']);
};

const readAny = async (file: string, options: Reading) => {
  const read = await readEcosystem(file, options);
  if (read) {
    const { ecosystem, warnings } = read;
    return {
      name: ecosystem.name,
      warnings,
      stacks: ecosystem.phases.flatMap(({ stacks }) => stacks.map(({ stack }) => stack)),
    };
  }
  const { stack, warnings } = await readStack(file, options);
  return { name: stack.name, warnings, stacks: [stack] };
};
