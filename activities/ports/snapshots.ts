/**
 * The snapshot port: copies of data at one moment. The `btrfs` and `copy` drivers pass the same contract suite
 * (test/activities/snapshots-contract.ts) on real filesystems. A snapshot's name tells everything needed to find it again
 * after the state directory is lost: see `domain/snapshot.ts`.
 */
import type { SqliteFacts } from '../../domain/sqlite.ts';
import type { FilesystemHealth } from '../../domain/filesystem-health.ts';
import type {
  FileDriver,
  MarksChange,
  SnapshotDriver,
  SnapshotMarks,
  SnapshotName,
} from '../../domain/snapshot.ts';

/** What a path is, told before anything is touched. */
export type PathFacts = {
  path: string;
  exists: boolean;
  /** The path with every symlink followed; differs from `path` where a parent or the path itself is a symlink. */
  realPath: string;
  type: 'directory' | 'file' | 'socket' | 'device' | 'other' | 'missing';
  filesystem: string;
  /** A btrfs subvolume of its own. */
  isSubvolume: boolean;
  /** The root of a mount: it cannot be renamed, so a restore in one step is impossible. */
  isMountRoot: boolean;
  /** Subvolumes or mounts inside it, which a snapshot of it would not hold. Absolute paths, at most 100. */
  nested: string[];
  /** It, or something directly in it, carries the NOCOW attribute (snapshots of it lose no data but lose NOCOW's benefit and checksums). */
  noCow: boolean;
  /** True where files can be cloned without copying (`cp --reflink`). */
  reflink: boolean;
  /** Bytes in use below it; counted up to `sizeLimitBytes` and then cut off (`sizeExceeded`). */
  sizeBytes: number;
  sizeExceeded: boolean;
  /** Free bytes on its filesystem for this user. */
  freeBytes: number;
  /** Which driver would be used, and why none where none can. */
  driver: FileDriver | undefined;
  reason: string;
};

export type Snapshot = {
  name: SnapshotName;
  /** Where the snapshot lies. */
  location: string;
  /** The (real) path it is of. */
  source: string;
  driver: SnapshotDriver;
};

/** @property quietly does the work while nothing else writes to the path, where that can be had. */
export type Taking = {
  quietly: (work: () => Promise<void>) => Promise<void>;
  signal?: AbortSignal;
};

/** Something in a directory of snapshots. */
export type Surveyed = {
  /** The path that the directory is of. */
  path: string;
  location: string;
  /** Only of a snapshot. */
  name?: SnapshotName;
  /** In words; nothing where all is well. */
  problems: string[];
};

export type Space = {
  /** Where it is mounted. */
  filesystem: string;
  /** For this user. */
  freeBytes: number;
  /** False where space was still being freed. */
  settled: boolean;
};

