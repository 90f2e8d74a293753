/** `baton health`: how the host is, with every point that it lost named. */
import type { Command } from 'commander';
import { lookText, unknownIn, type Look } from '../../domain/look.ts';
import type { hostHealth } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { exitCode } from '../failure.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string };

export const healthCommand = (command: Command): void => {
  command
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async (options: Options) => {
      const look = await withClient(
        async (client) => await ask<typeof hostHealth>(client, options.host, 'hostHealth', []),
      );
      process.exitCode = tellLook(look, options);
    });
  examples(command, ['baton health', 'baton health --json']);
};

/** @returns 1 where something is critical, or could not be seen. */
export const tellLook = (look: Look, { json }: OutputOptions): number => {
  if (json) printJson({ type: 'health', ...look });
  else for (const line of lookText(look)) print(line);
  const { causes, asked } = look;
  const isCritical = causes.some(({ incident }) => incident.severity === 'critical');
  return isCritical || unknownIn(asked).length > 0 ? exitCode.failed : exitCode.done;
};
