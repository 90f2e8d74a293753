/** `baton snapshots take`: a snapshot for its own sake. A guarded operation in which nothing is run. */
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { snapshotQuestion, type GuardQuestion } from '../../domain/guard.ts';
import type { StackName } from '../../domain/names.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { runGuard } from '../guard.ts';
import { newOperationId } from '../operation.ts';
import { thisHost } from '../this-host.ts';
import {
  copyLimitOption,
  examples,
  hostOption,
  jsonOption,
  stackArgument,
  waitOption,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & {
  stack?: StackName;
  reason: string;
  dryRun?: boolean;
  copyLimit: number;
  host?: string;
  wait: boolean;
};

export const takeCommand = (command: Command): void => {
  command
    .description('take one now, of paths or of all data of a stack; nothing is stopped')
    .argument('[path...]', 'a directory, file or btrfs subvolume')
    .option('--stack <name>', 'all data of this stack', stackArgument)
    .option('--reason <text>', 'what it is for, for whoever looks at it later', 'asked for by hand')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(copyLimitOption())
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (paths: string[], options: Options) => {
      process.exitCode = await runGuard(questionOf(paths, options), options);
    });
  examples(command, [
    'baton snapshots take /srv/immich/library',
    'baton snapshots take --stack immich --reason "before the big import"',
  ]);
};

const questionOf = (paths: string[], { stack, reason, copyLimit, host }: Options): GuardQuestion => {
  if (paths.length === 0 && stack === undefined)
    throw new CommandFailure(exitCode.usage, 'Say of what: a PATH, or --stack STACK. Nothing was changed.');
  return {
    ...snapshotQuestion(
      reason,
      paths.map((path) => resolve(path)),
      copyLimit,
    ),
    operation: newOperationId(),
    host: host ?? thisHost().host,
    ...(stack ? { stack } : {}),
  };
};
