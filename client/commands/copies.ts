/** `baton copies`: what is elsewhere of data, how old it is, whether it is whole, and bringing it back. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { resolve } from 'node:path';
import { parseReadShare } from '../../compose/schedules.ts';
import { copyWorkflowId } from '../../domain/ids.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import type { checkCopies, initCopies, restoreCopy } from '../../workflows/copies.ts';
import type { copiesStanding } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { startChange, type Change } from '../change.ts';
import { checkReportText, standingText } from '../copy-text.ts';
import { exitCode } from '../failure.ts';
import { newOperationId } from '../operation.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { watchChange } from '../watch-change.ts';
import {
  copyArgument,
  examples,
  hostOption,
  jsonOption,
  outputMode,
  snapshotArgument,
  type OutputOptions,
} from './shared.ts';

type Options = OutputOptions & { host?: string };

export const copiesCommand = (command: Command): void => {
  command
    .command('list', { isDefault: true })
    .description('of each path the newest copy and its age; how the last run and the last check went')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(list);
  command
    .command('init')
    .description('make ready a target that has never been one: a repository, or a directory on btrfs')
    .argument('<name>', 'as baton.yml names it', copyArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(init);
  command
    .command('check')
    .description('whether what is there is whole; for restic, "restic check"')
    .argument('<name>', 'as baton.yml names it', copyArgument)
    .addOption(
      new Option('--read-data <share>', 'read so much of the data too, such as 5% (restic)').argParser(
        shareArgument,
      ),
    )
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: string, options: Options & { readData?: number }) => {
      process.exitCode = await check(name, options);
    });
  command
    .command('restore')
    .description('bring a copy back into a directory of its own, never over anything')
    .argument('<name>', 'as baton.yml names it', copyArgument)
    .argument('<data>', 'whose copy: a path of its data, or the name of a data set')
    .requiredOption('--to <directory>', 'a directory that is not there yet')
    .option('--snapshot <name>', 'of this snapshot (default: the newest)', snapshotArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(restore);
  examples(command, [
    'baton copies',
    'baton copies init offsite',
    'baton copies check offsite --read-data 5%',
    'baton copies restore offsite /srv/paperless --to /srv/paperless-restored',
  ]);
};

const shareArgument = (text: string): number => {
  const percent = parseReadShare(text.endsWith('%') ? text : `${text}%`);
  if (percent === undefined) throw new InvalidArgumentError('Write a share of the data, such as 5%.');
  return percent;
};

const list = async ({ host, json }: Options): Promise<void> => {
  const all = await withClient(
    async (client) =>
      await ask<typeof copiesStanding>(client, host, 'copiesStanding', [newOperationId(), true]),
  );
  if (json) for (const one of all) printJson({ type: 'copies', ...one });
  else if (all.length === 0) print('baton.yml lays no copies down.');
  else for (const one of all) print(standingText(one).join('\n'));
};

/** What the three verbs have in common. */
const change = (
  name: string,
  host: string,
  workflow: string,
): Pick<Change<never>, 'host' | 'workflow' | 'workflowId'> => ({
  host,
  workflow,
  workflowId: copyWorkflowId(host, name),
});

const init = async (name: string, options: Options): Promise<void> => {
  const { host = thisHost().host, json } = options;
  await withClient(async (client) => {
    const handle = await startChange<typeof initCopies>(client, {
      ...change(name, host, 'initCopies'),
      summary: `make ready ${name}`,
      args: [{ operation: newOperationId(), host, name }],
    });
    await watchChange(handle, outputMode(options));
  });
  if (json) printJson({ type: 'ready', name, host });
  else print(`"${name}" is ready. Next: baton copy ${name}`);
};

const check = async (name: string, options: Options & { readData?: number }): Promise<number> =>
  await withClient(async (client) => {
    const { host = thisHost().host, json, readData } = options;
    const handle = await startChange<typeof checkCopies>(client, {
      ...change(name, host, 'checkCopies'),
      summary: `check copies ${name}`,
      args: [
        {
          operation: newOperationId(),
          host,
          name,
          ...(readData === undefined ? {} : { readPercent: readData }),
        },
      ],
    });
    const report = await watchChange(handle, outputMode(options), { beats: true });
    if (json) printJson({ type: 'report', ...report });
    else for (const line of checkReportText(report)) print(line);
    return report.outcome === 'done' ? exitCode.done : exitCode.failed;
  });

const restore = async (
  name: string,
  what: string,
  options: Options & { to: string; snapshot?: SnapshotName },
): Promise<void> => {
  const { host = thisHost().host, json } = options;
  const to = resolve(options.to);
  // A set has no slash in its name.
  const data = what.includes('/') ? resolve(what) : what;
  const copy = await withClient(async (client) => {
    const handle = await startChange<typeof restoreCopy>(client, {
      ...change(name, host, 'restoreCopy'),
      summary: `bring ${data} back to ${to}`,
      args: [{ operation: newOperationId(), host, name }, data, to, options.snapshot],
    });
    return await watchChange(handle, outputMode(options), { beats: true });
  });
  if (json) printJson({ type: 'restored', to, ...copy });
  else print(`${to} holds ${copy.path} as of ${copy.takenAt} (${copy.snapshot}).`);
};