export interface Snapshots {
  /** Read-only. Never throws for a path that is missing. */
  /** @param name as `btrfs subvolume list` prints it. @returns where it is reached: of each filesystem with one of that name a path. */
  subvolumes(name: string): Promise<string[]>;
  inspect(path: string, options: { sizeLimitBytes: number }): Promise<PathFacts>;
  /** What it returns was seen on the disk afterwards. Idempotent by name: a complete snapshot of that name is returned as it is; an incomplete one is removed and taken again. */
  take(path: string, name: SnapshotName, driver: FileDriver, signal?: AbortSignal): Promise<Snapshot>;
  /** SQLite databases below a directory. Read-only; none of them is opened. */
  sqliteIn(path: string): Promise<SqliteFacts>;
  /**
   * As `take`, of a directory: in what is taken each SQLite database is whole, has no log beside it, and was read to its end.
   * Only what is no database needs the quiet. Fails with `database` where one is damaged, `busy` where one stays locked.
   */
  takeSqlite(path: string, name: SnapshotName, driver: FileDriver, taking: Taking): Promise<Snapshot>;
  /**
   * A snapshot of what `fill` writes into an empty directory: made beside, flushed, then renamed. One of that name is
   * returned as it is, and nothing is written. Where `fill` fails nothing stays.
   */
  write(path: string, name: SnapshotName, fill: (directory: string) => Promise<void>): Promise<Snapshot>;
  /** Seen with the driver's own eyes (`btrfs subvolume show`, a completed marker), not from memory. */
  find(path: string, name: SnapshotName): Promise<Snapshot | undefined>;
  /** Every complete snapshot of a path, oldest first, found from the disk alone. */
  list(path: string): Promise<Snapshot[]>;
  /**
   * Puts a copy of the snapshot in the data's place in one atomic exchange; what was there is kept as the snapshot `keptAs`.
   * Converges: after a crash at any moment, calling again finishes the job. Nothing may have the path open. A dump is no
   * data and cannot: `unsupported`.
   */
  restore(snapshot: Snapshot, keptAs: SnapshotName): Promise<Snapshot>;
  /**
   * As `restore`, but the snapshot itself comes in, so that it takes no time and no space; it is no snapshot any more.
   * Fails with `not-found` where it is gone, unless an earlier call has brought it in.
   */
  swapIn(path: string, name: SnapshotName, driver: FileDriver, keptAs: SnapshotName): Promise<Snapshot>;
  /** As `restore`, but nothing comes in: an empty directory or file with the owner and mode of the one that goes. */
  clear(path: string, keptAs: SnapshotName): Promise<Snapshot>;
  /** As `clear`, but what was there is deleted: of half a restore nobody wants to know. */
  empty(path: string): Promise<void>;
  /**
   * A path that was not there before goes away again. What it holds is kept as the snapshot `keptAs`.
   * @returns that snapshot; undefined where the path is an empty directory, or is not there and never was kept.
   */
  moveAway(path: string, keptAs: SnapshotName): Promise<Snapshot | undefined>;
  /**
   * A writable copy of a snapshot, or something empty like the path, beside its snapshots, for somebody to try out. One of a
   * path at a time: what was lent before goes first. @returns where; for the same path always the same.
   */
  lend(path: string, snapshot?: Pick<Snapshot, 'location' | 'driver'>): Promise<string>;
  isLent(path: string): Promise<boolean>;
  /** No-op where nothing is lent. */
  takeBack(path: string): Promise<void>;
  /** What is known of it besides its name; nothing where nothing was noted. */
  marks(snapshot: Snapshot): Promise<SnapshotMarks>;
  /** Notes that beside it, over what was noted before of the same; other marks stay. It is removed with the snapshot. */
  mark(snapshot: Snapshot, marks: MarksChange): Promise<void>;
  /** No-op where it is gone. A copy that is half removed, whatever happens, is no snapshot any more. */
  remove(snapshot: Pick<Snapshot, 'name' | 'source' | 'driver'>): Promise<void>;
  /**
   * Everything in the directories in which the snapshots of these paths lie, with what is wrong with it; also directories
   * there that are of none of these paths. Read-only.
   */
  survey(paths: readonly string[]): Promise<Surveyed[]>;
  /** Scrubs and device errors of the btrfs filesystems that these paths are on, each once. Read-only. */
  health(paths: readonly string[]): Promise<FilesystemHealth[]>;
  /** Room on the path's filesystem. @param settle whether to wait a while for what is being freed. */
  space(path: string, settle: boolean): Promise<Space>;
}

export type SnapshotErrorCode =
  | 'no-space'
  | 'database'
  | 'unsupported'
  | 'not-found'
  | 'busy'
  /** What was about to be read was removed meanwhile. */
  | 'vanished'
  | 'too-large'
  | 'permission'
  | 'invalid'
  | 'internal';

export class SnapshotError extends Error {
  override readonly name = 'SnapshotError';
  readonly code: SnapshotErrorCode;
  constructor(code: SnapshotErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
