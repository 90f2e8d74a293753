/** `baton schedule`: what begins by itself, and when. */
import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { resolve } from 'node:path';
import { isTimeZone, nextOccurrence } from '../../compose/cron.ts';
import { hostTimeZone } from '../../compose/schedules.ts';
import { briefingKinds } from '../../domain/briefing/facts.ts';
import { snapshotQuestion } from '../../domain/guard.ts';
import {
  defaultCatchUpMs,
  deployTask,
  scheduleFault,
  taskText,
  timingText,
  type Schedule,
  type Task,
} from '../../domain/schedule.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { holdLines, readHoldOf } from '../hold.ts';
import { print, printJson } from '../output.ts';
import { createSchedule, lastOutcome, listSchedules, theSchedule, type Described } from '../schedules.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { momentText, whenText } from '../when.ts';
import {
  copyArgument,
  copyLimitOption,
  durationArgument,
  examples,
  gateOf,
  hostOption,
  jsonOption,
  setOption,
  stackArgument,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & { host?: string };

export const scheduleCommand = (command: Command): void => {
  addCommand(command.command('add'));
  listCommand(command.command('list', { isDefault: true }));
  nextCommand(command.command('next'));
  oneCommand(command, 'pause', 'let it begin no more until it is resumed', async (one, options) => {
    await one.handle.pause(options.reason ?? 'paused from the command line');
    return `"${one.schedule.name}" is paused. Go on: baton schedule resume ${one.schedule.name}`;
  }).option('--reason <text>', 'why, for whoever looks at it');
  oneCommand(command, 'resume', 'let it begin again', async (one) => {
    await one.handle.unpause('resumed from the command line');
    return `"${one.schedule.name}" begins ${whenNext(one)}.`;
  });
  oneCommand(command, 'trigger', 'begin it now, besides its times', async (one, options, client) => {
    await demandRelease(client, options.host ?? thisHost().host);
    await one.handle.trigger(ScheduleOverlapPolicy.SKIP);
    return `"${one.schedule.name}" begins, unless it runs already. What came of it: baton schedule list`;
  });
  oneCommand(command, 'remove', 'forget it; what is under way goes on', async (one) => {
    await one.handle.delete();
    const again = one.origin === 'baton.yml' ? ' The next `baton apply` brings it back.' : '';
    return `"${one.schedule.name}" is removed.${again}`;
  });
  examples(command, [
    'baton schedule add nightly --cron "30 2 * * *" snapshot /srv/immich/library',
    'baton schedule add weekly --cron "0 3 * * 0" deploy stacks/immich.yml --pull',
    'baton schedule add coffee --cron "30 6 * * *" report morning',
    'baton schedule add tidy --cron "0 4 * * 0" playbook database-maintenance shop/db',
    'baton schedule list',
    'baton schedule next --days 7',
    'baton schedule pause nightly --reason "the disk is being replaced"',
  ]);
};

type AddOptions = Options & {
  cron: string;
  timeZone?: string;
  jitter?: number;
  catchUp?: number;
  set: Record<string, string>;
  pull?: boolean;
  approve?: boolean;
  inWindow?: string;
  copyLimit: number;
};

const addCommand = (command: Command): void => {
  command
    .description(
      'let something begin by itself: deploy FILE, snapshot PATH…, prune [STACK], cleanup, verify [STACK], restore-test [SET…], copy NAME, check-copy NAME, playbook NAME TARGET, report KIND',
    )
    .argument('<name>', 'what it is called', nameArgument)
    .argument(
      '<task>',
      'deploy, snapshot, prune, cleanup, verify, restore-test, copy, check-copy, playbook or report',
    )
    .argument(
      '[what...]',
      'the file of a stack, paths of data, a stack, data sets, a copy, a playbook and its target, or the kind of a report',
    )
    .addOption(
      new Option('--cron <line>', 'when: minute, hour, day of month, month, day of week')
        .makeOptionMandatory()
        .argParser(cronArgument),
    )
    .addOption(
      new Option('--time-zone <zone>', "of that line (default: this machine's)").argParser(zoneArgument),
    )
    .addOption(new Option('--jitter <duration>', 'begin up to so much later').argParser(durationArgument))
    .addOption(
      new Option(
        '--catch-up <duration>',
        'make up for what was due while Temporal was away, where that is no longer ago (default: 10m)',
      ).argParser(durationArgument),
    )
    .addOption(setOption())
    .option('--pull', 'pull images even where they are here')
    .option('--approve', 'each time, wait until somebody approves the plan')
    .option('--in-window <name>', 'each time, wait until this window of baton.yml is open')
    .addOption(copyLimitOption())
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: string, task: string, what: string[], options: AddOptions) => {
      await add(name, task, what, options);
    });
};

