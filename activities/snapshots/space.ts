/** Room on a filesystem, before and after something is removed from it. */
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Space } from '../ports/snapshots.ts';
import { mountOf } from './facts.ts';
import { filesystemOf } from './filesystem.ts';
import { isThere } from './is-there.ts';
import type { Run } from './run.ts';

/** btrfs frees a deleted subvolume in the background; a large one can take longer than anybody wants to wait. */
const settleMs = 10_000;

export const spaceOf = async (run: Run, path: string, settle: boolean): Promise<Space> => {
  // The data itself may be gone; its directory is where the snapshots lie.
  const place = (await isThere(path)) ? path : dirname(path);
  const settled = !settle || (await filesystemOf(place)) !== 'btrfs' || (await isSettled(run, place));
  const { bavail, bsize } = await statfs(place);
  return { filesystem: await mountOf(place), freeBytes: bavail * bsize, settled };
};

/** @returns false where it is not known, too: only root may ask. */
const isSettled = async (run: Run, path: string): Promise<boolean> =>
  await run('btrfs', ['subvolume', 'sync', '--', path], AbortSignal.timeout(settleMs)).then(
    () => true,
    () => false,
  );
