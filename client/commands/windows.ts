/** `baton windows`: when few use a target, with the traffic that is expected then. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { quietCalendar, type TargetHours } from '../../domain/quiet-calendar.ts';
import { windowText } from '../../domain/quiet-hours.ts';
import { percent } from '../../domain/confidence.ts';
import type { quietWindows } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; days: number; hours: number; ics?: string };

/** As many as somebody chooses from. */
const count = 3;

export const windowsCommand = (command: Command): void => {
  command
    .addOption(
      new Option('--days <days>', 'how far back it looks, 3 to 400').default(30).argParser(within(3, 400)),
    )
    .addOption(
      new Option('--hours <hours>', 'how long a window is, 1 to 12').default(2).argParser(within(1, 12)),
    )
    .option('--ics <file>', 'write them as a calendar; - for standard output')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async ({ host, json, days, hours, ics }: Options) => {
      const { targets, timeZone } = await withClient(
        async (client) =>
          await ask<typeof quietWindows>(client, host, 'quietWindows', [days, { hours, count }]),
      );
      if (ics !== undefined) await writeCalendar(ics, targets);
      for (const one of targets)
        if (json) printJson({ type: 'windows', timeZone, ...one });
        else if (ics === undefined) for (const line of targetText(one)) print(line);
      if (targets.length === 0 && !json && ics !== '-')
        print(
          'No traffic is on record: it comes from Traefik’s access log or metrics, which baton.yml names as "traffic", while Baton looks.',
        );
    });
  examples(command, ['baton windows', 'baton windows --hours 4 --days 60', 'baton windows --ics quiet.ics']);
};

const within =
  (least: number, most: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < least || value > most)
      throw new InvalidArgumentError(`Write a whole number, ${least} to ${most}.`);
    return value;
  };

const writeCalendar = async (file: string, targets: readonly TargetHours[]): Promise<void> => {
  const text = quietCalendar(targets, Date.now());
  if (file === '-') process.stdout.write(text);
  else
    try {
      await writeFile(file, text);
    } catch (error) {
      throw new CommandFailure(
        exitCode.failed,
        `The calendar could not be written: ${(error as Error).message}`,
      );
    }
};

const targetText = ({ target, quiet }: TargetHours): string[] =>
  quiet.state === 'not enough'
    ? [`${target}: not enough: ${quiet.why}`]
    : [
        `${target}${quiet.shape === 'day' ? ' (the shape of a week shows from two weeks on)' : ''}`,
        ...quiet.windows.map(
          (one) =>
            `  ${windowText(one, quiet.shape)}  ${figure(one.expected)} requests an hour (${figure(one.low)} to ${figure(one.high)}), ${percent(one.share)} of what is usual`,
        ),
      ];

const figure = (value: number): string => (value < 10 ? value.toFixed(1) : String(Math.round(value)));
