/**
 * Copies of snapshots elsewhere: what `baton.yml` lays down, what is planned, and what came of it. A copy is of a snapshot, never
 * of live data, and has the snapshot's name.
 */
import type { CopyNotes } from './copy-notes.ts';
import type { OperationId } from './names.ts';
import type { Problem } from './problem.ts';
import { decide, type Keep } from './retention.ts';
import { formatBytes } from './size.ts';
import {
  newestGood,
  type SnapshotDriver,
  type SnapshotInfo,
  type SnapshotLabel,
  type SnapshotName,
} from './snapshot.ts';

/** Where copies go. Nothing of it is secret: passwords are in files, or in variables of the worker. */
export type CopyTarget =
  | {
      by: 'restic';
      /** In restic's own words, or a file that holds them. */
      repository: { at: string } | { file: string };
      password: { file: string } | { command: string };
      /** Names of variables of the worker's environment that restic gets. */
      variables: string[];
      /** Data that nothing refers to any more is removed so often; absent: never. */
      pruneEveryMs?: number;
    }
  | {
      by: 'btrfs';
      /** An absolute path, there. */
      directory: string;
      /** As ssh takes it; absent: this host. */
      remote?: string;
      /** For ssh: its keys, ports and known hosts; absent: the worker's own. */
      sshConfig?: string;
    };

/** A copy as `baton.yml` lays it down. */
export type CopyRule = {
  name: string;
  /** Absolute paths, or names of data sets. */
  data: string[];
  target: CopyTarget;
  /** Of the copies there; absent: all of them. */
  keep?: Keep;
  /** The newest good snapshot is copied where it is at most so old; else one is taken for it. */
  freshMs: number;
  /** How large a plain copy may be where one is taken. */
  copyLimitBytes: number;
};

/** A copy that is there. */
export type Copy = Pick<SnapshotLabel, 'takenAt' | 'purpose'> & {
  path: string;
  snapshot: SnapshotName;
  /** What the target calls it: restic's id, or where it lies. */
  id: string;
  /** False: some files could not be read, or it was cut off. It counts for nothing. */
  complete: boolean;
};

/** What was measured while a copy was made. */
export type Measured = {
  /** Of the snapshot; only restic counts them. */
  files?: number;
  sizeBytes?: number;
  /** New at the target: what restic added, or what went through btrfs send. */
  addedBytes: number;
  /** The copy that it goes on from; absent: it was made whole. */
  from?: SnapshotName;
  /** Files that could not be read: the first of them, and how many. */
  unread?: { items: string[]; count: number };
};

export type CopyDid =
  /** There is one of that snapshot, and all of it. */
  | 'copied'
  /** It was there already. */
  | 'there'
  /** Some files could not be read: what there is of it counts for nothing, and goes with the next whole one. */
  | 'incomplete'
  | 'failed';

/** What became of one path. */
export type SetReport = Partial<Measured> & {
  path: string;
  did: CopyDid;
  snapshot?: SnapshotName;
  why?: string;
  /** Facts: `its stack is busy, so the newest snapshot was copied`. */
  notes: string[];
};

export type CopyOutcome =
  | 'done'
  /** Everything was there already. */
  | 'unchanged'
  /** Nothing was tried: see the problems. */
  | 'refused'
  /** Something was not copied, or not all of it, or old copies could not be removed. */
  | 'incomplete'
  /** Someone cancelled it. */
  | 'stopped';

/** Which copy is worked on, and for which operation. */
export type CopyRef = { operation: OperationId; name: string };
export type CopyRequest = CopyRef & { host: string };

/** What is to be done for one path. */
export type PlannedSet = {
  path: string;
  /** The newest good snapshot, with its age in ms; absent: there is none. */
  newest?: { name: SnapshotName; takenAt: string; ageMs: number; driver: SnapshotDriver };
  /** `take`: one is taken first. `there`: the newest is there already. */
  action: 'copy' | 'take' | 'there';
  /** The newest copy there. */
  last?: Pick<Copy, 'snapshot' | 'takenAt'>;
  /** What the last one measured. */
  lastMeasured?: Measured;
};

export type CopyPlan = {
  name: string;
  target: string;
  sets: PlannedSet[];
  /** Copies that are removed once a newer one is there. */
  remove: Copy[];
  keep?: Keep;
  copyLimitBytes: number;
  problems: Problem[];
};

/** How one copy stands. */
export type CopiesStanding = Pick<CopyNotes, 'last' | 'run' | 'check'> & {
  name: string;
  target: string;
  /** That are to be copied. */
  paths: string[];
  /** Absent where the target was not asked, or did not answer. */
  there?: Copy[];
  unreachable?: string;
};

