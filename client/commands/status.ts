/** `baton status [STACK]` and `baton releases STACK`: what runs, and what was. */
import type { Command } from 'commander';
import { formatDistanceToNow } from 'date-fns/formatDistanceToNow';
import { parseISO } from 'date-fns/parseISO';
import { countText } from '../../domain/count-text.ts';
import type { SetStatus } from '../../domain/data-set.ts';
import type { StackName } from '../../domain/names.ts';
import type { StackStatus } from '../../domain/status.ts';
import type { dataSets, stackReleases, stackStatus } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { unprovenText } from '../data-text.ts';
import { exitCode } from '../failure.ts';
import { readHoldOf, tellHold } from '../hold.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { examples, hostOption, jsonOption, stackArgument, type OutputOptions } from './shared.ts';

const ago = (time: string): string => formatDistanceToNow(parseISO(time), { addSuffix: true });

type StatusOptions = OutputOptions & { host?: string };

export const statusCommand = (command: Command): void => {
  command
    .argument('[stack]', 'one stack; all of them where none is named', stackArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (stack: StackName | undefined, options: StatusOptions) => {
      const [hold, found, { sets }] = await withClient(
        async (client) =>
          await Promise.all([
            readHoldOf(client, options.host ?? thisHost().host),
            ask<typeof stackStatus>(client, options.host, 'stackStatus', stack ? [stack] : []),
            ask<typeof dataSets>(client, options.host, 'dataSets', []),
          ]),
      );
      tellHold(hold, options);
      if (options.json)
        found.forEach((status) => {
          printJson({ type: 'stack', ...status });
        });
      else printStatus(found);
      tellRestores(stack === undefined ? sets : [], options);
      if (
        found.some(
          ({ services, drift }) =>
            drift.length > 0 || services.some(({ healthy }) => healthy === 'unhealthy'),
        )
      )
        process.exitCode = exitCode.failed;
    });
  examples(command, ['baton status', 'baton status immich', 'baton status --json']);
};

export const releasesCommand = (command: Command): void => {
  command
    .argument('<stack>', 'the stack', stackArgument)
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (stack: StackName, options: StatusOptions) => {
      const records = await withClient(
        async (client) => await ask<typeof stackReleases>(client, options.host, 'stackReleases', [stack]),
      );
      for (const record of records)
        if (options.json) printJson({ type: 'release', ...record });
        else
          print(
            `${record.release}  ${record.kind.padEnd(6)}  ${ago(record.committedAt).padEnd(20)}  operation ${record.operation}  ${countText(record.snapshots.length, 'snapshot')}${record.because === undefined ? '' : `  ${record.because}`}`,
          );
      if (records.length === 0 && !options.json) print(`No release of "${stack}" is recorded on this host.`);
    });
  examples(command, ['baton releases immich', 'baton undo immich --to 1f2e3d4c5b6a']);
};

/** Sets whose restore is not proven: that is part of how a host is. */
const tellRestores = (sets: readonly SetStatus[], { json }: StatusOptions): void => {
  for (const set of sets) {
    const told = unprovenText(set);
    if (json && set.restore) printJson({ type: 'restore', set: set.name, ...set.restore });
    else if (!json && told !== undefined) print(`! ${told}`);
  }
};

const printStatus = (stacks: StackStatus[]): void => {
  if (stacks.length === 0) print('No stack runs here.');
  for (const { stack, release, committedAt, services, drift } of stacks) {
    print(
      `${stack}${release === undefined ? ' (not deployed by Baton)' : ` · release ${release} · ${committedAt === undefined ? '' : ago(committedAt)}`}`,
    );
    for (const { service, state, healthy, answer, container, image } of services)
      print(
        `  ${healthy === 'healthy' ? '✓' : '✗'} ${service.padEnd(20)} ${state.padEnd(12)} ${answer}  ${container}  ${image}`,
      );
    for (const line of drift) print(`  ! ${line}`);
  }
};
