/** `baton snapshots check`: whether each snapshot is in good order, and what lies among them that should not. */
import type { Command } from 'commander';
import type { StackName } from '../../domain/names.ts';
import type { SnapshotFinding } from '../../domain/snapshot.ts';
import type { snapshotCheck } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { hostOption, jsonOption, stackArgument, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string };

export const checkCommand = (command: Command): void => {
  command
    .description(
      'whether each is there, can be read, is read-only on btrfs and has a right name; what else lies there',
    )
    .argument('[stack]', 'only those that operations on this stack took', stackArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (stack: StackName | undefined, options: Options) => {
      const found = await withClient(
        async (client) =>
          await ask<typeof snapshotCheck>(client, options.host, 'snapshotCheck', stack ? [stack] : []),
      );
      tell(found, options);
      process.exitCode = found.every(({ problems }) => problems.length === 0)
        ? exitCode.done
        : exitCode.failed;
    });
};

const tell = (found: readonly SnapshotFinding[], { json }: Options): void => {
  if (json) {
    for (const finding of found) printJson({ type: 'finding', ...finding });
    return;
  }
  for (const path of new Set(found.map((one) => one.path))) {
    print(path);
    for (const { name, location, problems } of found.filter((one) => one.path === path))
      print(
        `  ${problems.length === 0 ? '✓' : '✗'} ${name ?? location ?? ''}${problems.map((problem) => `\n      ${problem}`).join('')}`,
      );
  }
  const wrong = found.filter(({ problems }) => problems.length > 0).length;
  print(
    wrong === 0
      ? `${found.length} looked at; all is well.`
      : `${found.length} looked at; something is wrong with ${wrong}.`,
  );
};
