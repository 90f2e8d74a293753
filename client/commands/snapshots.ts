/** `baton snapshots`: what is kept of data, what differs, and bringing it back. */
import type { Command } from 'commander';
import { formatDistanceToNow } from 'date-fns/formatDistanceToNow';
import { parseISO } from 'date-fns/parseISO';
import { readFile } from 'node:fs/promises';
import type { Check, NamedCheck } from '../../domain/check.ts';
import type { StackName } from '../../domain/names.ts';
import { fileLines } from '../../domain/report.ts';
import { formatDuration } from '../../domain/size.ts';
import type { SnapshotInfo, SnapshotName } from '../../domain/snapshot.ts';
import type { snapshotDifference, snapshotList } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { proofText } from '../data-text.ts';
import { pinText } from '../snapshot-text.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { checksOf, runGuard } from '../guard.ts';
import { newOperationId } from '../operation.ts';
import { print, printDiff, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { checkCommand } from './snapshots-check.ts';
import { pinCommands } from './snapshots-pin.ts';
import { pruneCommand } from './snapshots-prune.ts';
import { takeCommand } from './snapshots-take.ts';
import {
  checkOption,
  copyLimitOption,
  examples,
  hostOption,
  jsonOption,
  patienceOf,
  patienceOption,
  snapshotArgument,
  stackArgument,
  waitOption,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & { host?: string };
type RestoreOptions = Options & {
  validate: (Check | NamedCheck)[];
  validateWithin?: number;
  dryRun?: boolean;
  copyLimit: number;
  wait: boolean;
};

export const snapshotsCommand = (command: Command): void => {
  command
    .command('list', { isDefault: true })
    .description('each snapshot of data: when, why, whose, and what still needs it; oldest first')
    .argument('[stack]', 'only those that operations on this stack took', stackArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (stack: StackName | undefined, options: Options) => {
      printList(await listed(options, stack), options);
    });
  command
    .command('show')
    .description('all that is known of one')
    .argument('<snapshot>', 'its name', snapshotArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: SnapshotName, options: Options) => {
      show(await theOne(options, name), options);
    });
  command
    .command('diff')
    .description('what differs between two of one path, or between one and what stands now')
    .argument('<snapshot>', 'its name', snapshotArgument)
    .argument('[other]', 'the later one (default: what stands now)', snapshotArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: SnapshotName, other: SnapshotName | undefined, options: Options) => {
      process.exitCode = await difference(name, other, options);
    });
  command
    .command('restore')
    .description('put its path back to what it was then; what is there now is kept as a snapshot')
    .argument('<snapshot>', 'its name', snapshotArgument)
    .addOption(checkOption())
    .addOption(patienceOption())
    .option('--dry-run', 'say what would be done, and do nothing')
    .addOption(copyLimitOption())
    .addOption(hostOption())
    .addOption(waitOption())
    .addOption(jsonOption())
    .action(async (name: SnapshotName, options: RestoreOptions) => {
      process.exitCode = await restore(name, options);
    });
  takeCommand(command.command('take'));
  pinCommands(command);
  pruneCommand(command.command('prune'));
  checkCommand(command.command('check'));
  examples(command, [
    'baton snapshots immich',
    'baton snapshots take --stack immich --reason "before the big import"',
    'baton snapshots diff immich.before.20261123T151738Z.0c812c02',
    'baton snapshots restore immich.before.20261123T151738Z.0c812c02 --dry-run',
    'baton snapshots pin immich.before.20261123T151738Z.0c812c02 --reason "before the big import"',
    'baton snapshots prune --dry-run',
    'baton snapshots check',
  ]);
};

const listed = async (options: Options, stack?: StackName): Promise<SnapshotInfo[]> =>
  await withClient(
    async (client) =>
      await ask<typeof snapshotList>(client, options.host, 'snapshotList', stack ? [stack] : []),
  );

/** One name may be of several paths: an operation snapshots each of its paths under the same name. */
const theOne = async (options: Options, name: SnapshotName): Promise<SnapshotInfo[]> => {
  const found = (await listed(options)).filter((one) => one.name === name);
  if (found.length === 0)
    throw new CommandFailure(
      exitCode.failed,
      `There is no snapshot ${name} on ${options.host ?? thisHost().host}. Nothing was changed.`,
      'baton snapshots',
    );
  return found;
};