const add = async (name: string, task: string, what: string[], options: AddOptions): Promise<void> => {
  const { host = thisHost().host } = options;
  const schedule: Schedule = {
    name,
    cron: options.cron,
    timeZone: options.timeZone ?? hostTimeZone(),
    jitterMs: options.jitter ?? 0,
    catchUpMs: options.catchUp ?? defaultCatchUpMs,
    task: taskOf(name, task, what, options),
  };
  await withClient(async (client) => {
    try {
      await createSchedule(client, host, schedule, 'baton schedule');
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      throw new CommandFailure(
        exitCode.failed,
        `There is a schedule "${name}" on ${host} already. Nothing was changed.`,
        `baton schedule remove ${name}`,
      );
    }
    const added = await theSchedule(client, host, name);
    if (options.json) printJson({ type: 'schedule', ...told(added) });
    else print(`"${name}" begins ${whenNext(added)}: ${taskText(schedule.task)}`);
  });
};

const taskOf = (name: string, task: string, what: string[], options: AddOptions): Task => {
  const { copyLimit: copyLimitBytes, pull = false } = options;
  const gate = gateOf(options);
  const [first] = what;
  switch (task) {
    case 'deploy':
      if (first === undefined || what.length > 1) throw usage('Say which stack: deploy FILE.');
      return deployTask(resolve(first), options.set, { copyLimitBytes, pull }, gate);
    case 'snapshot': {
      if (first === undefined) throw usage('Say of what: snapshot PATH.');
      const paths = what.map((path) => resolve(path));
      return { do: 'guard', question: { ...snapshotQuestion(name, paths, copyLimitBytes), ...gate } };
    }
    case 'prune':
    case 'verify':
      if (what.length > 1) throw usage(`Name one stack, or none: ${task} [STACK].`);
      return { do: task, ...(first === undefined ? {} : { stack: stackArgument(first) }) };
    case 'cleanup':
      if (first !== undefined) throw usage('What it may remove stands in baton.yml: cleanup.');
      return { do: 'cleanup' };
    case 'restore-test':
      return { do: 'restore-test', ...(what.length > 0 ? { sets: what } : {}) };
    case 'copy':
    case 'check-copy':
      if (first === undefined || what.length > 1)
        throw usage(`Say which, as baton.yml names it: ${task} NAME.`);
      return { do: task, copy: copyArgument(first) };
    case 'playbook': {
      const [playbook, target] = what;
      if (playbook === undefined || target === undefined || what.length > 2)
        throw usage('Say which, and on what: playbook NAME TARGET.');
      return { do: 'playbook', playbook, target };
    }
    case 'report': {
      const kind = briefingKinds.find((one) => one === first);
      if (kind === undefined || what.length > 1) throw usage(`Say which: report ${briefingKinds.join('|')}.`);
      return { do: 'report', report: kind };
    }
    default:
      throw usage(
        `"${task}" cannot be scheduled; deploy, snapshot, prune, cleanup, verify, restore-test, copy, check-copy, playbook and report can.`,
      );
  }
};

const usage = (message: string): CommandFailure =>
  new CommandFailure(exitCode.usage, `${message} Nothing was changed.`, 'baton schedule add --help');

const nameArgument = (text: string): string => {
  if (!/^[a-z0-9][a-z0-9_-]{0,62}$/.test(text))
    throw new InvalidArgumentError('A schedule is named with a-z, 0-9, _ and -.');
  return text;
};

