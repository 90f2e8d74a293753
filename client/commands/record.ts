/** `baton record`: whether Baton's promises were kept: of its actions by playbook, and of its forecasts. */
import type { Command } from 'commander';
import type { AutonomyRecord } from '../../domain/autonomy-status.ts';
import type { Calibration } from '../../domain/calibration.ts';
import { percent } from '../../domain/confidence.ts';
import { countText } from '../../domain/count-text.ts';
import type { ForecastRecord } from '../../domain/disk-forecast.ts';
import type { autonomyRecord } from '../../workflows/questions.ts';
import { ask } from '../ask.ts';
import { print, printJson } from '../output.ts';
import { withClient } from '../temporal.ts';
import { examples, hostOption, jsonOption, type OutputOptions } from './shared.ts';

export const recordCommand = (command: Command): void => {
  command
    .addOption(hostOption())
    .addOption(jsonOption())
    .action(async ({ host, json }: OutputOptions & { host?: string }) => {
      const record = await withClient(
        async (client) => await ask<typeof autonomyRecord>(client, host, 'autonomyRecord', []),
      );
      if (json) printJson({ type: 'record', ...record });
      else for (const line of recordText(record)) print(line);
    });
  examples(command, ['baton record', 'baton record --json']);
};

const recordText = ({ host, all, playbooks, forecasts }: AutonomyRecord): string[] => [
  ...(all
    ? [
        `${host}: ${calibrationText(all)}`,
        ...all.bins.map(
          ({ from, to, count, promised, kept }) =>
            `  promised ${percent(from)} to ${percent(to)}: ${countText(count, 'action')}, ${percent(promised)} on average, ${percent(kept)} helped`,
        ),
        ...playbooks.map(({ playbook, ...own }) => `${playbook}: ${calibrationText(own)}`),
      ]
    : [`${host}: no action of Baton's own has been measured yet.`]),
  forecastText(forecasts),
];

const calibrationText = ({ count, promised, kept, brier, baseRateBrier }: Calibration): string =>
  `${countText(count, 'action')}, ${percent(kept)} helped where ${percent(promised)} were promised; Brier ${brier.toFixed(3)}, always saying ${percent(kept)}: ${baseRateBrier.toFixed(3)}`;

const forecastText = ({ scored, covered, skill }: ForecastRecord): string =>
  covered === undefined
    ? 'Forecasts: none has come due yet.'
    : `Forecasts: ${scored} came due; the interval held ${percent(covered)} of what was measured${skill === undefined ? '' : `, off by ${percent(skill)} of what "no change" was off by`}.`;
