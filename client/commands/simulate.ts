/** `baton simulate` and `baton similar`: what recorded history says of the rules, and of an incident. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { clockIn } from '../../domain/briefing/clock.ts';
import { similarText, similarTo } from '../../domain/similar.ts';
import { simulated, simulatedText, type RecordedHistory } from '../../domain/simulation.ts';
import type { recordedHistory } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; days: number };

export const simulateCommand = (command: Command): void => {
  shared(command, 7).action(async (options: Options) => {
    const history = await historyOf(options);
    const found = simulated(history);
    for (const one of found)
      if (options.json) printJson({ type: 'simulated', ...one });
      else for (const line of simulatedText(one)) print(line);
    if (found.length === 0 && !options.json)
      print(`Nothing was decided on in the last ${options.days} days.`);
    tellCut(history);
  });
  examples(command, ['baton simulate --days 7', 'baton simulate --days 30 --json']);
};

export const similarCommand = (command: Command): void => {
  shared(command, 400)
    .argument(
      '<incident>',
      'as baton health names it, such as service-down@shop/db; or only what: service-down',
    )
    .action(async (incident: string, options: Options) => {
      const history = await historyOf(options);
      const clock = clockIn(history.timeZone);
      const found = similarTo(incident, history);
      for (const one of found)
        if (options.json) printJson({ type: 'similar', ...one });
        else for (const line of similarText(one, clock, Date.now())) print(line);
      if (found.length === 0 && !options.json) print(`Nothing like "${incident}" is on record.`);
      tellCut(history);
    });
  examples(command, ['baton similar service-down@shop/db', 'baton similar disk-full']);
};

const shared = (command: Command, days: number): Command =>
  command
    .addOption(new Option('--days <days>', 'how far back, 1 to 400').default(days).argParser(daysArgument))
    .addOption(hostOption())
    .addOption(jsonOption());

const daysArgument = (text: string): number => {
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 400)
    throw new InvalidArgumentError('Write a number of days, 1 to 400.');
  return days;
};

const historyOf = async ({ host, days }: Options): Promise<RecordedHistory> =>
  await withClient(
    async (client) => await ask<typeof recordedHistory>(client, host, 'recordedHistory', [days]),
  );

/** Half of it must not pass for all of it. */
const tellCut = ({ cut }: RecordedHistory): void => {
  if (!cut) return;
  process.stderr.write('There is more on record than is told: ask for fewer days.\n');
  process.exitCode = exitCode.failed;
};