const cronArgument = (text: string): string => {
  const fault = scheduleFault(text);
  if (fault !== undefined) throw new InvalidArgumentError(`It ${fault}.`);
  if (nextOccurrence(text, undefined, 0) === undefined)
    throw new InvalidArgumentError('Write five fields that come round, such as "30 2 * * 1-5".');
  return text;
};

const zoneArgument = (text: string): string => {
  if (!isTimeZone(text)) throw new InvalidArgumentError('Write a time zone such as Europe/Berlin.');
  return text;
};

const listCommand = (command: Command): void => {
  command
    .description('each with its next time, and what came of the last')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async ({ host = thisHost().host, json }: Options) => {
      await withClient(async (client) => {
        const all = await listSchedules(client, host);
        for (const one of all) {
          const outcome = await lastOutcome(client, one);
          if (json) printJson({ type: 'schedule', ...told(one), outcome });
          else print(listText(one, outcome));
        }
        if (!json && all.length === 0) print(`Nothing begins by itself on ${host}.`);
      });
    });
};

const told = ({ schedule, origin, paused, note, next, last }: Described) => ({
  ...schedule,
  what: taskText(schedule.task),
  origin,
  paused,
  note,
  next: next[0],
  last,
});

const listText = (one: Described, outcome: string | undefined): string => {
  const { schedule, origin, last, note } = one;
  return [
    `${schedule.name} · ${taskText(schedule.task)}`,
    `  ${timingText(schedule)} · from ${origin}`,
    one.paused ? `  Paused${note === undefined ? '' : `: ${note}`}` : `  Begins ${whenNext(one)}`,
    ...(last ? [`  Last ${momentText(last.at.toISOString(), new Date())}: ${outcome ?? ''}`] : []),
  ].join('\n');
};

const whenNext = ({ next }: Described): string =>
  next[0] ? whenText(next[0].toISOString(), new Date()) : 'never again';

const nextCommand = (command: Command): void => {
  command
    .description('what begins when, soonest first')
    .addOption(new Option('--days <number>', 'as many days ahead').default(2).argParser(daysArgument))
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async ({ host = thisHost().host, json, days }: Options & { days: number }) => {
      const now = new Date();
      const all = await withClient(async (client) => await listSchedules(client, host));
      const times = all
        .filter(({ paused }) => !paused)
        .flatMap(({ schedule, next }) => next.map((at) => ({ at, schedule })))
        .filter(({ at }) => at.getTime() - now.getTime() <= days * dayMs)
        .sort((a, b) => a.at.getTime() - b.at.getTime());
      for (const { at, schedule } of times)
        if (json) printJson({ type: 'next', at, name: schedule.name, what: taskText(schedule.task) });
        else
          print(
            `${whenText(at.toISOString(), now).padEnd(28)} ${schedule.name} · ${taskText(schedule.task)}`,
          );
      if (!json && times.length === 0) print(`Nothing begins by itself on ${host} within ${days} days.`);
    });
};

const dayMs = 24 * 3_600_000;

const daysArgument = (text: string): number => {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 366)
    throw new InvalidArgumentError('Write a number of days from 1 to 366.');
  return days;
};

type OneOptions = Options & { reason?: string };

/** A verb for one schedule. @param act says what came of it. */
const oneCommand = (
  command: Command,
  verb: string,
  about: string,
  act: (one: Described, options: OneOptions, client: Client) => Promise<string>,
): Command =>
  command
    .command(verb)
    .description(about)
    .argument('<name>', 'its name', nameArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: string, options: OneOptions) => {
      await withClient(async (client) => {
        const one = await theSchedule(client, options.host ?? thisHost().host, name);
        const said = await act(one, options, client);
        if (options.json) printJson({ type: verb, name });
        else print(said);
      });
    });

/** What is begun by hand would be left out at once, and nobody would see why. */
const demandRelease = async (client: Client, host: string): Promise<void> => {
  const hold = await readHoldOf(client, host);
  if (!hold) return;
  const [why = ''] = holdLines(hold, new Date());
  throw new CommandFailure(exitCode.failed, `${why}. Nothing was begun.`, 'baton release');
};
