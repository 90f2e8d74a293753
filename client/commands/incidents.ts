/** `baton incidents [ID]`: what is on record of incidents, and how one came and went. */
import type { Command } from 'commander';
import { incidentId, isOpen, type Incident } from '../../domain/incident.ts';
import { incidentText } from '../../domain/look.ts';
import type { hostIncidents, incidentHistory } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { momentText } from '../when.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; all?: boolean };

export const incidentsCommand = (command: Command): void => {
  command
    .argument('[id]', 'one of them, such as service-down@shop/db: each time that there was one')
    .option('--all', 'those that are over, too')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (id: string | undefined, options: Options) => {
      await (id === undefined ? listAll(options) : tellOne(id, options));
    });
  examples(command, [
    'baton incidents',
    'baton incidents --all',
    'baton incidents service-down@shop/db',
    'baton incidents --json',
  ]);
};

const listAll = async ({ host, json, all }: Options): Promise<void> => {
  const { at, causes, closed } = await withClient(
    async (client) => await ask<typeof hostIncidents>(client, host, 'hostIncidents', []),
  );
  const over = all ? closed : [];
  if (json) {
    for (const cause of causes) printJson({ type: 'incident', ...cause });
    for (const incident of over) printJson({ type: 'incident', incident, effects: [] });
    return;
  }
  for (const { incident, effects } of causes) {
    print(incidentText(incident, at));
    for (const effect of effects) print(`    ↳ ${incidentText(effect, at)}`);
  }
  for (const incident of over) print(closedText(incident));
  if (causes.length + over.length === 0)
    print(
      all
        ? 'No incident is on record.'
        : 'No incident is open on record. Those that are over: baton incidents --all',
    );
};

const moment = (at: number): string => momentText(new Date(at).toISOString(), new Date());

const closedText = (incident: Incident): string =>
  `✓ ${incidentId(incident)}: ${incident.evidence}, from ${moment(incident.openedAt)} to ${moment(incident.closedAt ?? 0)}`;

const tellOne = async (id: string, { host, json }: Options): Promise<void> => {
  const times = await withClient(
    async (client) => await ask<typeof incidentHistory>(client, host, 'incidentHistory', [id]),
  );
  if (times.length === 0)
    throw new CommandFailure(exitCode.failed, `No incident "${id}" is on record.`, 'baton incidents --all');
  for (const incident of times)
    if (json) printJson({ type: 'incident', id, ...incident });
    else for (const line of historyText(incident)) print(line);
};

const historyText = (incident: Incident): string[] => [
  `${incidentId(incident)} (${incident.severity})`,
  `  ${moment(incident.openedAt)}  opened`,
  ...(incident.turns ?? []).map(({ at, to }) => `  ${moment(at)}  ${to}`),
  `  ${moment(incident.lastSeenAt)}  seen last: ${incident.evidence}${isOpen(incident) ? ', still open' : ''}`,
];
