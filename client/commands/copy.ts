/** `baton copy`: snapshots copied to another machine or disk. What would be done is shown first; nothing is asked, as nothing here changes. */
import type { Command } from 'commander';
import { copyExitCodes } from '../../domain/copy.ts';
import { copyWorkflowId } from '../../domain/ids.ts';
import { isError } from '../../domain/problem.ts';
import type { copyData } from '../../workflows/copy-data.ts';
import type { copyPlan } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { startChange } from '../change.ts';
import { copyPlanText, copyReportText } from '../copy-text.ts';
import { exitCode } from '../failure.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson, printProblems } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { watchChange } from '../watch-change.ts';
import { copyArgument, examples, hostOption, jsonOption, outputMode, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; dryRun?: boolean };

export const copyCommand = (command: Command): void => {
  command
    .argument('<name>', 'as baton.yml names it, below "copies"', copyArgument)
    .option('--dry-run', 'say what would be copied, from which snapshot, to where, and do nothing')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: string, options: Options) => {
      process.exitCode = await copy(name, options);
    });
  examples(command, ['baton copy offsite --dry-run', 'baton copy offsite', 'baton copies']);
};

const copy = async (name: string, options: Options): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host, json = false } = options;
    const operation = newOperationId();
    const plan = await ask<typeof copyPlan>(client, host, 'copyPlan', [{ operation, name }]);
    if (json) printJson({ type: 'plan', ...plan });
    else for (const line of copyPlanText(plan)) print(line);
    if (!json) printProblems(plan.problems);
    if (plan.problems.some(isError)) return exitCode.failed;
    if (options.dryRun) return exitCode.done;
    const handle = await startChange<typeof copyData>(client, {
      host,
      workflow: 'copyData',
      workflowId: copyWorkflowId(host, name),
      summary: `copy ${name}`,
      args: [{ operation, host, name }],
    });
    const report = await watchChange(handle, outputMode(options), { beats: true });
    if (json) printJson({ type: 'report', ...report });
    else {
      print('');
      for (const line of copyReportText(report)) print(line);
      printProblems(report.problems);
    }
    return copyExitCodes[report.outcome];
  });
