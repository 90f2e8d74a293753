/** `baton snapshots pin` and `unpin`: what retention never removes. */
import type { Command } from 'commander';
import { userInfo } from 'node:os';
import { snapshotWorkflowId } from '../../domain/ids.ts';
import type { SnapshotInfo, SnapshotName } from '../../domain/snapshot.ts';
import type { pinSnapshot, unpinSnapshot } from '../../workflows/pin-snapshot.ts';
import { startChange } from '../change.ts';
import { print, printJson } from '../output.ts';
import { pinText } from '../snapshot-text.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { resultOf } from '../worker.ts';
import { hostOption, jsonOption, snapshotArgument, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; reason?: string };

export const pinCommands = (command: Command): void => {
  command
    .command('pin')
    .description('keep one whatever retention says; who pinned it, when and why is kept with it')
    .argument('<snapshot>', 'its name', snapshotArgument)
    .option('--reason <text>', 'why')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: SnapshotName, options: Options) => {
      await pin(name, options);
    });
  command
    .command('unpin')
    .description('leave one to retention again')
    .argument('<snapshot>', 'its name', snapshotArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (name: SnapshotName, options: Options) => {
      await unpin(name, options);
    });
};

const pin = async (name: SnapshotName, options: Options): Promise<void> => {
  const { reason, host = thisHost().host } = options;
  const wanted = {
    by: userInfo().username,
    at: new Date().toISOString(),
    ...(reason === undefined ? {} : { reason }),
  };
  const snapshots = await withClient(async (client) => {
    const handle = await startChange<typeof pinSnapshot>(client, {
      host,
      workflow: 'pinSnapshot',
      workflowId: snapshotWorkflowId(host, name),
      summary: `pin ${name}`,
      args: [name, wanted],
    });
    return await resultOf(handle);
  });
  tell(snapshots, options, ({ pinned }) => (pinned ? pinText(pinned) : 'not pinned'));
};

const unpin = async (name: SnapshotName, options: Options): Promise<void> => {
  const { host = thisHost().host } = options;
  const snapshots = await withClient(async (client) => {
    const handle = await startChange<typeof unpinSnapshot>(client, {
      host,
      workflow: 'unpinSnapshot',
      workflowId: snapshotWorkflowId(host, name),
      summary: `unpin ${name}`,
      args: [name],
    });
    return await resultOf(handle);
  });
  tell(snapshots, options, () => 'not pinned any more');
};

const tell = (
  snapshots: readonly SnapshotInfo[],
  { json }: Options,
  said: (one: SnapshotInfo) => string,
): void => {
  for (const snapshot of snapshots)
    if (json) printJson({ type: 'snapshot', ...snapshot });
    else print(`${snapshot.name} of ${snapshot.path}: ${said(snapshot)}`);
};
