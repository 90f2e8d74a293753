/** What stacks need of this host: the releases that can be undone to, and those that an open operation is about. */
import type { ReleaseId, StackName } from '../../domain/names.ts';
import { keptReleases, newestReleases, type Release, type ReleaseRecord } from '../../domain/release.ts';
import type { Ports } from '../ports/index.ts';
import { isStackOpen } from './open-operations.ts';

export type StackNeeds = {
  stack: StackName;
  history: ReleaseRecord[];
  /** An operation on it is open: whatever was ever planned for it may be what it is about. */
  open: boolean;
  needed: Release[];
  removed: boolean;
};

export const stackNeeds = async (ports: Ports): Promise<StackNeeds[]> =>
  await Promise.all(
    (await ports.memory.stacks()).map(async (stack) => {
      // First, so that what is recorded meanwhile is seen below.
      const open = await isStackOpen(ports.host, stack);
      const history = await ports.memory.history(stack);
      const ids = open ? await ports.memory.releases(stack) : undoable(history);
      const releases = await Promise.all(ids.map(async (id) => await ports.memory.getRelease(stack, id)));
      const needed = releases.flatMap((release) => release ?? []);
      return { stack, history, open, needed, removed: history.at(-1)?.kind === 'remove' };
    }),
  );

const undoable = (history: readonly ReleaseRecord[]): ReleaseId[] =>
  newestReleases(history).slice(0, keptReleases);
