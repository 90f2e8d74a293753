/** Dumps among the snapshots: directories with what a database's tool wrote, and a manifest that tells them from copies. */
import { mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { manifestName, type DumpManifest } from '../../domain/dump.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import { ifThere } from '../errno.ts';
import { isThere } from './is-there.ts';
import { makeBeside } from './beside.ts';
import type { Run } from './run.ts';

export const isDump = async (location: string): Promise<boolean> =>
  await isThere(join(location, manifestName));

/** Readable by its owner only: it holds what the database holds. */
export const writeDump = async (
  run: Run,
  source: string,
  name: SnapshotName,
  fill: (directory: string) => Promise<void>,
): Promise<void> => {
  const remove = async (draft: string): Promise<void> => {
    await run('rm', ['-rf', '--', draft]);
  };
  await makeBeside({ run, source, name, remove }, async (draft) => {
    await mkdir(draft, { mode: 0o700 });
    await fill(draft);
  });
};

/** @returns what is wrong with a dump, by the names and sizes of its parts. */
export const dumpProblems = async (location: string): Promise<string[]> => {
  try {
    const { parts } = JSON.parse(await readFile(join(location, manifestName), 'utf8')) as DumpManifest;
    const sizes = await Promise.all(
      parts.map(async ({ file }) => (await ifThere(() => stat(join(location, file))))?.size),
    );
    return parts.flatMap(({ file, sizeBytes }, index) =>
      sizes[index] === sizeBytes
        ? []
        : [
            `its part ${file} ${sizes[index] === undefined ? 'is gone' : 'has another size than it was written with'}`,
          ],
    );
  } catch (error) {
    return [`its manifest cannot be read: ${(error as Error).message}`];
  }
};
