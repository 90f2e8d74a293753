/** `baton cleanup`: frees space on a host, from what costs least to what costs most, once it has been shown. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { parsePercent } from '../../compose/cleanup.ts';
import {
  cleanupExitCodes,
  cleanupParts,
  type CleanupPart,
  type CleanupReport,
  type CleanupWish,
  type ExplainedCleanup,
} from '../../domain/cleanup.ts';
import { stillShort } from '../../domain/cleanup-target.ts';
import { cleanupWorkflowId } from '../../domain/ids.ts';
import { isError } from '../../domain/problem.ts';
import type { cleanUp } from '../../workflows/clean-up.ts';
import type { cleanupPlan } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { startChange } from '../change.ts';
import { cleanupReportText, cleanupText } from '../cleanup-text.ts';
import { confirm, sayYes } from '../confirm.ts';
import { exitCode } from '../failure.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson, printProblems } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { watchChange } from '../watch-change.ts';
import { examples, hostOption, jsonOption, listOption, outputMode, type OutputOptions } from './shared.ts';

type Options = OutputOptions & {
  host?: string;
  dryRun?: boolean;
  yes?: boolean;
  until?: number;
  only?: CleanupPart[];
  volumes: string[];
};

export const cleanupCommand = (command: Command): void => {
  command
    .description(
      'free space: temporary files, build cache, unused images, old logs, the journal, snapshots by retention',
    )
    .option('--dry-run', 'say what would go, in which order, and why the rest stays, and do nothing')
    .addOption(
      new Option(
        '--until <percent>',
        'stop once each filesystem is this full or less, such as 70%',
      ).argParser(percentArgument),
    )
    .addOption(
      new Option('--only <parts>', `only these, with commas between: ${cleanupParts.join(', ')}`).argParser(
        partsArgument,
      ),
    )
    .addOption(
      listOption('--volumes <name>', 'remove this volume too, where no container has it (repeatable)'),
    )
    .option('-y, --yes', 'do it without a question')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      process.exitCode = await cleanup(options);
    });
  examples(command, [
    'baton cleanup --dry-run',
    'baton cleanup --until 70%',
    'baton cleanup --only images,build-cache --yes',
    'baton cleanup --only volumes --volumes old_cache',
  ]);
};

const percentArgument = (text: string): number => {
  const percent = parsePercent(text.endsWith('%') ? text : `${text}%`);
  if (percent === undefined) throw new InvalidArgumentError('Write a share of the disk in use, such as 70%.');
  return percent;
};

const partsArgument = (text: string): CleanupPart[] =>
  text.split(',').map((word) => {
    const part = cleanupParts.find((one) => one === word.trim());
    if (!part)
      throw new InvalidArgumentError(`Nothing is called "${word}"; there is ${cleanupParts.join(', ')}.`);
    return part;
  });

const cleanup = async (options: Options): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host } = options;
    const wish = wishOf(options);
    const plan = await ask<typeof cleanupPlan>(client, host, 'cleanupPlan', [wish]);
    show(plan, options);
    if (plan.problems.some(isError)) return exitCode.failed;
    if (plan.remove.length === 0)
      return plan.until === undefined || isEnough(plan) ? exitCode.done : exitCode.failed;
    if (options.dryRun || isEnough(plan)) return exitCode.done;
    if (!options.yes) await confirm(question(plan), { unattended: sayYes() });
    const handle = await startChange<typeof cleanUp>(client, {
      host,
      workflow: 'cleanUp',
      workflowId: cleanupWorkflowId(host),
      summary: plan.until === undefined ? 'free space' : `free space until ${plan.until} %`,
      args: [{ operation: newOperationId(), host, ...wish, plan: plan.digest }],
    });
    const report = await watchChange(handle, outputMode(options));
    tell(report, options);
    return cleanupExitCodes[report.outcome];
  });

/** A volume that is named is meant, whatever else is asked for. */
const wishOf = ({ until, only, volumes }: Options): CleanupWish => ({
  ...(until === undefined ? {} : { until }),
  ...(only ? { only: volumes.length > 0 && !only.includes('volumes') ? [...only, 'volumes'] : only } : {}),
  volumes,
});

/** A target is reached already. */
const isEnough = ({ until, usage }: ExplainedCleanup): boolean =>
  until !== undefined && stillShort(usage, until).length === 0;

const question = ({ remove, until }: ExplainedCleanup): string => {
  const what = remove.length === 1 ? 'this' : `these ${remove.length}, from the first on`;
  return `Remove ${what}${until === undefined ? '' : ` until ${until} % are in use`}? It cannot be brought back.`;
};

const show = (plan: ExplainedCleanup, { json }: Options): void => {
  if (json) {
    printJson({ type: 'plan', ...plan });
    return;
  }
  for (const line of cleanupText(plan)) print(line);
  printProblems(plan.problems);
  if (plan.problems.some(isError)) return;
  if (isEnough(plan)) print(`Nothing need be removed: ${plan.until ?? 0} % is not exceeded.`);
  else if (plan.remove.length === 0) print('Nothing to remove.');
};

const tell = (report: CleanupReport, { json }: Options): void => {
  if (json) {
    printJson({ type: 'report', ...report });
    return;
  }
  print('');
  for (const line of cleanupReportText(report)) print(line);
  printProblems(report.problems);
};