export type CheckRequest = CopyRequest & { readPercent?: number };
export type CheckReport = CopyRequest & {
  outcome: 'done' | 'incomplete' | 'refused' | 'stopped';
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  /** What is wrong, or why it could not be checked. */
  problems: string[];
};

/** What became of old copies there. */
export type Retired = {
  removed: Copy[];
  /** Data that nothing refers to was removed. */
  pruned: boolean;
};

export type CopyReport = CopyRequest & {
  outcome: CopyOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  target?: string;
  sets: SetReport[];
  retired: Retired;
  /** Why old copies could not be removed. */
  notRetired?: string;
  problems: Problem[];
};

export const copyExitCodes: Record<CopyOutcome, number> = {
  done: 0,
  unchanged: 0,
  refused: 1,
  incomplete: 1,
  stopped: 1,
};

/** `sftp:backup@nas:/srv/restic`, `backup@nas:/srv/backup`. */
export const targetText = (target: CopyTarget): string => {
  switch (target.by) {
    case 'restic':
      return 'at' in target.repository
        ? target.repository.at
        : `the repository that ${target.repository.file} names`;
    case 'btrfs':
      return target.remote === undefined ? target.directory : `${target.remote}:${target.directory}`;
  }
};

/** @param now ms since the epoch. @param there copies of the path, whole ones. */
export const planSet = (
  path: string,
  { freshMs }: Pick<CopyRule, 'freshMs'>,
  snapshots: readonly SnapshotInfo[],
  there: readonly Copy[],
  now: number,
): PlannedSet => {
  const good = newestGood(snapshots);
  const last = newestCopy(there);
  const ageMs = good ? Math.max(0, now - Date.parse(good.takenAt)) : undefined;
  const action =
    good === undefined || ageMs === undefined || ageMs > freshMs
      ? 'take'
      : there.some(({ snapshot }) => snapshot === good.name)
        ? 'there'
        : 'copy';
  return {
    path,
    action,
    ...(good && ageMs !== undefined
      ? { newest: { name: good.name, takenAt: good.takenAt, ageMs, driver: good.driver } }
      : {}),
    ...(last ? { last: { snapshot: last.snapshot, takenAt: last.takenAt } } : {}),
  };
};

export const newestCopy = (copies: readonly Copy[]): Copy | undefined =>
  copies
    .filter(({ complete }) => complete)
    .reduce<Copy | undefined>(
      (best, one) =>
        best && `${best.takenAt} ${best.snapshot}` > `${one.takenAt} ${one.snapshot}` ? best : one,
      undefined,
    );

export const copyOutcome = (sets: readonly SetReport[], notRetired: string | undefined): CopyOutcome => {
  if (notRetired !== undefined || sets.some(({ did }) => did === 'failed' || did === 'incomplete'))
    return 'incomplete';
  return sets.every(({ did }) => did === 'there') ? 'unchanged' : 'done';
};

/**
 * Copies that go: whole ones that `keep` does not keep, by the rule of snapshots, and those that are not whole once a whole one of
 * that path is as new. @param keep absent: every whole one stays. @returns oldest first.
 */
export const copiesToRemove = (keep: Keep | undefined, there: readonly Copy[]): Copy[] => {
  const paths = [...new Set(there.map(({ path }) => path))];
  const going = new Set(
    paths.flatMap((path) => {
      const own = there.filter((one) => one.path === path);
      const whole = own.filter(({ complete }) => complete);
      const newest = newestCopy(whole);
      const kept = new Set(
        keep
          ? decide(
              whole.map(({ snapshot: name, purpose, takenAt }) => ({ name, purpose, takenAt, holds: [] })),
              { keep },
            ).flatMap(({ name, reasons }) => (reasons.length > 0 ? [name] : []))
          : whole.map(({ snapshot }) => snapshot),
      );
      return own.filter((one) =>
        one.complete ? !kept.has(one.snapshot) : newest !== undefined && newest.takenAt >= one.takenAt,
      );
    }),
  );
  return there.filter((one) => going.has(one));
};

/** `/srv/paperless: copied, 1.2 GiB new`. */
export const setReportText = ({ path, did, why, unread, addedBytes, notes }: SetReport): string => {
  const what = {
    copied: `copied${addedBytes === undefined ? '' : `, ${formatBytes(addedBytes)} new there`}`,
    there: 'its newest snapshot was there already',
    incomplete: `not whole: ${unread?.count ?? 0} could not be read: ${unread?.items.slice(0, 3).join(', ') ?? ''}`,
    failed: `not copied: ${why ?? ''}`,
  }[did];
  return [`${path}: ${what}`, ...notes].join('; ');
};
