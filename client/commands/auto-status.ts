/** `baton auto status`: what Baton may do by itself now and why, what is left of today, and what waits for whom. */
import type { Client } from '@temporalio/client';
import { blindText } from '../../domain/blind.ts';
import type { AutonomyStatus } from '../../domain/autonomy-status.ts';
import type { autonomy } from '../../workflows/questions.ts';
import { openActions, type OpenAction } from '../actions.ts';
import { ask } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { readHoldOf, tellHold } from '../hold.ts';
import { every, readTurned, type Turned } from '../mandate.ts';
import { print, printJson } from '../output.ts';
import { waitingText } from '../waiting-text.ts';
import { momentText, whenText } from '../when.ts';
import type { AutoOptions } from './auto.ts';

export const status = async (client: Client, host: string, options: AutoOptions): Promise<number> => {
  const turned = await readTurned(client, host);
  const open = await openActions(client, host);
  const known = await autonomyOf(client, host);
  if (options.json) {
    printJson({ type: 'auto', host, looks: turned !== undefined, ...turned, ...known, open });
    return exitCode.done;
  }
  tellHold(await readHoldOf(client, host), options);
  for (const line of [...turnedLines(host, turned), ...knownLines(known), ...openLines(open)]) print(line);
  return exitCode.done;
};

/** @returns `undefined` where no worker is there to answer. */
const autonomyOf = async (client: Client, host: string): Promise<AutonomyStatus | undefined> => {
  try {
    return await ask<typeof autonomy>(client, host, 'autonomy', []);
  } catch (error) {
    if (error instanceof CommandFailure && error.exitCode === exitCode.noTemporal) return undefined;
    throw error;
  }
};

const turnedLines = (host: string, turned: Turned | undefined): string[] => {
  if (!turned) return [`Baton does nothing by itself on ${host}. Let it watch: baton auto dry-run`];
  const { mandate, next, last, missed } = turned;
  const now = new Date();
  const when = (at: Date | undefined, none: string): string => (at ? whenText(at.toISOString(), now) : none);
  return [
    `Baton looks at ${host} every ${every}: last ${when(last, 'not yet')}; next ${when(next, 'never')}; ${missed} missed.`,
    `Set to ${mandate.level} by ${mandate.by} at ${mandate.since}`,
  ];
};

const clock = (at: number): string => momentText(new Date(at).toISOString(), new Date());

const knownLines = (known: AutonomyStatus | undefined): string[] => {
  if (!known) return ['What it may do now is not known: no worker answers. baton up'];
  const { level, budget, proposed, blind, stopped, problems } = known;
  return [
    ...blind.map((span) => `It was ${blindText(span, clock)}: what happened then is not known.`),
    `Level now: ${level.level}, ${level.why}`,
    `Actions left today: ${budget.left} of ${budget.of}`,
    ...(proposed
      ? [
          `The record has earned ${proposed.level} (${proposed.why}). Allow it: baton auto on --level ${proposed.level}`,
        ]
      : []),
    ...stopped.map(
      ({ playbook, target }) =>
        `${playbook} failed twice on ${target}, and only asks there. Once you have looked: baton auto looked-at ${playbook} ${target}`,
    ),
    ...problems.map((problem) => `! ${problem}`),
  ];
};

const openLines = (open: readonly OpenAction[]): string[] =>
  open.flatMap(({ target, operation, waiting, begun }) => [
    `${target} · operation ${operation}${begun ? ' · under way' : ''}`,
    ...(waiting ? waitingText(operation, waiting, new Date()).map((line) => `  ${line}`) : []),
  ]);
