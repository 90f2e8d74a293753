/** `baton graph`: what needs what, drawn. */
import type { Command } from 'commander';
import { dependencyDot, dependencyText } from '../../domain/dependency-text.ts';
import type { hostDependencies } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

type Options = OutputOptions & { host?: string; dot?: boolean };

export const graphCommand = (command: Command): void => {
  command
    .option('--dot', 'for Graphviz')
    .addOption(hostOption())
    .addOption(jsonOption().conflicts('dot'))
    .action(async ({ host, json, dot }: Options) => {
      const map = await withClient(
        async (client) => await ask<typeof hostDependencies>(client, host, 'hostDependencies', []),
      );
      if (json) printJson({ type: 'graph', ...map });
      else for (const line of dot ? dependencyDot(map) : dependencyText(map)) print(line);
      if (map.places.length === 0 && !json && !dot) print('Baton has deployed nothing on this host.');
    });
  examples(command, ['baton graph', 'baton graph --dot | dot -Tsvg > graph.svg', 'baton graph --json']);
};
