/** Copies: by reflink where the filesystem can, in full elsewhere. Made beside, flushed, then renamed to their final name. */
import { lstat, rename } from 'node:fs/promises';
import { SnapshotError } from '../ports/snapshots.ts';
import type { Driver } from './driver.ts';
import { isThere } from './is-there.ts';
import { draftOf, locationOf } from './layout.ts';
import { likeItsOwner } from './owner.ts';
import { prepareWithReserve } from './reserve.ts';
import type { Run } from './run.ts';
import { scan } from './scan.ts';

/** A source that changes during three copies in a row is being written to all the time. */
const tries = 3;

export const copyDriver = (run: Run): Driver => {
  const remove = async (location: string): Promise<void> => {
    await run('rm', ['-rf', '--', location]);
  };
  /** All that `cp` can keep: owners, modes, times, links, extended attributes, holes. */
  const copy = async (from: string, to: string, signal?: AbortSignal): Promise<void> => {
    await run(
      'cp',
      ['-a', '--reflink=auto', '--sparse=auto', '--no-target-directory', '--', from, to],
      signal,
    );
    await run('sync', ['-f', to]);
  };

  /** A copy of one moment: made again where the source has changed meanwhile. */
  const copyWhole = async (source: string, draft: string, signal?: AbortSignal): Promise<void> => {
    for (let attempt = 1; ; attempt += 1) {
      await remove(draft);
      const before = await scan(run, source);
      await copy(source, draft, signal);
      if ((await scan(run, source)) === before) return;
      if (attempt === tries)
        throw new SnapshotError(
          'busy',
          `${source} keeps changing while it is copied: something writes to it. Stop that, or put the data on a btrfs subvolume.`,
        );
    }
  };

  return {
    async take(source, name, signal) {
      const location = locationOf(source, name);
      if (await isThere(location)) return;
      await prepareWithReserve(run, source);
      const draft = draftOf(source, name);
      try {
        await copyWhole(source, draft, signal);
        await rename(draft, location);
      } catch (error) {
        // Why there is no snapshot is the news; a draft that stays too is removed by the next try.
        await remove(draft).catch(() => undefined);
        throw error;
      }
    },
    isWhole: isThere,
    copyOut: copy,
    async makeEmpty(source, draft) {
      await run((await lstat(source)).isDirectory() ? 'mkdir' : 'touch', ['--', draft]);
      await likeItsOwner(run, source, draft);
    },
    // A copy is as writable as the data was; its directory is private.
    seal: () => Promise.resolve(),
    unseal: () => Promise.resolve(),
    remove,
  };
};
