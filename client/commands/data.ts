/** `baton data`: the data sets of a host, and whether what is kept of them can be brought back. */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { batonFileOf } from '../../domain/host.ts';
import { restoreTestWorkflowId } from '../../domain/ids.ts';
import { isError } from '../../domain/problem.ts';
import { restoreTestExitCodes, type RestoreTestPlan } from '../../domain/restore-test.ts';
import type { dataSets, restoreTestPlan } from '../../workflows/questions.ts';
import type { restoreTest } from '../../workflows/restore-test.ts';
import { ask } from '../ask.ts';
import { startChange } from '../change.ts';
import { restoreTestText, setText, testPlanText, type SetShown } from '../data-text.ts';
import { exitCode } from '../failure.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson, printProblems } from '../output.ts';
import { listSchedules } from '../schedules.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { watchChange } from '../watch-change.ts';
import { examples, hostOption, jsonOption, outputMode, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string };
type TestOptions = Options & { dryRun?: boolean };

export const dataCommand = (command: Command): void => {
  command
    .command('list', { isDefault: true })
    .description(
      'each set: where it is, its newest snapshot, the next one, its last proven restore, what is wrong',
    )
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      process.exitCode = await list(options);
    });
  command
    .command('test')
    .description(
      'bring up what is kept of each set in a throwaway container without a network, ask it, remove it',
    )
    .argument('[set...]', 'names of sets; all of them where none is named')
    .option('--dry-run', 'say what would be tested, and do nothing')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (names: string[], options: TestOptions) => {
      process.exitCode = await test(names, options);
    });
  examples(command, [
    'baton data',
    'baton data --json',
    'baton data test',
    'baton data test library --dry-run',
  ]);
};

const list = async (options: Options): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host, json } = options;
    const { sets, problems } = await ask<typeof dataSets>(client, host, 'dataSets', []);
    const shown = await withNext(client, host, sets);
    if (json) for (const set of shown) printJson({ type: 'set', ...set });
    else {
      for (const set of shown) print(setText(set, new Date()).join('\n'));
      if (sets.length === 0 && problems.length === 0)
        print(`${batonFileOf(thisHost())} names no data sets; they stand below "data".`);
    }
    if (json && problems.length > 0) printJson({ type: 'problems', problems });
    else printProblems(problems);
    const well = problems.length === 0 && sets.every(({ wrong }) => wrong.length === 0);
    return well ? exitCode.done : exitCode.failed;
  });

/** By the schedule that has the set's name. */
const withNext = async (
  client: Client,
  host: string,
  sets: Awaited<ReturnType<typeof dataSets>>['sets'],
): Promise<SetShown[]> => {
  const schedules =
    sets.length > 0
      ? await listSchedules(
          client,
          host,
          sets.map(({ name }) => name),
        )
      : [];
  return sets.map((set) => {
    const own = schedules.find(({ schedule }) => schedule.name === set.name && schedule.task.do === 'guard');
    const [next] = own?.paused ? [] : (own?.next ?? []);
    return { ...set, ...(next ? { next: next.toISOString() } : {}) };
  });
};

const test = async (names: string[], options: TestOptions): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host, json } = options;
    const plan = await ask<typeof restoreTestPlan>(client, host, 'restoreTestPlan', [names]);
    if (plan.problems.some(isError) || options.dryRun) return tellPlan(plan, options);
    const handle = await startChange<typeof restoreTest>(client, {
      host,
      workflow: 'restoreTest',
      workflowId: restoreTestWorkflowId(host),
      summary: `restore test of ${names.join(', ') || 'all data sets'}`,
      args: [{ operation: newOperationId(), host, sets: names }],
    });
    const report = await watchChange(handle, outputMode(options));
    if (json) printJson({ type: 'report', ...report });
    else {
      print('');
      for (const line of restoreTestText(report)) print(line);
      printProblems(report.problems);
    }
    return restoreTestExitCodes[report.outcome];
  });

const tellPlan = (plan: RestoreTestPlan, { json }: TestOptions): number => {
  if (json) printJson({ type: 'plan', ...plan });
  else {
    for (const line of testPlanText(plan)) print(line);
    printProblems(plan.problems);
  }
  return plan.problems.some(isError) ? exitCode.failed : exitCode.done;
};
