/** Made beside, flushed, then renamed to its final name: a snapshot is whole, or it is not there. */
import { rename } from 'node:fs/promises';
import type { SnapshotName } from '../../domain/snapshot.ts';
import { draftOf, locationOf } from './layout.ts';
import type { Run } from './run.ts';

type Making = {
  run: Run;
  /** A real path. */
  source: string;
  name: SnapshotName;
  remove: (draft: string) => Promise<void>;
};

/** @param make at the draft's place, where nothing is. */
export const makeBeside = async (
  { run, source, name, remove }: Making,
  make: (draft: string) => Promise<void>,
): Promise<void> => {
  const draft = draftOf(source, name);
  try {
    await remove(draft);
    await make(draft);
    await run('sync', ['-f', draft]);
    await rename(draft, locationOf(source, name));
    await run('sync', ['-f', locationOf(source, name)]);
  } catch (error) {
    // Why there is no snapshot is the news; a draft that stays too is removed by the next try.
    await remove(draft).catch(() => undefined);
    throw error;
  }
};
