/** Subvolume snapshots: one moment, at once, whatever the size. */
import type { Driver } from './driver.ts';
import { isSubvolume } from './filesystem.ts';
import { locationOf } from './layout.ts';
import { likeItsOwner } from './owner.ts';
import { prepareWithReserve } from './reserve.ts';
import type { Run } from './run.ts';

export const btrfsDriver = (run: Run): Driver => ({
  async take(source, name, signal) {
    const location = locationOf(source, name);
    if (await isSubvolume(location)) return;
    await prepareWithReserve(run, source);
    // One system call makes it whole and read-only: there is no half-made one to clean up.
    await run('btrfs', ['subvolume', 'snapshot', '-r', '--', source, location], signal);
    await run('sync', ['-f', location]);
  },
  isWhole: isSubvolume,
  async copyOut(snapshot, draft) {
    await run('btrfs', ['subvolume', 'snapshot', '--', snapshot, draft]);
  },
  async makeEmpty(source, draft) {
    await run('btrfs', ['subvolume', 'create', '--', draft]);
    await likeItsOwner(run, source, draft);
  },
  async seal(location) {
    await run('btrfs', ['property', 'set', '-ts', location, 'ro', 'true']);
  },
  async unseal(location) {
    await run('btrfs', ['property', 'set', '-ts', location, 'ro', 'false']);
  },
  async remove(location) {
    if (await isSubvolume(location)) await run('btrfs', ['subvolume', 'delete', '--', location]);
  },
});
