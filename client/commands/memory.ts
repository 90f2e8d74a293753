/** `baton memory`: what Baton has observed and decided, checked, copied out, taken in, made smaller. */
import type { Command } from 'commander';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { countText } from '../../domain/count-text.ts';
import { recordsWorkflowId } from '../../domain/ids.ts';
import type { RecordsTask, RecordsTended } from '../../domain/records-task.ts';
import type { tendRecords } from '../../workflows/tend-records.ts';
import { startChange } from '../change.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { thisHost } from '../this-host.ts';
import { resultOf } from '../worker.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; force?: boolean };

export const memoryCommand = (command: Command): void => {
  verb(command, 'check', 'say whether it is in good order').action(async (options: Options) => {
    const { problems } = await tend({ do: 'check' }, options);
    say(options, 'check', { problems }, problems.length === 0 ? ['In good order.'] : problems);
    if (problems.length > 0) process.exitCode = exitCode.failed;
  });
  verb(command, 'vacuum', 'give back the room of what was forgotten').action(async (options: Options) => {
    await tend({ do: 'vacuum' }, options);
    say(options, 'vacuum', {}, ['What was forgotten takes no room any more.']);
  });
  verb(command, 'export', 'write all of it into a file, as lines of JSON')
    .argument('<file>', "on the worker's host")
    .option('--force', 'replace what is there')
    .action(async (name: string, options: Options) => {
      const file = resolve(name);
      demandNone(file, options);
      const { lines = 0 } = await tend({ do: 'export', file }, options);
      say(options, 'export', { file, lines }, [`${countText(lines, 'line')} written to ${file}.`]);
    });
  verb(command, 'import', 'take in what was exported; what is there already is there once')
    .argument('<file>', "on the worker's host")
    .action(async (name: string, options: Options) => {
      const file = resolve(name);
      const { lines = 0 } = await tend({ do: 'import', file }, options);
      say(options, 'import', { file, lines }, [`${countText(lines, 'line')} taken in from ${file}.`]);
    });
  examples(command, ['baton memory check', 'baton memory export records.jsonl', 'baton memory vacuum']);
};

const verb = (command: Command, name: string, about: string): Command =>
  command.command(name).description(about).addOption(hostOption()).addOption(jsonOption());

/** Of another host nobody here knows what lies there; that its owner has to. */
const demandNone = (file: string, { host, force }: Options): void => {
  if (force || host !== undefined || !existsSync(file)) return;
  throw new CommandFailure(
    exitCode.failed,
    `${file} is there already. Nothing was changed.`,
    `baton memory export --force ${file}`,
  );
};

const tend = async (task: RecordsTask, { host = thisHost().host }: Options): Promise<RecordsTended> =>
  await withClient(async (client) => {
    const handle = await startChange<typeof tendRecords>(client, {
      host,
      workflow: 'tendRecords',
      workflowId: recordsWorkflowId(host),
      summary: `${task.do} the records`,
      args: [task],
    });
    return await resultOf(handle);
  });

const say = ({ json }: Options, did: string, fact: object, lines: readonly string[]): void => {
  if (json) printJson({ type: 'memory', did, ...fact });
  else for (const line of lines) print(line);
};