const ago = (time: string): string => formatDistanceToNow(parseISO(time), { addSuffix: true });

const purposes: Record<SnapshotInfo['purpose'], string> = {
  before: 'before a change',
  taken: 'asked for',
  failed: 'what a failed change left',
  undone: 'what an undo or a restore replaced',
  removed: 'what a removal took away',
};

const printList = (snapshots: SnapshotInfo[], { json }: Options): void => {
  if (json)
    snapshots.forEach((snapshot) => {
      printJson({ type: 'snapshot', ...snapshot });
    });
  else if (snapshots.length === 0) print('There are no snapshots.');
  else
    for (const path of new Set(snapshots.map((one) => one.path))) {
      print(path);
      for (const {
        name,
        purpose,
        takenAt,
        outcome,
        title,
        neededBy,
        pinned,
        restoreTest,
      } of snapshots.filter((one) => one.path === path)) {
        const about = [
          purposes[purpose],
          ...(title === undefined ? [] : [title]),
          ...(outcome === undefined ? [] : [outcome]),
          ...(neededBy.length === 0 ? [] : [`for undo to ${neededBy.join(', ')}`]),
          ...(pinned ? [pinText(pinned)] : []),
          ...(restoreTest ? [proofText(restoreTest)] : []),
        ];
        print(`  ${name}  ${ago(takenAt)}  ${about.join(' · ')}`);
      }
    }
};

const show = (snapshots: SnapshotInfo[], { json }: Options): void => {
  for (const snapshot of snapshots)
    if (json) printJson({ type: 'snapshot', ...snapshot });
    else {
      const { name, path, location, driver, purpose, takenAt, operation, stack, outcome, title } = snapshot;
      const { neededBy, pinned, restoreTest } = snapshot;
      print(
        [
          name,
          `  of         ${path}`,
          `  lies in    ${location} (${driver})`,
          `  taken      ${takenAt}, ${ago(takenAt)}, ${purposes[purpose]}`,
          `  operation  ${operation} on ${stack}${title === undefined ? '' : `: ${title}`}`,
          ...(outcome === undefined ? [] : [`  outcome    ${outcome}`]),
          ...(neededBy.length === 0 ? [] : [`  needed by  undo to ${neededBy.join(', ')}`]),
          ...(pinned ? [`  ${pinText(pinned)}, ${ago(pinned.at)} (${pinned.at})`] : []),
          ...(restoreTest
            ? [
                `  ${proofText(restoreTest)}, by operation ${restoreTest.operation} in ${formatDuration(restoreTest.tookMs)}; asked: ${restoreTest.question}`,
              ]
            : []),
        ].join('\n'),
      );
    }
};

const difference = async (
  name: SnapshotName,
  other: SnapshotName | undefined,
  options: Options,
): Promise<number> => {
  const changes = await withClient(
    async (client) =>
      await ask<typeof snapshotDifference>(client, options.host, 'snapshotDifference', [
        newOperationId(),
        name,
        other,
      ]),
  );
  if (options.json) printJson({ type: 'difference', ...changes });
  else if (changes.count === 0) print('Nothing differs.');
  else if (changes.file !== undefined && (options.host ?? thisHost().host) === thisHost().host)
    printDiff(await readFile(changes.file, 'utf8'));
  else print(fileLines({ files: changes }).join('\n'));
  return exitCode.done;
};

/** A guarded operation: it is put back where a check says no, and what was there before is kept as its snapshot. */
const restore = async (name: SnapshotName, options: RestoreOptions): Promise<number> => {
  const found = await theOne(options, name);
  const stacks = [...new Set(found.map(({ stack }) => stack))];
  return await runGuard(
    {
      operation: newOperationId(),
      kind: 'guard',
      ...(stacks.length === 1 && stacks[0] ? { stack: stacks[0] } : {}),
      host: options.host ?? thisHost().host,
      title: `restore ${name}`,
      data: found.map(({ path }) => path),
      restore: found.map(({ path }) => ({ path, snapshot: name })),
      checks: checksOf(options.validate),
      ...patienceOf(options),
      onFailure: 'roll-back',
      onCrash: 'fail',
      copyLimitBytes: options.copyLimit,
    },
    options,
  );
};
