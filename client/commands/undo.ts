/** `baton undo STACK` and `baton remove STACK`: operations like a deploy, and undoable like one. */
import type { Command } from 'commander';
import type { ReleaseId, StackName } from '../../domain/names.ts';
import type { ReleaseKind } from '../../domain/plan.ts';
import type { ReleaseSource } from '../../domain/operation.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { stackOfLastAction } from '../last-action.ts';
import { newOperationId, startOperation, watchOperation } from '../operation.ts';
import { print } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import {
  copyLimitOption,
  examples,
  gateOf,
  gateOptions,
  hostOption,
  jsonOption,
  outputMode,
  releaseArgument,
  stackArgument,
  waitOption,
  type GateOptions,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & GateOptions & { host?: string; copyLimit: number; wait: boolean };

type UndoOptions = Options & { to?: ReleaseId; withData?: boolean; lastAuto?: boolean };

export const undoCommand = (command: Command): void => {
  shared(command.argument('[stack]', 'the stack', stackArgument))
    .option('--last-auto', 'take back what Baton did last by itself, instead of naming a stack')
    .option('--to <release>', 'the release to go back to (default: the one before)', releaseArgument)
    .option('--with-data', 'also put the data back to what it was when that release was replaced')
    .option('--keep-data', 'keep the data as it is now (the default)')
    .action(async (named: StackName | undefined, options: UndoOptions) => {
      const stack = await stackToUndo(named, options);
      const source: ReleaseSource = {
        from: 'release',
        withData: options.withData ?? false,
        ...(options.to ? { release: options.to } : {}),
      };
      process.exitCode = await run('undo', stack, source, options);
    });
  examples(command, [
    'baton undo immich',
    'baton undo immich --to 1f2e3d4c5b6a',
    'baton undo immich --with-data',
    'baton undo --last-auto',
  ]);
};

const stackToUndo = async (
  named: StackName | undefined,
  { host = thisHost().host, lastAuto, to }: UndoOptions,
): Promise<StackName> => {
  if (lastAuto) {
    if (named !== undefined || to !== undefined)
      throw new CommandFailure(exitCode.usage, 'Name a stack, or say --last-auto: not both.');
    return await withClient(async (client) => await stackOfLastAction(client, host));
  }
  if (named === undefined)
    throw new CommandFailure(exitCode.usage, 'Which stack is to be undone?', 'baton undo STACK');
  return named;
};

export const removeCommand = (command: Command): void => {
  shared(command.argument('<stack>', 'the stack', stackArgument))
    .option('--with-data', 'also empty its volumes and directories; what they hold is kept as snapshots')
    .option('--keep-data', 'keep the data as it is (the default)')
    .action(async (stack: StackName, options: Options & { withData?: boolean }) => {
      const source: ReleaseSource = { from: 'nothing', withData: options.withData ?? false };
      process.exitCode = await run('remove', stack, source, options);
    });
  examples(command, [
    'baton remove immich',
    'baton undo immich                # brings it back',
    'baton remove immich --with-data',
    'baton undo immich --with-data    # brings it back with its data',
  ]);
};

const shared = (command: Command): Command =>
  gateOptions(command)
    .addOption(hostOption())
    .addOption(copyLimitOption())
    .addOption(waitOption())
    .addOption(jsonOption());

const run = async (
  kind: ReleaseKind,
  stack: StackName,
  source: ReleaseSource,
  options: Options,
): Promise<number> =>
  await withClient(async (client) => {
    const handle = await startOperation(client, {
      operation: newOperationId(),
      kind,
      stack,
      host: options.host ?? thisHost().host,
      source,
      options: { copyLimitBytes: options.copyLimit, build: false, pull: false },
      ...gateOf(options),
    });
    if (options.wait) return await watchOperation(client, handle, outputMode(options));
    print(`The ${kind} of ${stack} has started. Watch it: baton events ${stack} --follow`);
    return 0;
  });
