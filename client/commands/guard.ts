/** `baton guard … -- COMMAND`: snapshot the data, run a command, validate, and put the data back where that fails. */
import { Option, type Command } from 'commander';
import { resolve } from 'node:path';
import type { Check, NamedCheck } from '../../domain/check.ts';
import {
  defaultOutputLimitBytes,
  defaultTimeoutMs,
  isScopeProperty,
  type GuardedCommand,
} from '../../domain/commands.ts';
import type { GuardQuestion, GuardRequest } from '../../domain/guard.ts';
import { subvolumeText } from '../../domain/data-set.ts';
import type { StackName } from '../../domain/names.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { checksOf, runGuard } from '../guard.ts';
import { newOperationId } from '../operation.ts';
import { thisHost } from '../this-host.ts';
import {
  checkOption,
  copyLimitOption,
  durationArgument,
  examples,
  gateOf,
  gateOptions,
  hostOption,
  jsonOption,
  listOption,
  patienceOf,
  patienceOption,
  sizeArgument,
  stackArgument,
  waitOption,
  type GateOptions,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions &
  GateOptions & {
    data: string[];
    subvolume: string[];
    stack?: StackName;
    operation?: string;
    validate: (Check | NamedCheck)[];
    validateWithin?: number;
    autoRollback?: boolean;
    shell?: boolean;
    dryRun?: boolean;
    env: string[];
    user?: string;
    scope?: boolean;
    property: string[];
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
    .addOption(
      listOption(
        '--subvolume <name>',
        'a btrfs subvolume, by its name in its filesystem, that it may change (repeatable)',
      ),
    )
    .option('--stack <name>', 'all data of this stack', stackArgument)
    .option('--operation <name>', 'what it is for (default: the command)')
    .addOption(checkOption())
    .addOption(patienceOption())
    .option('--auto-rollback', 'put the data back at once where it fails; else wait for an answer')
    .option('--shell', 'the command is one text for /bin/sh')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(listOption('--env <name>', "pass this variable of the worker's environment on (repeatable)"))
    .option('--user <name>', 'run it as this user')
    .option('--scope', 'run it in a systemd scope, with which all that it starts is ended')
    .addOption(
      listOption(
        '--property <name=value>',
        'a property of its scope, such as MemoryMax=2G (repeatable; means --scope)',
      ),
    )
    .addOption(
      new Option('--timeout <duration>', 'end it after this time')
        .default(defaultTimeoutMs, '24h')
        .argParser(durationArgument),
    )
    .addOption(
      new Option('--output-limit <size>', 'end it when it has printed more than this')
        .default(defaultOutputLimitBytes, '64M')
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
    .addOption(jsonOption());
  gateOptions(command).action(async (args: string[], options: Options) => {
    process.exitCode = await guard(args, options);
  });
  command.showHelpAfterError('(the command comes last, after "--"; add --help for what can be typed)');
  examples(command, [
    'baton guard --data /srv/traefik --auto-rollback -- cp new.yml /srv/traefik/dynamic/routers.yml',
    'baton guard --subvolume subvol7-containers/wiki --auto-rollback -- ./upgrade.sh',
    'baton guard --stack immich --operation "reindex" --validate http://localhost:2283/api/ping -- ./reindex.sh',
    'baton guard --data /srv/photos --user photos --property MemoryMax=2G -- ./reindex.sh',
    'baton guard --data /srv/wiki --shell --dry-run -- "sed -i s/old/new/ /srv/wiki/*.md"',
  ]);
};

const guard = async (args: string[], options: Options): Promise<number> =>
  await runGuard(questionOf(args, options), options);

const scopeOf = ({ scope = false, property }: Options): Pick<GuardedCommand, 'scope'> => {
  const wrong = property.find((text) => !isScopeProperty(text));
  if (wrong !== undefined)
    throw new CommandFailure(
      exitCode.usage,
      `${JSON.stringify(wrong)} is no property of a scope; one reads MemoryMax=2G. Nothing was changed.`,
      'man systemd.resource-control',
    );
  return scope || property.length > 0 ? { scope: property } : {};
};

const questionOf = (args: string[], options: Options): GuardQuestion => {
  const data = [
    ...options.data.map((path) => resolve(path)),
    // `btrfs subvolume list` prints no slash before a name, and people write one.
    ...options.subvolume.map((name) => subvolumeText(name.replace(/^\/+/, ''))),
  ];
  if (data.length === 0 && options.stack === undefined)
    throw new CommandFailure(
      exitCode.usage,
      'Say what it may change: --data PATH, --subvolume NAME or --stack STACK. Nothing was changed.',
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
    data,
    command: {
      args,
      shell: options.shell ?? false,
      directory: process.cwd(),
      variables: options.env,
      ...(options.user === undefined ? {} : { user: options.user }),
      ...scopeOf(options),
      timeoutMs: options.timeout,
      outputLimitBytes: options.outputLimit,
    },
    checks: checksOf(options.validate),
    ...patienceOf(options),
    onFailure: options.autoRollback ? 'roll-back' : 'hold',
    onCrash: options.onCrash,
    copyLimitBytes: options.copyLimit,
    ...gateOf(options),
  };
};
