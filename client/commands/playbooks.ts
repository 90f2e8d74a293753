/** `baton playbooks [NAME]`: what there is, what each is for, and what it would do. */
import type { Command } from 'commander';
import type { ReadPlaybooks } from '../../domain/playbook.ts';
import type { playbookList } from '../../workflows/questions.ts';
import { suggest } from '../../compose/suggest.ts';
import { ask } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson, printProblems } from '../output.ts';
import { playbookLine, playbookText } from '../playbook-text.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string };

export const playbooksCommand = (command: Command): void => {
  command
    .argument('[name]', 'one of them, with its steps')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: string | undefined, options: Options) => {
      process.exitCode = await list(name, options);
    });
  examples(command, ['baton playbooks', 'baton playbooks disk-cleanup', 'baton playbooks --json']);
};

const list = async (name: string | undefined, { host = thisHost().host, json }: Options): Promise<number> =>
  await withClient(async (client) => {
    const { playbooks, problems } = chosen(
      name,
      await ask<typeof playbookList>(client, host, 'playbookList', []),
    );
    if (json) {
      for (const playbook of playbooks) printJson({ type: 'playbook', ...playbook });
      if (problems.length > 0) printJson({ type: 'problems', problems });
    } else {
      for (const playbook of playbooks)
        print(name === undefined ? playbookLine(playbook) : playbookText(playbook).join('\n'));
      printProblems(problems);
    }
    return problems.length > 0 ? exitCode.failed : exitCode.done;
  });

const chosen = (name: string | undefined, { playbooks, problems }: ReadPlaybooks): ReadPlaybooks => {
  if (name === undefined) return { playbooks, problems };
  const own = playbooks.filter((one) => one.name === name);
  const faults = problems.filter(({ at }) => at?.file.endsWith(`/${name}.yml`));
  if (own.length + faults.length > 0) return { playbooks: own, problems: faults };
  const meant = suggest(
    name,
    playbooks.map((one) => one.name),
  );
  throw new CommandFailure(
    exitCode.failed,
    `There is no playbook "${name}".${meant === undefined ? '' : ` Did you mean "${meant}"?`}`,
    'baton playbooks',
  );
};
