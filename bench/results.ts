/** All that was measured, kept in bench/results by day: a run that was cut off is gone on with on the same day. */
import { execa } from 'execa';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Row, Single } from './compare.ts';
import type { Own } from './own.ts';
import type { Peer } from './peers.ts';
import type { Scale } from './scale.ts';
import type { Small } from './small.ts';

export type Results = {
  day: string;
  machine: string;
  peers: Pick<Peer, 'name' | 'version' | 'engine' | 'leavesOut'>[];
  /** One container, alone, on each engine. */
  singles: Partial<Record<Peer['engine'], Single>>;
  rows: Row[];
  small?: Small[];
  own?: Own;
  scale?: Scale;
  notCompared: string[];
  /** What was planned, and was not come to before the run was cut off. */
  unmeasured?: string[];
};

const directory = join(import.meta.dirname, 'results');
const today = new Date().toISOString().slice(0, 10);
const fileOf = (day: string): string => join(directory, `${day}.json`);

/** @param fresh begins anew. */
export const openResults = async (fresh: boolean): Promise<Results> => {
  const empty: Results = {
    day: today,
    machine: await describeMachine(),
    peers: [],
    singles: {},
    rows: [],
    notCompared: [],
  };
  if (fresh) return empty;
  const text = await readFile(fileOf(today), 'utf8').catch(() => undefined);
  return text === undefined ? empty : { ...(JSON.parse(text) as Results), notCompared: [] };
};

export const saveResults = async (results: Results): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value;
  await writeFile(fileOf(results.day), `${JSON.stringify(results, rounded, 1)}\n`);
};

const describeMachine = async (): Promise<string> => {
  const commands = [
    ['podman', '--version'],
    ['dockerd', '--version'],
    ['uname', '-sr'],
  ] as const;
  const versions = await Promise.all(
    commands.map(async ([command, argument]) => (await execa(command, [argument])).stdout),
  );
  return `${cpus().length} × ${cpus()[0]?.model ?? 'CPU'}, ${Math.round(totalmem() / 2 ** 30)} GiB; ${versions.join('; ')}; Node ${process.version}`;
};
