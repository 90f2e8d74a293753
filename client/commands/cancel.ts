/** `baton cancel OPERATION`: stop an operation and put everything back. */
import type { Command } from 'commander';
import { WorkflowUpdateFailedError } from '@temporalio/client';
import { CommandFailure, exitCode } from '../failure.ts';
import { findOperation, watchOperation } from '../operation.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples, hostOption, jsonOption, outputMode, waitOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; wait: boolean; reason?: string };

export const cancelCommand = (command: Command): void => {
  command
    .argument('<operation>', 'an operation, or the stack it changes')
    .option('--reason <text>', 'why, for the report')
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (operation: string, options: Options) => {
      process.exitCode = await withClient(async (client) => {
        const handle = await findOperation(client, options.host ?? thisHost().host, operation);
        try {
          await handle.executeUpdate('rollBack', {
            args: [options.reason ?? 'cancelled from the command line'],
          });
        } catch (error) {
          if (!(error instanceof WorkflowUpdateFailedError)) throw error;
          throw new CommandFailure(exitCode.failed, error.cause?.message ?? error.message);
        }
        return options.wait ? await watchOperation(client, handle, outputMode(options)) : 0;
      });
    });
  examples(command, ['baton cancel immich', 'baton cancel 1f0c9a2e --reason "wrong file"']);
};
