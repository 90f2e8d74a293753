/** `baton forecast`: what runs out, and when, with how forecasts have done so far. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { diskForecastText } from '../../domain/disk-forecast.ts';
import type { Cause, Incident } from '../../domain/incident.ts';
import { incidentText } from '../../domain/look.ts';
import type { diskForecasts, hostIncidents } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; days: number };

const dayMs = 24 * 3_600_000;

export const forecastCommand = (command: Command): void => {
  command
    .addOption(
      new Option('--days <days>', 'how far the picture goes, 1 to 60').default(30).argParser(daysArgument),
    )
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async ({ host, json, days }: Options) => {
      const [found, incidents] = await withClient(
        async (client) =>
          await Promise.all([
            ask<typeof diskForecasts>(client, host, 'diskForecasts', [days * dayMs]),
            ask<typeof hostIncidents>(client, host, 'hostIncidents', []),
          ]),
      );
      const due = dueIn(incidents.causes);
      for (const one of found)
        if (json) printJson({ type: 'forecast', ...one });
        else for (const line of diskForecastText(one)) print(line);
      for (const incident of due)
        if (json) printJson({ type: 'due', incident });
        else print(incidentText(incident, incidents.at));
      if (found.length + due.length === 0 && !json)
        print('Nothing was measured in the last day. Let Baton look: baton auto dry-run');
    });
  examples(command, ['baton forecast', 'baton forecast --days 7 --json']);
};

/** What else runs out, the soonest first: a certificate, memory that leaks. */
const dueIn = (causes: Cause[]): Incident[] =>
  causes
    .flatMap(({ incident, effects }) => [incident, ...effects])
    .filter(({ dueAt }) => dueAt !== undefined)
    .sort((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0));

const daysArgument = (text: string): number => {
  const days = Number(text);
  if (!(days >= 1 && days <= 60)) throw new InvalidArgumentError('Write a number of days, 1 to 60.');
  return days;
};
