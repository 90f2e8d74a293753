/** Copies: by reflink where the filesystem can, in full elsewhere. Made beside, flushed, then renamed to their final name. */
import { lstat } from 'node:fs/promises';
import { SnapshotError } from '../ports/snapshots.ts';
import { makeBeside } from './beside.ts';
import type { Driver } from './driver.ts';
import { isThere } from './is-there.ts';
import { locationOf } from './layout.ts';
import { likeItsOwner } from './owner.ts';
import { prepareWithReserve } from './reserve.ts';
import type { Run } from './run.ts';
import { scan } from './scan.ts';

/** A source that changes during three copies in a row is being written to all the time. */
const tries = 3;

/** Copies again where the source has changed meanwhile. What vanishes is a change too. @param which of what is below it, in the words of `find`; absent: all of it. */
export const ofOneMoment = async (
  run: Run,
  source: string,
  copy: () => Promise<void>,
  which: readonly string[] = [],
): Promise<void> => {
  const isOfOneMoment = async (): Promise<boolean> => {
    const before = await scan(run, source, which);
    await copy();
    return (await scan(run, source, which)) === before;
  };
  for (let attempt = 1; attempt <= tries; attempt += 1) if (await unlessVanished(isOfOneMoment())) return;
  throw new SnapshotError(
    'busy',
    `${source} keeps changing while it is copied: something writes to it. Stop that, or put the data on a btrfs subvolume.`,
  );
};

/** @returns nothing where what it was about to read was removed meanwhile. */
export const unlessVanished = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof SnapshotError && error.code === 'vanished') return undefined;
    throw error;
  }
};

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

  return {
    async take(source, name, signal) {
      const location = locationOf(source, name);
      if (await isThere(location)) return;
      await prepareWithReserve(run, source);
      await makeBeside({ run, source, name, remove }, async (draft) => {
        await ofOneMoment(run, source, async () => {
          await remove(draft);
          await copy(source, draft, signal);
        });
      });
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
