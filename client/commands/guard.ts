/** `baton guard … -- COMMAND`: snapshot the data, run a command, validate, and put the data back where that fails. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { join, resolve } from 'node:path';
import type { Check, NamedCheck } from '../../domain/check.ts';
import type { GuardPlan, GuardQuestion, GuardRequest } from '../../domain/guard.ts';
import { checkPlaces, readNamedCheck } from '../../compose/named-check.ts';
import { Reader } from '../../compose/reader.ts';
import { hostTaskQueue, questionWorkflowId } from '../../domain/ids.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import { formatLocation, isError, type Problem } from '../../domain/problem.ts';
import type { planGuarded } from '../../workflows/questions.ts';
import { checkArgument, checkForms } from '../check-argument.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { followFile } from '../follow-file.ts';
import { guardText } from '../guard-text.ts';
import { demandWorker, newOperationId, startGuard, watchOperation } from '../operation.ts';
import { print, printJson, printProblems } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { parseDuration } from '../../compose/units.ts';
import {
  copyLimitOption,
  examples,
  hostOption,
  jsonOption,
  listOption,
  outputMode,
  sizeArgument,
  stackArgument,
  waitOption,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & {
  data: string[];
  stack?: StackName;
  operation?: string;
  validate: (Check | NamedCheck)[];
  autoRollback?: boolean;
  shell?: boolean;
  dryRun?: boolean;
  env: string[];
  user?: string;
  timeout: number;
  outputLimit: number;
  onCrash: GuardRequest['onCrash'];
  copyLimit: number;
  host?: string;
  wait: boolean;
};

export const guardCommand = (command: Command): void => {
  command
    .argument('<command...>', 'what to run, after "--"')
    .addOption(
      listOption('--data <path>', 'a directory, file or btrfs subvolume that it may change (repeatable)'),
    )
    .option('--stack <name>', 'all data of this stack', stackArgument)
    .option('--operation <name>', 'what it is for (default: the command)')
    .addOption(checkOption())
    .option('--auto-rollback', 'put the data back at once where it fails; else wait for an answer')
    .option('--shell', 'the command is one text for /bin/sh')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(listOption('--env <name>', "pass this variable of the worker's environment on (repeatable)"))
    .option('--user <name>', 'run it as this user')
    .addOption(
      new Option('--timeout <duration>', 'end it after this time')
        .default(24 * 3_600_000, '24h')
        .argParser(duration),
    )
    .addOption(
      new Option('--output-limit <size>', 'end it when it has printed more than this')
        .default(2 ** 26, '64M')
        .argParser(sizeArgument),
    )
    .addOption(
      new Option(
        '--on-crash <what>',
        'where the worker dies meanwhile: the command counts as failed, or the checks decide',
      )
        .choices(['fail', 'validate'])
        .default('fail'),
    )
    .addOption(copyLimitOption())
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (args: string[], options: Options) => {
      process.exitCode = await guard(args, options);
    });
  command.showHelpAfterError('(the command comes last, after "--"; add --help for what can be typed)');
  examples(command, [
    'baton guard --data /srv/traefik --auto-rollback -- cp new.yml /srv/traefik/dynamic/routers.yml',
    'baton guard --stack immich --operation "reindex" --validate http://localhost:2283/api/ping -- ./reindex.sh',
    'baton guard --data /srv/wiki --shell --dry-run -- "sed -i s/old/new/ /srv/wiki/*.md"',
  ]);
};

const checkOption = (): Option =>
  new Option('--validate <check>', `what must hold afterwards: ${checkForms} (repeatable)`)
    .default([])
    .argParser((text: string, all: unknown) => [...(all as (Check | NamedCheck)[]), checkArgument(text)]);

const duration = (text: string): number => {
  const ms = parseDuration(text);
  if (ms === undefined || ms <= 0) throw new InvalidArgumentError('Write a duration such as 90s, 5m or 2h.');
  return ms;
};

const guard = async (args: string[], options: Options): Promise<number> => {
  const question = questionOf(args, options);
  return await withClient(async (client) => {
    await demandWorker(client, question.host);
    const plan = await client.workflow.execute<typeof planGuarded>('planGuarded', {
      workflowId: questionWorkflowId(question.host, 'guard', question.operation),
      taskQueue: hostTaskQueue(question.host),
      args: [question],
      staticSummary: `guard: ${question.title}`,
    });
    if (plan.problems.some(isError) || options.dryRun) return tell(plan, options);
    const request: GuardRequest = { ...question, stack: plan.stack, data: plan.data.map(({ path }) => path) };
    const handle = await startGuard(client, request);
    if (!options.wait) {
      const { operation, stack } = request;
      if (options.json) printJson({ type: 'started', operation, stack, workflowId: handle.workflowId });
      else print(`Operation ${operation} on ${stack} has started. Watch it: baton events ${stack} --follow`);
      return exitCode.done;
    }
    return await watchOperation(client, handle, outputMode(options), outputOf(request));
  });
};

const tell = (plan: GuardPlan, { json }: Options): number => {
  if (json) printJson({ type: 'plan', plan });
  else {
    print(guardText(plan));
    printProblems(plan.problems);
  }
  return plan.problems.some(isError) ? exitCode.failed : exitCode.done;
};

const questionOf = (args: string[], options: Options): GuardQuestion => {
  if (options.data.length === 0 && options.stack === undefined)
    throw new CommandFailure(
      exitCode.usage,
      'Say what it may change: --data PATH, or --stack STACK. Nothing was changed.',
    );
  if (options.shell && args.length !== 1)
    throw new CommandFailure(
      exitCode.usage,
      `With --shell the command is one text, in quotes; here are ${args.length}. Nothing was changed.`,
    );
  return {
    operation: newOperationId(),
    kind: 'guard',
    ...(options.stack === undefined ? {} : { stack: options.stack }),
    host: options.host ?? thisHost().host,
    title: options.operation ?? args.join(' ').slice(0, 60),
    data: options.data.map((path) => resolve(path)),
    command: {
      args,
      shell: options.shell ?? false,
      directory: process.cwd(),
      variables: options.env,
      ...(options.user === undefined ? {} : { user: options.user }),
      timeoutMs: options.timeout,
      outputLimitBytes: options.outputLimit,
    },
    checks: checksOf(options.validate),
    onFailure: options.autoRollback ? 'roll-back' : 'hold',
    onCrash: options.onCrash,
    copyLimitBytes: options.copyLimit,
  };
};

const toldProblem = ({ at, message }: Problem): string =>
  `${at && at.line > 0 ? `${formatLocation(at)}: ` : ''}${message}`;

/** With those that stand in files of their own read, from here and from what Baton ships. */
const checksOf = (given: Options['validate']): Check[] => {
  const reader = new Reader(() => undefined);
  const places = checkPlaces(process.cwd());
  const checks = given.flatMap((check) =>
    check.type === 'named' ? readNamedCheck(reader, check, places) : [check],
  );
  if (reader.problems.length > 0)
    throw new CommandFailure(
      exitCode.usage,
      `${reader.problems.map(toldProblem).join('\n')}\nNothing was changed.`,
    );
  return checks;
};

/** Its output as it comes, where it runs on this machine; elsewhere its last lines come with the report. */
const outputOf = ({ host, operation }: { host: string; operation: OperationId }) => {
  const here = thisHost();
  return host === here.host
    ? followFile(join(here.stateDirectory, 'operations', operation, 'output.log'))
    : undefined;
};
