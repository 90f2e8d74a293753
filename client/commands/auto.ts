/** `baton auto`: looking after the host by itself. */
import type { Command } from 'commander';
import { cycleWorkflowId } from '../../domain/ids.ts';
import type { oodaCycle } from '../../workflows/ooda-cycle.ts';
import { startChange } from '../change.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { tellLook } from './health.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string };

export const autoCommand = (command: Command): void => {
  const once = command
    .command('once')
    .description('look at everything once, and keep what was seen')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { host = thisHost().host } = options;
      const look = await withClient(async (client) => {
        const handle = await startChange<typeof oodaCycle>(client, {
          host,
          workflow: 'oodaCycle',
          workflowId: cycleWorkflowId(host),
          summary: 'look once',
          args: [],
        });
        return await handle.result();
      });
      process.exitCode = tellLook(look, options);
    });
  examples(once, ['baton auto once', 'baton auto once --json']);
};
