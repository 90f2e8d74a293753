/** All that was measured, kept in bench/results by the day of its begin: a run that was cut off is gone on with. */
import { execa } from 'execa';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Row, Single } from './compare.ts';
import type { Own } from './own.ts';
import type { Peer } from './peers.ts';
import type { Scale } from './scale.ts';
import type { Small } from './small.ts';
import type { Watching } from './watching.ts';

/** What was measured together: on one day, on one machine, of one Baton. */
export type Sitting = {
  day: string;
  machine: string;
  /** A commit. */
  version: string;
};

export type Results = {
  /** Of its begin. */
  day: string;
  peers: Pick<Peer, 'name' | 'version' | 'engine' | 'leavesOut'>[];
  /** One container, alone, on each engine. */
  singles: Partial<Record<Peer['engine'], Single>>;
  rows: (Row & Sitting)[];
  /** Of `small`, `own` and `watching`. */
  aloneIn?: Sitting;
  small?: Small[];
  own?: Own;
  watching?: Watching;
  scale?: Scale;
  scaleIn?: Sitting;
  notCompared: string[];
  /** What was planned, and was not come to before the run was cut off. */
  unmeasured?: string[];
};

const directory = join(import.meta.dirname, 'results');
export const today = new Date().toISOString().slice(0, 10);

/**
 * The newest results, where they are of today, something is left to be measured, or only a part is measured again; else empty ones.
 * @param how `fresh` begins anew.
 */
export const openResults = async ({ fresh, again }: { fresh: boolean; again: boolean }): Promise<Results> => {
  const empty: Results = { day: today, peers: [], singles: {}, rows: [], notCompared: [] };
  const newest = (await readdir(directory).catch(() => []))
    .filter((name) => name.endsWith('.json'))
    .sort()
    .at(-1);
  if (fresh || newest === undefined) return empty;
  const earlier = JSON.parse(await readFile(join(directory, newest), 'utf8')) as Results;
  const isGoneOnWith = again || (earlier.unmeasured ?? []).length > 0 || earlier.day === today;
  return isGoneOnWith ? { ...earlier, notCompared: [] } : empty;
};

export const saveResults = async (results: Results): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const rounded = (_key: string, value: unknown): unknown =>
    typeof value === 'number' ? Math.round(value * 10) / 10 : value;
  await writeFile(join(directory, `${results.day}.json`), `${JSON.stringify(results, rounded, 1)}\n`);
};

export const describeMachine = async (): Promise<string> => {
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
