/** `baton doctor`: everything that a deploy needs, checked; with the command that mends what is not there. */
import { WorkflowFailedError, type Client } from '@temporalio/client';
import type { Command } from 'commander';
import { styleText } from 'node:util';
import { countText } from '../../domain/count-text.ts';
import type { SetStatus } from '../../domain/data-set.ts';
import { batonFileOf } from '../../domain/host.ts';
import { searchAttributeNames } from '../../domain/search-attributes.ts';
import { machineChecks, type Finding } from '../../setup/examine.ts';
import type { dataSets } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { unprovenText } from '../data-text.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { dataFindings } from '../data-findings.ts';
import { holdLines, readHoldOf } from '../hold.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { unreachableChannels, unreachableText } from '../unreachable.ts';
import { examples, jsonOption, type OutputOptions } from './shared.ts';

export const doctorCommand = (command: Command): void => {
  command.addOption(jsonOption()).action(async (options: OutputOptions) => {
    const config = thisHost();
    const findings = [
      ...(await Promise.all(machineChecks.map(async (check) => await check(config)))),
      ...(await temporalFindings()),
    ];
    for (const finding of findings)
      if (options.json) printJson({ type: 'finding', ...finding });
      else tell(finding);
    const problems = findings.filter(({ state }) => state === 'problem').length;
    if (!options.json)
      print(
        problems === 0
          ? '\nReady to deploy.'
          : `\n${countText(problems, 'problem')}; mend the first one first.`,
      );
    if (problems > 0) process.exitCode = exitCode.failed;
  });
  examples(command, ['baton doctor', 'baton doctor --json']);
};

const temporalFindings = async (): Promise<Finding[]> => {
  try {
    return await withClient(async (client) => {
      const { worker, restores } = await workerFindings(client);
      return [
        { what: 'Temporal', state: 'ok', detail: `answers, namespace ${client.options.namespace}` },
        await searchAttributeFinding(client),
        worker,
        ...(await holdFinding(client)),
        ...(await noticeFindings(client)),
        ...restores,
        // Where no worker answers, that is told already.
        ...(worker.state === 'ok' ? await dataFindings(client) : []),
      ];
    });
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return [{ what: 'Temporal', state: 'problem', detail: error.message, mend: 'baton up' }];
  }
};

/** That a worker serves this host is known when it has answered something. */
const workerFindings = async (client: Client): Promise<{ worker: Finding; restores: Finding[] }> => {
  const { host } = thisHost();
  const worker: Finding = { what: 'Worker', state: 'ok', detail: `serves ${host}` };
  try {
    const { sets } = await ask<typeof dataSets>(client, host, 'dataSets', []);
    return { worker, restores: restoreFindings(sets) };
  } catch (error) {
    // Such as a mistake in baton.yml, which is told on its own.
    if (error instanceof WorkflowFailedError) return { worker, restores: [] };
    if (!(error instanceof CommandFailure)) throw error;
    const detail = error.message.replace(' Nothing was changed.', '');
    return { worker: { ...worker, state: 'problem', detail, mend: 'baton up' }, restores: [] };
  }
};

const holdFinding = async (client: Client): Promise<Finding[]> => {
  const hold = await readHoldOf(client, thisHost().host);
  const [detail = ''] = hold ? holdLines(hold, new Date()) : [];
  return hold ? [{ what: 'Hold', state: 'warning', detail, mend: 'baton release' }] : [];
};
const noticeFindings = async (client: Client): Promise<Finding[]> =>
  (await unreachableChannels(client, thisHost().host)).map((one) => ({
    what: 'Notices',
    state: 'warning',
    detail: unreachableText(one),
    mend: `look at "${one.channel}" below notify in ${batonFileOf(thisHost())}; the next notice that arrives clears this`,
  }));

const restoreFindings = (sets: readonly SetStatus[]): Finding[] =>
  sets.flatMap((set): Finding[] => {
    const detail = unprovenText(set);
    return detail === undefined
      ? []
      : [{ what: 'Restores', state: 'warning', detail, mend: `baton data test ${set.name}` }];
  });

const searchAttributeFinding = async (client: Client): Promise<Finding> => {
  const what = 'Search attributes';
  const { customAttributes } = await client.connection.operatorService.listSearchAttributes({
    namespace: client.options.namespace,
  });
  const missing = searchAttributeNames.filter((name) => customAttributes[name] === undefined);
  if (missing.length === 0) return { what, state: 'ok', detail: searchAttributeNames.join(', ') };
  return {
    what,
    state: 'problem',
    detail: `missing: ${missing.join(', ')}`,
    mend: `temporal operator search-attribute create ${missing.map((name) => `--name ${name} --type Keyword`).join(' ')}`,
  };
};

const marks = { ok: ['green', '✓'], warning: ['yellow', '!'], problem: ['red', '✗'] } as const;

const tell = ({ what, state, detail, mend }: Finding): void => {
  const [colour, mark] = marks[state];
  print(`  ${process.stdout.isTTY ? styleText(colour, mark) : mark} ${what.padEnd(18)} ${detail}`);
  if (mend !== undefined) print(`    ${' '.repeat(18)} → ${mend}`);
};
