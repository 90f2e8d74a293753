/** `baton hold` and `baton release`: whether anything may begin by itself on a host. */
import { WorkflowNotFoundError, type Client, type WorkflowHandle } from '@temporalio/client';
import { Option, type Command } from 'commander';
import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { waitingKinds } from '../../domain/gate.ts';
import { heldBackText, readHold, type Hold, type HoldEnd, type Release } from '../../domain/hold.ts';
import { holdWorkflowId, hostTaskQueue } from '../../domain/ids.ts';
import { titleOf, workflowTaskTimeout } from '../../domain/operation.ts';
import { searchAttributeName } from '../../domain/search-attributes.ts';
import { formatDuration } from '../../domain/size.ts';
import type { holdHost } from '../../workflows/hold-host.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { holdLines } from '../hold.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson } from '../output.ts';
import { hostSearchAttribute, keyword } from '../search-attributes.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import {
  durationArgument,
  examples,
  hostOption,
  jsonOption,
  timeArgument,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & { host?: string; for?: number; until?: string; reason?: string };

export const holdCommand = (command: Command): void => {
  command
    .addOption(new Option('--for <duration>', 'release it by itself after 2h').argParser(durationArgument))
    .addOption(
      new Option('--until <time>', 'release it by itself at 14:00, or at 2026-11-26T14:00')
        .argParser(timeArgument)
        .conflicts('for'),
    )
    .option('--reason <text>', 'why, for whoever sees it')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      await hold(options);
    });
  examples(command, [
    'baton hold',
    'baton hold --for 2h --reason "the disk is being replaced"',
    'baton release',
  ]);
};

export const releaseCommand = (command: Command): void => {
  command
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      await release(options);
    });
  examples(command, ['baton release', 'baton release --host nas']);
};

/** It counts as soon as Temporal knows of it; no worker need be there. */
const hold = async ({ host = thisHost().host, json, ...options }: Options): Promise<void> => {
  await withClient(async (client) => {
    const said = holdOf(options);
    await client.workflow.signalWithStart<typeof holdHost, [Hold]>('holdHost', {
      workflowId: holdWorkflowId(host),
      taskQueue: hostTaskQueue(host),
      workflowTaskTimeout,
      staticSummary: `hold on ${host}`,
      typedSearchAttributes: hostSearchAttribute(host),
      memo: { hold: said },
      args: [host, newOperationId(), said],
      signal: 'requestHold',
      signalArgs: [said],
    });
    const underWay = await operationsUnderWay(client, host);
    if (json) printJson({ type: 'hold', host, ...said, underWay });
    else {
      const now = new Date();
      for (const line of holdLines({ ...said, host, since: now.toISOString() }, now)) print(line);
      for (const one of underWay)
        print(`  Under way, and goes on: ${titleOf(one)}. Stop it: baton cancel ${one.stack}`);
    }
  });
};

const holdOf = ({ for: forMs, until, reason }: Options): Hold => {
  const end = forMs === undefined ? until : new Date(Date.now() + forMs).toISOString();
  const said = readHold(
    {
      by: userInfo().username,
      channel: 'baton',
      ...(end === undefined ? {} : { until: end }),
      ...(reason === undefined ? {} : { reason }),
    },
    Date.now(),
  );
  if (typeof said !== 'string') return said;
  throw new CommandFailure(exitCode.usage, `${said} Nothing was changed.`);
};

type UnderWay = { kind: string; stack: string };

const operationsUnderWay = async (client: Client, host: string): Promise<UnderWay[]> => {
  const { operation, stack, kind, step } = searchAttributeName;
  const query = `${searchAttributeName.host} = "${host}" AND ExecutionStatus = "Running" AND ${operation} IS NOT NULL`;
  const all: UnderWay[] = [];
  for await (const { typedSearchAttributes: found } of client.workflow.list({ query })) {
    const told = (name: string): string | undefined => found.get(keyword(name));
    const [of = '', on = '', at = ''] = [kind, stack, step].map(told);
    if (!waitingKinds.some((step) => step === at)) all.push({ kind: of, stack: on });
  }
  return all;
};

const release = async ({ host = thisHost().host, json }: Options): Promise<void> => {
  await withClient(async (client) => {
    const handle = client.workflow.getHandle<typeof holdHost>(holdWorkflowId(host));
    await signalRelease(handle, host);
    const end = await Promise.race([handle.result(), delay(answerWithinMs, undefined, { ref: false })]);
    if (json) printJson({ type: 'released', host, ...(end ?? { pending: true }) });
    else if (end) tell(end, Date.now());
    else print(`${host} is released as soon as its worker is back: baton up`);
  });
};

/** A worker that runs answers in tens of milliseconds; one that stopped minutes ago is still listed as there. */
const answerWithinMs = 5_000;

const signalRelease = async (handle: WorkflowHandle<typeof holdHost>, host: string): Promise<void> => {
  const said: Release = { by: userInfo().username, channel: 'baton' };
  try {
    await handle.signal('requestRelease', said);
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
    throw new CommandFailure(exitCode.failed, `${host} is not held. Nothing was changed.`);
  }
};

const tell = ({ host, since, heldBack, forgotten, notes }: HoldEnd, now: number): void => {
  print(`${host} is released; it was held for ${formatDuration(now - Date.parse(since))}.`);
  if (heldBack.length > 0) print(`  Held back meanwhile: ${heldBackText(heldBack, forgotten)}`);
  for (const note of notes) print(`  ${note}`);
};
