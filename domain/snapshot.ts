/** Snapshot names. They carry stack, operation, purpose and time, so that a lost state directory loses nothing. */
import type { OperationId, ReleaseId, StackName } from './names.ts';
import type { Outcome } from './operation.ts';
import type { RestoreProof } from './restore-test.ts';

declare const brand: unique symbol;
export type SnapshotName = string & { readonly [brand]: 'SnapshotName' };
/** What copies files. */
export type FileDriver = 'btrfs' | 'copy';
/** `dump`: what a database's own tool wrote, not its files. */
export type SnapshotDriver = FileDriver | 'dump';
/** `before`: taken before a change. `taken`: asked for by itself. `failed`: what a failed release left. `undone`: what an undo with data replaced. `removed`: what a removal took away. */
export type SnapshotPurpose = 'before' | 'taken' | 'failed' | 'undone' | 'removed';

/** Meant to be gone back to: what failed, was undone or removed is kept for its owner to look at, and is no backup. */
export const isBackup = ({ purpose }: Pick<SnapshotLabel, 'purpose'>): boolean =>
  purpose === 'before' || purpose === 'taken';

/** A copy-on-write snapshot needs little, but a full filesystem fails in ways that cost more. */
export const minimumFreeBytes = 64 * 2 ** 20;

export type SnapshotLabel = {
  stack: StackName;
  operation: OperationId;
  purpose: SnapshotPurpose;
  /** UTC, whole seconds, ISO 8601: `2026-11-23T13:09:29Z`. */
  takenAt: string;
};

/** `immich.before.20261123T130929Z.1f0c9a2e`: two operations never share an id, so it is unique within a second. */
export const snapshotName = (label: SnapshotLabel): SnapshotName =>
  `${label.stack}.${label.purpose}.${label.takenAt.replaceAll(/[-:]/g, '')}.${label.operation}` as SnapshotName;

const pattern =
  /^(?<stack>[a-z0-9][a-z0-9_-]{0,62})\.(?<purpose>before|taken|failed|undone|removed)\.(?<time>\d{8}T\d{6}Z)\.(?<operation>[0-9a-f]{8})$/;

/** Somebody wants it kept. */
export type Pin = {
  by: string;
  /** ISO 8601, UTC. */
  at: string;
  reason?: string;
};

/** What is known of a snapshot beyond its name; kept beside it. */
export type SnapshotMarks = {
  /** What its operation was for, in a person's words. */
  title?: string;
  /** How its operation ended. */
  outcome?: Outcome;
  /** Retention never removes it. */
  pinned?: Pin;
  /** Names of copies that are made of it, or whose next one goes on from it. */
  copies?: string[];
  /** Of what a failed change left of a database: when the dump of before was restored. ISO 8601, UTC. */
  restoredAt?: string;
  /** What came of the last test of bringing it back. */
  restoreTest?: RestoreProof;
};

/** A mark that is `undefined` is taken back; the others stay as they are. */
export type MarksChange = { [Mark in keyof SnapshotMarks]?: SnapshotMarks[Mark] | undefined };

/** A snapshot as it is shown. */
export type SnapshotInfo = SnapshotLabel &
  SnapshotMarks & {
    name: SnapshotName;
    /** The path that it is of. */
    path: string;
    location: string;
    driver: SnapshotDriver;
    /** Releases that an undo, with data, goes back to with it. */
    neededBy: ReleaseId[];
  };

/** What a look at the disk says of a snapshot, or of what lies among them. */
export type SnapshotFinding = {
  path: string;
  /** Absent where it should be there, and is not. */
  location?: string;
  /** Only of a snapshot. */
  name?: SnapshotName;
  /** In words; nothing where all is well. */
  problems: string[];
};

/** The reverse of {@link snapshotName}. @returns `undefined` where the text is not a snapshot's name. */
export const parseSnapshotName = (text: string): (SnapshotLabel & { name: SnapshotName }) | undefined => {
  const groups = pattern.exec(text)?.groups as
    (Omit<SnapshotLabel, 'takenAt'> & { time: string }) | undefined;
  if (!groups) return undefined;
  const { time, ...label } = groups;
  return {
    name: text as SnapshotName,
    ...label,
    takenAt: time.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'),
  };
};

/**
 * The newest snapshot to go back to: whose operation has ended well or was undone whole. None that its operation may still
 * put back.
 */
export const newestGood = (snapshots: readonly SnapshotInfo[]): SnapshotInfo | undefined =>
  snapshots
    .filter(
      ({ purpose, outcome }) => isBackup({ purpose }) && outcome !== undefined && outcome !== 'needs-human',
    )
    .reduce<SnapshotInfo | undefined>(
      (best, one) => (best && order(best) > order(one) ? best : one),
      undefined,
    );

const order = ({ takenAt, name }: Pick<SnapshotInfo, 'takenAt' | 'name'>): string => `${takenAt} ${name}`;
