/** A snapshot that somebody wants kept, and one that nobody wants kept any more: short, but written down like everything else. */
import type { Pin, SnapshotInfo, SnapshotName } from '../domain/snapshot.ts';
import { changing } from './activities.ts';

/** @returns the snapshots of that name; whoever pinned one before has it pinned still. */
export async function pinSnapshot(name: SnapshotName, pin: Pin): Promise<SnapshotInfo[]> {
  const summary = `${name}, for ${pin.by}`;
  return await changing.pinSnapshot.executeWithOptions({ summary }, [name, pin]);
}

/** @returns the snapshots of that name. */
export async function unpinSnapshot(name: SnapshotName): Promise<SnapshotInfo[]> {
  return await changing.unpinSnapshot.executeWithOptions({ summary: name }, [name]);
}
