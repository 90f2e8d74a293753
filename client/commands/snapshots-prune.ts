/** `baton snapshots prune`: removes what no rule of `baton.yml` keeps, once it has been shown. */
import type { Command } from 'commander';
import { countText } from '../../domain/count-text.ts';
import { batonFileOf } from '../../domain/host.ts';
import { rotationWorkflowId } from '../../domain/ids.ts';
import type { StackName } from '../../domain/names.ts';
import { isError } from '../../domain/problem.ts';
import {
  rotationExitCodes,
  type PathRotation,
  type RotationPlan,
  type RotationReport,
} from '../../domain/rotation.ts';
import type { rotationPlan } from '../../workflows/questions.ts';
import type { rotateSnapshots } from '../../workflows/rotate-snapshots.ts';
import { ask } from '../ask.ts';
import { startChange } from '../change.ts';
import { confirm, sayYes } from '../confirm.ts';
import { exitCode } from '../failure.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson, printProblems } from '../output.ts';
import { rotationReportText, rotationText } from '../snapshot-text.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { watchChange } from '../watch-change.ts';
import { examples, hostOption, jsonOption, outputMode, stackArgument, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; dryRun?: boolean; yes?: boolean };
type Explained = RotationPlan & { paths: PathRotation[] };

export const pruneCommand = (command: Command): void => {
  command
    .description('remove those that no rule of baton.yml keeps, once they have been shown')
    .argument('[stack]', 'only those that operations on this stack took', stackArgument)
    .option('--dry-run', 'say what would be removed, and why the rest is kept, and do nothing')
    .option('-y, --yes', 'do it without a question')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (stack: StackName | undefined, options: Options) => {
      process.exitCode = await prune(stack, options);
    });
  examples(command, [
    'baton snapshots prune --dry-run',
    'baton snapshots prune immich',
    'baton snapshots prune --yes --json',
  ]);
};

const prune = async (stack: StackName | undefined, options: Options): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host } = options;
    const plan = await ask<typeof rotationPlan>(client, host, 'rotationPlan', stack ? [stack] : []);
    show(plan, options);
    if (plan.problems.some(isError)) return exitCode.failed;
    if (plan.remove.length === 0 || options.dryRun) return exitCode.done;
    const what = countText(plan.remove.length, 'snapshot');
    if (!options.yes) await confirm(`Remove ${what}? They cannot be brought back.`, { unattended: sayYes() });
    const handle = await startChange<typeof rotateSnapshots>(client, {
      host,
      workflow: 'rotateSnapshots',
      workflowId: rotationWorkflowId(host),
      summary: `prune ${what}`,
      args: [{ operation: newOperationId(), host, ...(stack ? { stack } : {}), plan: plan.digest }],
    });
    const report = await watchChange(handle, outputMode(options));
    tell(report, options);
    return rotationExitCodes[report.outcome];
  });

const show = ({ paths, ...plan }: Explained, { json }: Options): void => {
  if (json) printJson({ type: 'plan', ...plan, paths });
  else {
    for (const line of rotationText(paths, batonFileOf(thisHost()))) print(line);
    printProblems(plan.problems);
    if (plan.remove.length === 0 && plan.problems.length === 0) print('Nothing to remove.');
  }
};

const tell = (report: RotationReport, { json }: Options): void => {
  if (json) printJson({ type: 'report', ...report });
  else {
    print('');
    for (const line of rotationReportText(report)) print(line);
    printProblems(report.problems);
  }
};
