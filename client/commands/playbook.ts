/** `baton playbook check FILE…` and `baton playbook run NAME TARGET`. */
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { readPlaybookFile } from '../../compose/playbooks.ts';
import { playbookWorkflowId } from '../../domain/ids.ts';
import { playbookExitCodes, type PreparedPlaybook } from '../../domain/playbook.ts';
import { isError } from '../../domain/problem.ts';
import { targetText } from '../../domain/target.ts';
import type { planPlaybook } from '../../workflows/questions.ts';
import type { runPlaybook } from '../../workflows/run-playbook.ts';
import { ask } from '../ask.ts';
import { startChange } from '../change.ts';
import { confirm, sayYes } from '../confirm.ts';
import { exitCode } from '../failure.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson, printProblems } from '../output.ts';
import { measureLines, playbookPlanText, playbookReportText } from '../playbook-text.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { watchChange } from '../watch-change.ts';
import { importCommand } from './playbook-import.ts';
import { examples, hostOption, jsonOption, outputMode, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; dryRun?: boolean; yes?: boolean };

export const playbookCommand = (command: Command): void => {
  const check = command
    .command('check')
    .description('say everything that is wrong with a playbook, where it is written')
    .argument('<file...>', 'files of playbooks')
    .addOption(jsonOption())
    .action(async (files: string[], options: OutputOptions) => {
      process.exitCode = await checkFiles(files, options);
    });
  check.addHelpText('after', `\nMeasures:\n${measureLines().join('\n')}`);
  examples(check, ['baton playbook check ~/.config/baton/playbooks/*.yml']);
  const run = command
    .command('run')
    .description('carry out a playbook on a target, once its plan has been shown; measure before and after')
    .argument('<name>', 'see: baton playbooks')
    .argument('<target>', 'a filesystem (/srv), a stack (shop) or a service (shop/db)')
    .option('--dry-run', 'say what would be done, and the figures now, and do nothing')
    .option('-y, --yes', 'do it without a question')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: string, target: string, options: Options) => {
      process.exitCode = await runOn(name, target, options);
    });
  examples(run, [
    'baton playbook run service-restart shop/db --dry-run',
    'baton playbook run disk-cleanup /srv --yes',
    'baton playbook run image-update shop/web --dry-run',
  ]);
  importCommand(command);
  examples(command, ['baton playbook check mine.yml', 'baton playbook run drift-correction shop']);
};

const checkFiles = async (files: string[], { json }: OutputOptions): Promise<number> => {
  const read = await Promise.all(files.map(async (file) => await readPlaybookFile(resolve(file), 'own')));
  const problems = read.flatMap((one) => one.problems);
  for (const { name, file } of read.flatMap(({ playbooks }) => playbooks))
    if (json) printJson({ type: 'playbook', name, file });
    else print(`${file}: ${name} is in order.`);
  if (json && problems.length > 0) printJson({ type: 'problems', problems });
  else printProblems(problems);
  return problems.length > 0 ? exitCode.failed : exitCode.done;
};

const runOn = async (name: string, text: string, options: Options): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host, json } = options;
    const prepared = await ask<typeof planPlaybook>(client, host, 'planPlaybook', [name, text]);
    tellPlan(prepared, options);
    const { playbook, target, update, problems } = prepared;
    if (problems.some(isError) || !playbook || !target) return exitCode.failed;
    if (options.dryRun) return exitCode.done;
    const on = targetText(target);
    if (!options.yes) await confirm(`Carry out ${name} on ${on}?`, { unattended: sayYes() });
    const operation = newOperationId();
    const handle = await startChange<typeof runPlaybook>(client, {
      host,
      workflow: 'runPlaybook',
      workflowId: playbookWorkflowId(host, operation),
      summary: `playbook ${name} on ${on}`,
      args: [
        {
          operation,
          host,
          playbook: name,
          hash: playbook.hash,
          target: on,
          cause: 'asked-for',
          ...(update ? { image: update.digest } : {}),
        },
      ],
    });
    const report = await watchChange(handle, outputMode(options));
    if (json) printJson({ type: 'report', ...report });
    else for (const line of ['', ...playbookReportText(report)]) print(line);
    return report.measurement?.held === false ? exitCode.failed : playbookExitCodes[report.outcome];
  });

const tellPlan = (prepared: PreparedPlaybook, { json }: Options): void => {
  const { playbook, target, figures, update, problems } = prepared;
  if (json) printJson({ type: 'plan', ...prepared });
  else {
    if (playbook && target)
      for (const line of playbookPlanText(playbook, targetText(target), figures, update)) print(line);
    printProblems(problems);
  }
};
