/** `baton audit`: who decided what, through which channel, about which plan, and what came of it. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { auditText } from '../../domain/audit.ts';
import { countText } from '../../domain/count-text.ts';
import type { auditTrail } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { CommandFailure, exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; last: number; verify?: boolean };

export const auditCommand = (command: Command): void => {
  command
    .addOption(
      new Option('--last <number>', 'as many of the newest lines').default(50).argParser(countArgument),
    )
    .option('--verify', 'say whether every line follows the one before, and the hash of the newest')
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      await audit(options);
    });
  examples(command, ['baton audit', 'baton audit --last 500 --json', 'baton audit --verify']);
};

/** A payload of Temporal's holds 2 MB. */
const mostLines = 1_000;

const countArgument = (text: string): number => {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > mostLines)
    throw new InvalidArgumentError(`Write a number from 1 to ${mostLines}.`);
  return count;
};

const audit = async ({ host, last, verify, json }: Options): Promise<void> => {
  const trail = await withClient(
    async (client) => await ask<typeof auditTrail>(client, host, 'auditTrail', [last]),
  );
  const { lines, count, hash, fault } = trail;
  if (json) for (const line of lines) printJson({ type: 'audit', ...line });
  else if (!verify) for (const line of lines) print(auditText(line));
  if (json && verify) printJson({ type: 'verified', count, hash, fault });
  if (fault !== undefined) throw new CommandFailure(exitCode.failed, `The audit log does not hold: ${fault}`);
  if (verify && !json)
    print(`${countText(count, 'line')}, each following the one before. The newest: ${hash ?? 'none'}`);
};
