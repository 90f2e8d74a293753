import type { SnapshotName } from '../../domain/snapshot.ts';

/** What differs between ways of copying data. Every method converges when it is called again after a crash. */
export interface Driver {
  /** Makes the snapshot at its final place, whole or not at all. `source` is a real path. */
  take(source: string, name: SnapshotName, signal?: AbortSignal): Promise<void>;
  isWhole(location: string): Promise<boolean>;
  /** A writable copy of a snapshot at `draft`, which does not exist yet. */
  copyOut(snapshot: string, draft: string): Promise<void>;
  /** Something empty at `draft`, which does not exist yet, with the owner and mode of `source`. */
  makeEmpty(source: string, draft: string): Promise<void>;
  /** Makes a snapshot writable again, to become the data. */
  unseal(location: string): Promise<void>;
  /** Makes what lies at `location` read-only, where the driver can. */
  seal(location: string): Promise<void>;
  remove(location: string): Promise<void>;
}
