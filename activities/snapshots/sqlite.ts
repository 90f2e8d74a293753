/**
 * Directories with SQLite databases. Whole and checked each, whatever writes to it meanwhile; all else as it is. What comes of
 * it is a snapshot like any other: see docs/decisions/0014.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { SqliteFacts } from '../../domain/sqlite.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import { SnapshotError, type Taking } from '../ports/snapshots.ts';
import { makeBeside } from './beside.ts';
import { ofOneMoment, unlessVanished } from './copy.ts';
import type { Driver } from './driver.ts';
import { isThere } from './is-there.ts';
import { locationOf } from './layout.ts';
import { prepareWithReserve } from './reserve.ts';
import type { Run } from './run.ts';
import type { Found, Said, Verb } from './sqlite-program.ts';

const program = join(import.meta.dirname, 'sqlite-program.ts');

/** @throws SnapshotError `busy`, `database`, `no-space`, `too-large` */
const ask = async (run: Run, verb: Verb, places: string[], signal?: AbortSignal) => {
  const args = ['--disable-warning=ExperimentalWarning', program, verb, ...places];
  const said = JSON.parse(await run(process.execPath, args, signal)) as Said;
  if ('code' in said) throw new SnapshotError(said.code, said.message);
  return said;
};

/** Reads only. */
export const sqliteIn = async (run: Run, source: string): Promise<SqliteFacts> => {
  try {
    const { databases, links } = await ask(run, 'find', [source]);
    const sizeBytes = databases.reduce((sum, one) => sum + one.sizeBytes, 0);
    return { databases: databases.length, sizeBytes, links };
  } catch (error) {
    if (!(error instanceof SnapshotError)) throw error;
    return { why: error.message };
  }
};

/** @param driver of the source. A subvolume's snapshot is one moment of all, as after a loss of power: SQLite is made for that. */
export const takeSqlite = async (
  run: Run,
  driver: Driver,
  isSubvolume: boolean,
  source: string,
  name: SnapshotName,
  { quietly, signal }: Taking,
): Promise<void> => {
  if (await isThere(locationOf(source, name))) return;
  await prepareWithReserve(run, source);
  const remove = async (draft: string): Promise<void> => {
    await driver.remove(draft);
  };
  await makeBeside({ run, source, name, remove }, async (draft) => {
    if (isSubvolume) await driver.copyOut(source, draft);
    else await copyApart(run, source, draft, quietly, signal);
    await ask(run, 'settle', [draft], signal);
    await driver.seal(draft);
  });
};

/** Databases first: what their rows name of other files is there when these are copied, unless it was deleted between. */
const copyApart = async (
  run: Run,
  source: string,
  draft: string,
  quietly: Taking['quietly'],
  signal?: AbortSignal,
): Promise<void> => {
  await mkdir(draft, { mode: 0o700 });
  const { databases } = await ask(run, 'copy', [source, draft], signal);
  const others = (root: string): string[] => ['!', '-type', 'd', ...butNot(root, databases)];
  const copy = async (): Promise<void> => {
    await run('find', [draft, ...others(draft), '-delete']);
    await copyOthers(run, source, draft, others('.'), signal);
    const logs = databases.flatMap(({ path }) => besides.map((suffix) => join(draft, `${path}${suffix}`)));
    if (logs.length > 0) await run('rm', ['-f', '--', ...logs]);
  };
  await quietly(async () => {
    await ofOneMoment(run, source, copy, others(source));
  });
};

/**
 * The whole tree first, of every file no more than it is like: owner, mode, times, extended attributes. So the databases get
 * these too, and directories that are empty are there. A journal comes and goes with every transaction: what vanishes then is
 * not missed, unless it is one of the others, which `ofOneMoment` looks at. Then what is in these.
 */
const copyOthers = async (
  run: Run,
  source: string,
  draft: string,
  others: string[],
  signal?: AbortSignal,
): Promise<void> => {
  await unlessVanished(
    run('cp', ['-a', '--attributes-only', '--no-target-directory', '--', source, draft], signal),
  );
  const cp = ['cp', '-a', '--reflink=auto', '--sparse=auto', '--parents', `--target-directory=${draft}`];
  await run(
    'env',
    ['-C', source, 'find', '.', ...others, '-type', 'f', '-size', '+0', '-exec', ...cp, '--', '{}', '+'],
    signal,
  );
};

/** What SQLite keeps beside a database while it is open: https://www.sqlite.org/tempfiles.html */
const besides = ['-wal', '-shm', '-journal'];

/** In the words of `find`. */
const butNot = (root: string, databases: readonly Found[]): string[] =>
  databases.flatMap(({ path }) =>
    ['', ...besides].flatMap((suffix) => ['!', '-path', literally(`${root}/${path}${suffix}`)]),
  );

const literally = (path: string): string => path.replaceAll(/[*?[\]\\]/g, String.raw`\$&`);
