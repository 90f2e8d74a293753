/** `baton auto`: looking after the host by itself, as far as people let it. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Client } from '@temporalio/client';
import { acts, levels } from '../../domain/autonomy.ts';
import { deliberationText } from '../../domain/decided.ts';
import { cycleWorkflowId } from '../../domain/ids.ts';
import type { Mandate } from '../../domain/mandate.ts';
import type { oodaCycle } from '../../workflows/ooda-cycle.ts';
import { stopActions, type OpenAction } from '../actions.ts';
import { startChange } from '../change.ts';
import { exitCode } from '../failure.ts';
import { every, readTurned, removeMandate, writeMandate } from '../mandate.ts';
import { print, printJson } from '../output.ts';
import { say } from '../say.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { resultOf } from '../worker.ts';
import { status } from './auto-status.ts';
import { tellLook } from './health.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

export type AutoOptions = OutputOptions & { host?: string };

export const autoCommand = (command: Command): void => {
  verb(command, 'on', 'look every 5 minutes, decide, and act as far as the level and the record allow', on)
    .addOption(levelOption())
    .addHelpText('after', levelHelp);
  verb(
    command,
    'dry-run',
    'look and decide every 5 minutes, do nothing, and say what it would have done',
    dryRun,
  );
  verb(command, 'once', 'look and decide once, now, at the level that is set', once);
  verb(command, 'stop', 'begin nothing more by itself, at once; what runs goes on to its end', stop).option(
    '--unwind',
    'stop what runs as well, and put it back',
  );
  verb(
    command,
    'status',
    'say what it may do and why, what is left of today, and what waits for whom',
    status,
  );
  lookedAtCommand(command);
  examples(command, [
    'baton auto dry-run',
    'baton auto on --level moderate',
    'baton auto status',
    'baton auto stop',
  ]);
};

type Verb<Options extends AutoOptions> = (client: Client, host: string, options: Options) => Promise<number>;

const verb = <Options extends AutoOptions>(
  command: Command,
  name: string,
  about: string,
  act: Verb<Options>,
): Command => {
  const own = command
    .command(name)
    .description(about)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const { host = thisHost().host } = options;
      process.exitCode = await withClient(async (client) => await act(client, host, options));
    });
  examples(own, [name === 'on' ? 'baton auto on --level conservative' : `baton auto ${name}`]);
  return own;
};

type ActingLevel = 'conservative' | 'moderate' | 'aggressive';

const levelOption = (): Option =>
  new Option('--level <level>', 'how sure it must be to act unasked')
    .choices(levels.filter(acts))
    .makeOptionMandatory();

const levelHelp = `
Levels: conservative (95 %) · moderate (85 %) · aggressive (75 %). What is less sure is asked: baton pending`;

const on: Verb<AutoOptions & { level: ActingLevel }> = async (client, host, options) =>
  await turn(client, host, options.level, options);

const dryRun: Verb<AutoOptions> = async (client, host, options) =>
  await turn(client, host, 'dry-run', options);

const turn = async (
  client: Client,
  host: string,
  level: Mandate['level'],
  options: AutoOptions,
): Promise<number> => {
  const before = await readTurned(client, host);
  const mandate: Mandate = {
    level,
    by: userInfo().username,
    since: new Date().toISOString(),
    session: before?.mandate.session ?? randomBytes(4).toString('hex'),
  };
  await writeMandate(client, host, mandate);
  const written = await say(client, host, { what: 'auto-on', text: level });
  const does = acts(level) ? `acts where the level ${level} allows it, and asks where not` : 'does nothing';
  tell(
    options,
    { host, mandate, written },
    `From now on Baton looks at ${host} every ${every}, decides, and ${does}. Stop it: baton auto stop`,
    written,
  );
  return exitCode.done;
};

const once: Verb<AutoOptions> = async (client, host, options) => {
  const handle = await startChange<typeof oodaCycle>(client, {
    host,
    workflow: 'oodaCycle',
    workflowId: cycleWorkflowId(host),
    summary: 'look and decide once',
    args: [],
  });
  const { deliberation, ...look } = await resultOf(handle);
  const code = tellLook(look, options);
  if (options.json) printJson({ type: 'deliberation', ...deliberation });
  else for (const line of deliberationText(deliberation)) print(line);
  return code;
};

/** The mandate goes first: from then on whatever was decided asks, and hears that it may not begin. */
const stop: Verb<AutoOptions & { unwind?: boolean }> = async (client, host, options) => {
  const was = await removeMandate(client, host);
  const { stopped, goOn } = await stopActions(client, host, options.unwind === true);
  const written = await say(client, host, {
    what: 'auto-stop',
    text: options.unwind ? 'unwind' : 'let it end',
  });
  tell(
    options,
    { host, was, stopped, goOn, written },
    [
      was ? `Baton does nothing more by itself on ${host}.` : `Baton does nothing by itself on ${host}.`,
      ...stopped.map((one) => `  Stopped: ${named(one)}`),
      ...goOn.map((one) => `  Under way, and goes on: ${named(one)}. Stop it: baton cancel ${one.operation}`),
    ].join('\n'),
    written,
  );
  return exitCode.done;
};

export const named = ({ target, operation }: OpenAction): string => `${target} (operation ${operation})`;

const lookedAtCommand = (command: Command): void => {
  const own = command
    .command('looked-at')
    .description(
      'say that somebody has looked at a playbook that failed twice on a target: it may act there again',
    )
    .argument('<playbook>', 'its name', wordArgument)
    .argument('<target>', 'as incidents name it: shop/db, /srv', wordArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (playbook: string, target: string, options: AutoOptions) => {
      const { host = thisHost().host } = options;
      const written = await withClient(
        async (client) => await say(client, host, { what: 'looked-at', playbook, target }),
      );
      const said = `Failures of ${playbook} on ${target} until now keep it from acting no more.`;
      tell(options, { host, playbook, target, written }, said, written);
    });
  examples(own, ['baton auto looked-at service-restart shop/db']);
};

const wordArgument = (text: string): string => {
  if (text.trim() === '' || text.length > 200 || /\p{Cc}/u.test(text))
    throw new InvalidArgumentError('Write a name of 1 to 200 characters on one line.');
  return text;
};

const tell = ({ json }: AutoOptions, fact: object, text: string, written: boolean): void => {
  if (json) return printJson({ type: 'auto', ...fact });
  print(text);
  if (!written) print('  The audit log hears of it as soon as the worker is back: baton up');
};
