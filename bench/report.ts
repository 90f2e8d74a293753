/** docs/benchmarks.md, as of these results. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { figuresOf } from './figures.ts';
import { tellOwn } from './own.ts';
import type { Results, Sitting } from './results.ts';
import { tellScale } from './scale.ts';
import { median, seconds, times } from './stats.ts';
import { tellSteps } from './steps.ts';
import { tellWatching } from './watching.ts';

export const writeReport = async (results: Results): Promise<void> => {
  await writeFile(join(import.meta.dirname, '..', 'docs', 'benchmarks.md'), tell(results));
};

const tell = (results: Results): string => {
  const { peers, rows, small = [], own, watching, scale, notCompared, unmeasured = [] } = results;
  const sittings = sittingsOf(results);
  const inSitting = (sitting: Sitting | undefined): string =>
    sitting === undefined || sittings.length === 1 ? '' : ` (sitting ${numberOf(sittings, sitting)})`;
  return `<!-- Written by \`npm run bench\`; do not edit. -->

# Benchmarks

${peers.map(({ name, version }) => `${name} ${version}`).join(', ')}; pairs in turns; medians with their range, ratios of medians with 95 % bootstrap intervals. The clock starts with the command and stops when a checker outside has seen every service answer on
its host port; then everything is removed. Baton's worker and its Temporal dev server (SQLite file) were running, as were the engines. The
machine repeats ARP requests after 20 ms, not after a second: asked as early and as often as the checker does, Docker's proxy would else
add up to three seconds to every figure.

${tellSittings(sittings)}

${peers.flatMap(({ name, leavesOut }) => (leavesOut === undefined ? [] : [`**${name}** does less than the others here: ${leavesOut}.\n`])).join('\n')}
## What is to be reached

| figure | to be | is | |
| --- | --- | --- | --- |
${figuresOf(results)
  .map(
    ({ what, goal, measured, reached }) =>
      `| ${what} | ${goal} | ${measured} | ${reached ? 'reached' : '**not reached**'} |`,
  )
  .join('\n')}

## Deploys

T* is the least that a deploy can take: the longest path of (one container started alone + its time to ready), or the CPU time of all
containers divided by the cores, whichever is more; measured with the engine's own command line in the same sitting
(last: ${Object.entries(results.singles)
    .map(
      ([engine, { startMs, cpuMs }]) =>
        `${engine}: ${Math.round(startMs)} ms until it answers, ${Math.round(cpuMs)} ms of CPU`,
    )
    .join('; ')}).

| engine | stack | sitting | pairs | Baton | beside | times as fast | of T* |
| --- | --- | --- | --- | --- | --- | --- | --- |
${rows.map((row) => deployLine(row, numberOf(sittings, row))).join('\n')}

## Where the time of a deploy goes

${rows
  .filter(
    ({ title, peer, steps }) =>
      steps.length > 0 &&
      title.startsWith('web5, ready after 0 s, interval 1 s') &&
      peer !== 'docker-compose',
  )
  .map(({ engine, title, steps }) => tellSteps(`${engine}, ${title}`, steps))
  .join('\n\n')}

## Other${inSitting(results.aloneIn)}

| what | Baton | beside | times as fast |
| --- | --- | --- | --- |
${small
  .map(
    ({ what, ms, beside }) =>
      `| ${what} | ${seconds(ms)} | ${beside ? `${beside.what}: ${seconds(beside.ms)}` : '–'} | ${beside ? times(beside.ms, ms) : '–'} |`,
  )
  .join('\n')}
${watching ? tellWatching(watching) : ''}${own ? `\n## Baton alone, on Podman${inSitting(results.aloneIn)}\n\n| what | |\n| --- | --- |\n${tellOwn(own)}\n` : ''}${scale ? `\n## An engine that takes no time${inSitting(results.scaleIn)}\n\n${tellScale(scale)}\n` : ''}
## Not compared

${notCompared.length === 0 ? 'Everything could be compared.' : notCompared.map((line) => `- ${line}`).join('\n')}
${unmeasured.length === 0 ? '' : `\nThe run was cut off before these:\n\n${unmeasured.map((line) => `- ${line}`).join('\n')}\n`}`;
};

const keyOf = ({ day, machine, version }: Sitting): string => `${day}: Baton ${version}. ${machine}`;

/** A run that was cut off is gone on with: what was measured when, where, and of which version. */
const sittingsOf = ({ rows, aloneIn, scaleIn }: Results): string[] => [
  ...new Set([...rows, ...[aloneIn, scaleIn].filter((sitting) => sitting !== undefined)].map(keyOf).sort()),
];

const numberOf = (sittings: readonly string[], sitting: Sitting): number =>
  sittings.indexOf(keyOf(sitting)) + 1;

const tellSittings = (sittings: readonly string[]): string =>
  sittings.length === 1
    ? `Measured in one run, ${sittings.join('')}.`
    : `Measured in ${sittings.length} sittings, each row with both of its sides and its T* in one of them:

${sittings.map((one, index) => `${index + 1}. ${one}.`).join('\n')}`;

const deployLine = (
  { title, engine, peer, pairs, batonMs, peerMs, limitMs }: Results['rows'][number],
  sitting: number,
): string =>
  `| ${engine} | ${title} | ${sitting} | ${pairs} | ${seconds(batonMs)} | ${peer}: ${seconds(peerMs)} | ${times(peerMs, batonMs)} | ${limitMs === 0 ? '–' : (median(batonMs) / limitMs).toFixed(2)} |`;
