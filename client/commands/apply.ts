/** `baton apply`: makes the schedules match `baton.yml`, once what would change has been shown. */
import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { isDeepStrictEqual } from 'node:util';
import { batonFileOf } from '../../domain/host.ts';
import { scheduleId } from '../../domain/ids.ts';
import { isError } from '../../domain/problem.ts';
import {
  scheduleChanges,
  taskText,
  timingText,
  type Schedule,
  type ScheduleChange,
} from '../../domain/schedule.ts';
import type { wantedSchedules } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { confirm, sayYes } from '../confirm.ts';
import { exitCode } from '../failure.ts';
import { print, printJson, printProblems } from '../output.ts';
import { createSchedule, listSchedules, updateSchedule, type Described } from '../schedules.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; dryRun?: boolean; yes?: boolean; detailedExitcode?: boolean };

export const applyCommand = (command: Command): void => {
  command
    .option('--dry-run', 'show what would change, and change nothing')
    .option('-y, --yes', 'do it without a question')
    .option('--detailed-exitcode', 'with --dry-run: end with 2 where something would change')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      process.exitCode = await apply(options);
    });
  examples(command, ['baton apply --dry-run', 'baton apply', 'baton apply --yes --json']);
};

const apply = async (options: Options): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host, json = false } = options;
    // The worker reads the file: it is the host's, whoever types this, and wherever.
    const wanted = await ask<typeof wantedSchedules>(client, host, 'wantedSchedules', []);
    if (wanted.problems.some(isError)) {
      if (json) printJson({ type: 'problems', problems: wanted.problems });
      else printProblems(wanted.problems);
      return exitCode.failed;
    }
    const names = wanted.schedules.map(({ name }) => name);
    const standing = await listSchedules(client, host, names);
    const changes = scheduleChanges(wanted.schedules, standing, isDeepStrictEqual);
    show(changes, standing, json);
    if (changes.length === 0) return exitCode.done;
    if (options.dryRun) return options.detailedExitcode ? exitCode.planHasChanges : exitCode.done;
    if (!options.yes) await confirm('Change these schedules?', { unattended: sayYes() });
    for (const change of changes) await carryOut(client, host, change);
    if (json) printJson({ type: 'applied', changes: changes.length });
    else print(`Done: ${changes.length} changed. What begins when: baton schedule next`);
    return exitCode.done;
  });

/** One after the other; where one fails the rest is left, and the next `baton apply` does it. */
const carryOut = async (
  client: Client,
  host: string,
  { change, schedule }: ScheduleChange,
): Promise<void> => {
  switch (change) {
    case 'add':
      await createSchedule(client, host, schedule, 'baton.yml');
      return;
    case 'update':
      await updateSchedule(client, host, schedule, 'baton.yml');
      return;
    case 'remove':
      await client.schedule.getHandle(scheduleId(host, schedule.name)).delete();
      return;
  }
};

const show = (changes: ScheduleChange[], standing: Described[], json: boolean): void => {
  if (json) for (const change of changes) printJson({ type: 'change', ...change });
  else {
    for (const change of changes) print(changeText(change));
    const byHand = standing.filter(
      ({ origin, schedule }) =>
        origin !== 'baton.yml' && !changes.some((change) => change.schedule.name === schedule.name),
    );
    for (const { schedule } of byHand) print(`  ${schedule.name} · added by hand; it stays`);
    if (changes.length === 0) print(`Schedules are as ${batonFileOf(thisHost())} lays them down.`);
  }
};

const changeText = (change: ScheduleChange): string => {
  switch (change.change) {
    case 'add':
      return `+ ${lineOf(change.schedule)}`;
    case 'remove':
      return `- ${lineOf(change.schedule)}`;
    case 'update':
      return [`~ ${lineOf(change.schedule)}`, `    was: ${lineOf(change.was)}`].join('\n');
  }
};

const lineOf = (schedule: Schedule): string =>
  `${schedule.name} · ${timingText(schedule)} · ${taskText(schedule.task)}`;
