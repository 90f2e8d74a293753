/** `baton events OPERATION`: its steps and what came of them, from its history; with `--follow`, until it ends. */
import type { Command } from 'commander';
import { findOperation, linkOf, watchOperation } from '../operation.ts';
import { print, printJson, printReport, stepDisplay } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { progressOf } from '../worker.ts';
import { examples, hostOption, jsonOption, outputMode, type OutputOptions } from './shared.ts';

export const eventsCommand = (command: Command): void => {
  command
    .argument('<operation>', 'an operation, or the stack it changes')
    .option('-f, --follow', 'watch it until it ends')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (operation: string, options: OutputOptions & { host?: string; follow?: boolean }) => {
      process.exitCode = await withClient(async (client) => {
        const handle = await findOperation(client, options.host ?? thisHost().host, operation);
        const mode = outputMode(options);
        if (options.follow) return await watchOperation(client, handle, mode);
        const progress = await progressOf(handle);
        const display = await stepDisplay(mode === 'live' ? 'plain' : mode);
        display.show(progress?.steps ?? []);
        const link = await linkOf(client, handle);
        if (progress?.report && mode === 'json') printJson({ type: 'report', ...progress.report, link });
        else if (progress?.report) printReport(progress.report, link);
        else if (mode !== 'json' && link !== undefined) print(`\nStill running. Web UI: ${link}`);
        return 0;
      });
    });
  examples(command, ['baton events immich', 'baton events immich --follow', 'baton events 1f0c9a2e --json']);
};
