/** `baton decisions`: what was decided; of one, the evidence, the derivation of its confidence, and what came of it. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { DecisionTold } from '../../domain/autonomy-status.ts';
import { confidenceText } from '../../domain/confidence.ts';
import { decidedTitle, decidedWhy } from '../../domain/decided.ts';
import { helped } from '../../domain/outcome.ts';
import { outcomeTitles } from '../../domain/report.ts';
import { formatAge } from '../../domain/size.ts';
import type { decisions } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { momentText } from '../when.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; last: number };

export const decisionsCommand = (command: Command): void => {
  command
    .argument('[id]', 'one of them, as the list names it', idArgument)
    .addOption(new Option('--last <number>', 'as many of the newest').default(20).argParser(countArgument))
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (id: string | undefined, { host, last, json }: Options) => {
      const found = await withClient(
        async (client) =>
          await ask<typeof decisions>(client, host, 'decisions', id === undefined ? [last] : [last, id]),
      );
      if (id !== undefined && found.length === 0)
        throw new CommandFailure(exitCode.failed, `There is no decision ${id}.`, 'baton decisions');
      if (json) for (const one of found) printJson({ type: 'decision', ...one });
      else for (const one of found) tell(one, id !== undefined);
      if (found.length === 0 && !json) print('Nothing was decided yet. Let Baton watch: baton auto dry-run');
    });
  examples(command, ['baton decisions', 'baton decisions 1f0c9a2e', 'baton decisions --last 100 --json']);
};

const idArgument = (text: string): string => {
  if (!/^[0-9a-f]{8}$/.test(text))
    throw new InvalidArgumentError('A decision is 8 hex digits; see `baton decisions`.');
  return text;
};

/** A payload of Temporal's holds 2 MB. */
const mostDecisions = 500;

const countArgument = (text: string): number => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > mostDecisions)
    throw new InvalidArgumentError(`Write a number from 1 to ${mostDecisions}.`);
  return count;
};

const tell = (one: DecisionTold, whole: boolean): void => {
  const at = momentText(new Date(one.at).toISOString(), new Date());
  print(`${at} · ${one.id} · ${decidedTitle(one)}${cameOf(one)}`);
  for (const line of whole ? wholeLines(one) : [decidedWhy(one)]) print(`  ${line}`);
};

const cameOf = ({ ended, action, outcome, wouldHave }: DecisionTold): string => {
  if (wouldHave !== undefined) return ` · would have: ${wouldHave}`;
  if (!action) return '';
  if (!ended) return ' · waits, or is under way';
  const verdict = outcome && helped(outcome);
  const told =
    verdict === undefined ? 'its effect was not measured' : verdict ? 'it helped' : 'it did not help';
  return ` · ${outcomeTitles[ended.outcome]}${outcome ? `; ${told}` : ''}`;
};

const wholeLines = ({
  proposal,
  decision,
  level,
  confidence,
  alternatives,
  ended,
  outcome,
  action,
}: DecisionTold): string[] => [
  ...proposal.evidence.map(
    ({ what, value, at }) => `Evidence: ${what}: ${value ?? 'not known'} (${iso(at)})`,
  ),
  `Confidence: ${confidenceText(confidence)}`,
  `Level: ${level.level}, ${level.why}`,
  ...(decision.limits.length === 0 ? ['Nothing spoke against it.'] : []),
  ...decision.limits.map(
    ({ rule, atMost, why }) =>
      `${atMost === decision.answer ? 'Would have to change' : 'Also'}: ${rule} allows ${atMost} at most: ${why}`,
  ),
  ...alternatives.map(({ playbook, answer, why }) => `Instead: ${playbook}: ${answer}, ${why}`),
  ...(action ? [`Operation ${action.operation}: baton events ${action.operation}`] : []),
  ...(ended
    ? [
        `Ended ${iso(ended.at)}: ${outcomeTitles[ended.outcome]}${ended.why === undefined ? '' : `: ${ended.why}`}`,
      ]
    : []),
  ...(outcome?.measurements ?? []).map(
    ({ afterMs, held, at }) =>
      `Measured ${afterMs === 0 ? 'at its end' : `after ${formatAge(afterMs)}`}: ${held ? 'it held' : 'it did not hold'} (${iso(at)})`,
  ),
];

const iso = (ms: number): string => new Date(ms).toISOString();
