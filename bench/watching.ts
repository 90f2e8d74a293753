/** What it costs to watch a hundred services: a cycle, and the records of a year. */
import type { Client } from '@temporalio/client';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Entry, Records, SeriesName } from '../activities/ports/records.ts';
import { openRecords } from '../activities/records/index.ts';
import { cycleWorkflowId } from '../domain/ids.ts';
import { withRecords } from '../test/e2e/caretaker.ts';
import { oneService, type Site } from '../test/e2e/site.ts';
import { say } from './say.ts';
import { seconds } from './stats.ts';

export type Watching = {
  services: number;
  /** Of its workflow, from start to end. */
  cycleMs: number[];
  /** Samples of a look. */
  samples: number;
  /** Of the records, once they are a year old. */
  yearBytes: number;
};

export const tellWatching = ({ services, cycleMs, samples, yearBytes }: Watching): string => `
## Watching

${services} services in ${stacks} stacks, each with a probe: a cycle takes ${seconds(cycleMs)}, from the start of its workflow to its end, and keeps ${samples} samples. What it keeps in ${keptDays} days
comes to ${Math.round(yearBytes / 1e6)} MB: five-minute samples of ${samplesKeptDays} days, hours and looks of all.
`;

const stacks = 10;
const perStack = 10;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const looksEveryMs = 5 * minuteMs;
/** As they are kept: see activities/records/index.ts. */
const samplesKeptDays = 14;
const keptDays = 400;

/** @param rounds cycles that are measured. */
export const measureWatching = async (site: Site, client: Client, rounds: number): Promise<Watching> => {
  for (let stack = 0; stack < stacks; stack += 1) {
    await site.write(`watched-${stack}.yml`, watched(`watched-${stack}`));
    await typed(site, 'deploy', `watched-${stack}.yml`);
  }
  await typed(site, 'auto', 'dry-run');
  const cycleMs: number[] = [];
  // The first one has nothing to compare with.
  for (let round = 0; round <= rounds; round += 1) {
    await site.baton('auto', 'once');
    const { startTime, closeTime } = await client.workflow.getHandle(cycleWorkflowId(site.host)).describe();
    if (round > 0) cycleMs.push((closeTime?.getTime() ?? Number.NaN) - startTime.getTime());
  }
  await typed(site, 'auto', 'stop');
  const [series, looks] = await withRecords(site, async (records) => [
    await records.series(),
    await records.entries({ kind: 'look', newest: 1 }),
  ]);
  for (let stack = 0; stack < stacks; stack += 1) await typed(site, 'remove', `watched-${stack}`);
  const yearBytes = await sizeOfYear(series, looks);
  const services = stacks * perStack;
  say(
    `a cycle with ${services} services: ${seconds(cycleMs)}; a year of records: ${Math.round(yearBytes / 1e6)} MB`,
  );
  return { services, cycleMs, samples: series.length, yearBytes };
};

const typed = async (site: Site, ...args: string[]): Promise<void> => {
  const { code, out, err } = await site.baton(...args);
  if (code !== 0) throw new Error(`baton ${args.join(' ')}: ${out}${err}`);
};

const watched = (name: string): string => {
  const [, head = '', service = '', tail = ''] =
    /^(.*services:\n)(.*?)(^x-baton:.*)$/ms.exec(oneService(name)) ?? [];
  const services = Array.from({ length: perStack }, (_, n) => service.replace('web:', `web${n}:`));
  return `${head}${services.join('')}${tail}`;
};

/** The file that they come to: every sample and hour that is kept, and every look, as large as the newest one. */
const sizeOfYear = async (series: readonly SeriesName[], looks: readonly Entry[]): Promise<number> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-year-'));
  const file = join(directory, 'records.db');
  const records = await openRecords(file);
  try {
    const now = Math.floor(Date.now() / hourMs) * hourMs;
    // The oldest first, as they come.
    for (let age = keptDays - 1; age >= 0; age -= 1)
      await writeDay(records, series, looks, now - age * dayMs, age);
    await records.tidy(now);
  } finally {
    await records.close();
  }
  const { size } = await stat(file);
  await rm(directory, { recursive: true });
  return size;
};

/** @param until its end. @param age in days. */
const writeDay = async (
  records: Records,
  series: readonly SeriesName[],
  looks: readonly Entry[],
  until: number,
  age: number,
): Promise<void> => {
  const times = (everyMs: number): number[] =>
    Array.from({ length: dayMs / everyMs }, (_, n) => until - dayMs + n * everyMs);
  await records.write({
    hours: times(hourMs).flatMap((at) => series.map((one) => ({ ...one, at, ...anHour() }))),
    samples:
      age < samplesKeptDays
        ? times(looksEveryMs).flatMap((at) => series.map((one) => ({ ...one, at, value: anyValue() })))
        : [],
    entries: times(looksEveryMs).flatMap((at) =>
      looks.map((look) => ({ ...look, at, id: `${look.id}-${at}` })),
    ),
  });
};

/** Takes as much room as any that was measured. */
const anyValue = (): number => Math.random() * 1e9;

const anHour = () => ({
  count: hourMs / looksEveryMs,
  mean: anyValue(),
  least: anyValue(),
  most: anyValue(),
});
