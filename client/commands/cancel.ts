/** `baton cancel OPERATION`: stop an operation and put everything back. `baton keep OPERATION`: leave what failed as it is. */
import type { Command } from 'commander';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { CommandFailure, exitCode } from '../failure.ts';
import { findOperation, watchOperation } from '../operation.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples, hostOption, jsonOption, outputMode, waitOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; wait: boolean; reason?: string };

export const cancelCommand = (command: Command): void => {
  answer(command, 'an operation, or the stack it changes', 'rollBack', 'cancelled from the command line');
  examples(command, ['baton cancel immich', 'baton cancel 1f0c9a2e --reason "wrong file"']);
};

export const keepCommand = (command: Command): void => {
  answer(command, 'a guarded command that failed and waits', 'keep', 'kept from the command line');
  examples(command, ['baton keep traefik', 'baton keep 1f0c9a2e --reason "the check is too strict"']);
};

/** @param update how the operation is told. */
const answer = (command: Command, about: string, update: 'rollBack' | 'keep', because: string): void => {
  command
    .argument('<operation>', about)
    .option('--reason <text>', 'why, for the report')
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (operation: string, options: Options) => {
      process.exitCode = await withClient(async (client) => {
        const handle = await findOperation(client, options.host ?? thisHost().host, operation);
        try {
          await handle.executeUpdate(update, { args: [options.reason ?? because] });
        } catch (error) {
          if (error instanceof WorkflowNotFoundError)
            throw new CommandFailure(
              exitCode.failed,
              `The last operation of "${operation}" has ended. Nothing was changed.`,
              `baton events ${operation}`,
            );
          if (!(error instanceof WorkflowUpdateFailedError)) throw error;
          throw new CommandFailure(exitCode.failed, error.cause?.message ?? error.message);
        }
        return options.wait ? await watchOperation(client, handle, outputMode(options)) : exitCode.done;
      });
    });
};
