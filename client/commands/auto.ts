/** `baton auto`: looking after the host by itself. So far it looks, remembers and forecasts, and changes nothing. */
import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
} from '@temporalio/client';
import type { Command } from 'commander';
import { cycleScheduleId, cycleWorkflowId, hostTaskQueue } from '../../domain/ids.ts';
import { workflowTaskTimeout } from '../../domain/operation.ts';
import type { oodaCycle } from '../../workflows/ooda-cycle.ts';
import { startChange } from '../change.ts';
import { exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { hostSearchAttribute } from '../search-attributes.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { tellLook } from './health.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string };

/** Samples are kept at this distance. */
const every = '5 minutes';
/** What was missed is not looked at later: it is over. */
const catchUp = '1 minute';

export const autoCommand = (command: Command): void => {
  verb(command, 'watch', 'look every 5 minutes, remember what was seen, and change nothing', watch);
  verb(command, 'once', 'look once, and remember what was seen', once);
  verb(command, 'stop', 'look no more; what was seen is kept', stop);
  verb(command, 'status', 'say whether it looks, and when it does next', status);
  examples(command, ['baton auto watch', 'baton auto status', 'baton auto stop']);
};

type Verb = (client: Client, host: string, options: Options) => Promise<number>;

const verb = (command: Command, name: string, about: string, act: Verb): void => {
  const own = command
    .command(name)
    .description(about)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { host = thisHost().host } = options;
      process.exitCode = await withClient(async (client) => await act(client, host, options));
    });
  examples(own, [`baton auto ${name}`]);
};

const watch: Verb = async (client, host, options) => {
  try {
    await client.schedule.create({
      scheduleId: cycleScheduleId(host),
      spec: { intervals: [{ every }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'oodaCycle',
        workflowId: cycleWorkflowId(host),
        taskQueue: hostTaskQueue(host),
        workflowTaskTimeout,
        staticSummary: 'look, remember, forecast',
        typedSearchAttributes: hostSearchAttribute(host),
        args: [],
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: catchUp },
      typedSearchAttributes: hostSearchAttribute(host),
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    say(options, { looks: true, host }, `Baton looks at ${host} already, every ${every}.`);
    return exitCode.done;
  }
  say(
    options,
    { looks: true, host },
    `From now on Baton looks at ${host} every ${every}. Stop it: baton auto stop`,
  );
  return exitCode.done;
};

const once: Verb = async (client, host, options) => {
  const handle = await startChange<typeof oodaCycle>(client, {
    host,
    workflow: 'oodaCycle',
    workflowId: cycleWorkflowId(host),
    summary: 'look once',
    args: [],
  });
  return tellLook(await handle.result(), options);
};

const stop: Verb = async (client, host, options) => {
  try {
    await client.schedule.getHandle(cycleScheduleId(host)).delete();
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    say(options, { looks: false, host }, `Baton does not look at ${host} by itself.`);
    return exitCode.done;
  }
  say(options, { looks: false, host }, `Baton looks at ${host} no more. What was seen is kept.`);
  return exitCode.done;
};

const status: Verb = async (client, host, options) => {
  try {
    const { info } = await client.schedule.getHandle(cycleScheduleId(host)).describe();
    const last = info.recentActions.at(-1)?.takenAt.toISOString();
    const next = info.nextActionTimes[0]?.toISOString();
    say(
      options,
      { looks: true, host, last, next, missed: info.numActionsMissedCatchupWindow },
      `Baton looks at ${host} every ${every}: last ${last ?? 'not yet'}, next ${next ?? 'never'}; ${info.numActionsMissedCatchupWindow} missed since it began.`,
    );
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    say(
      options,
      { looks: false, host },
      `Baton does not look at ${host} by itself. Let it: baton auto watch`,
    );
  }
  return exitCode.done;
};

const say = ({ json }: Options, fact: object, text: string): void => {
  if (json) printJson({ type: 'auto', ...fact });
  else print(text);
};
