/**
 * Cleanup: freeing space on a host, from what costs least to what costs most. What is laid down for it, asked for, planned, and
 * what came of it. What is only listed here is decided in `image-holds.ts`, `temp-path.ts`, `volume-holds.ts` and `retention.ts`.
 */
import type { OperationId } from './names.ts';
import type { Problem } from './problem.ts';
import type { SpaceChange } from './rotation.ts';
import type { DiskUsage } from './cleanup-target.ts';
import type { SnapshotDriver } from './snapshot.ts';

/**
 * The least costly first: what nobody misses; what is made or pulled again; what is gone for good, records before data.
 * Volumes are last, and only those that somebody names.
 */
export const cleanupParts = [
  'temp',
  'build-cache',
  'images',
  'logs',
  'journal',
  'snapshots',
  'volumes',
] as const;
export type CleanupPart = (typeof cleanupParts)[number];

export const partTitles: Record<CleanupPart, string> = {
  temp: 'temporary files',
  'build-cache': 'build cache',
  images: 'unused images',
  logs: "Baton's own logs",
  journal: "the system's journal",
  snapshots: 'snapshots',
  volumes: 'volumes',
};

/** Names and paths in which `*` stands for anything. */
type Patterns = string[];

export type ImageRule = { olderThanMs: number; only?: Patterns; keep: Patterns };
export type TempRule = { path: string; olderThanMs: number; keep: Patterns };
export type JournalRule = {
  keep: { forMs: number } | { bytes: number };
  /** Where another journal than the system's lies. */
  directory?: string;
};

/** What `baton.yml` lays down. A part without a rule is left alone. */
export type CleanupRules = {
  /** Percent in use of a filesystem at which it is enough. */
  until?: number;
  images?: ImageRule;
  buildCache?: { olderThanMs: number };
  logs?: { olderThanMs: number };
  journal?: JournalRule;
  temp: TempRule[];
};

const weekMs = 7 * 86_400_000;

/** Without a word in `baton.yml`: what can be had again. What is gone for good needs a rule, or a name. */
export const defaultRules: CleanupRules = {
  images: { olderThanMs: weekMs, keep: [] },
  buildCache: { olderThanMs: weekMs },
  temp: [],
};

export type CleanupRequest = {
  operation: OperationId;
  host: string;
  /** Absent: every part. */
  only?: CleanupPart[];
  /** Percent; goes before that of `baton.yml`. */
  until?: number;
  /** Only what lies on this one, by where it is mounted; absent: all of them. */
  filesystem?: string;
  /** Volumes that somebody named to be removed. */
  volumes: string[];
  /** Digest of the plan that somebody has seen; where it is another by now, nothing is removed. */
  plan?: string;
};
export type CleanupWish = Pick<CleanupRequest, 'only' | 'until' | 'filesystem' | 'volumes'>;

/** One thing that goes by itself: an image, a snapshot, what is old below a path. */
export type CleanupItem = {
  part: CleanupPart;
  /** Tells it from others of its part: an image's id, a path, a name. */
  id: string;
  /** For people. */
  title: string;
  /** Where it lies. */
  place: string;
  /** Of that place; absent where it cannot be seen from here. */
  filesystem?: string;
  /** As far as can be told beforehand. */
  bytes?: number;
  /** How many files, where it is several. */
  files?: number;
  /** What `baton.yml` said of it, in words: another rule makes another plan. */
  rule?: string;
  /** Only of a snapshot. */
  snapshot?: { path: string; driver: SnapshotDriver };
};

/** What stays, and why. */
export type CleanupKept = { title: string; reasons: string[]; bytes?: number };

export type CleanupPlan = {
  /** In the order in which they go. */
  remove: CleanupItem[];
  /** Of each filesystem on which something would go, before it. */
  usage: DiskUsage[];
  until?: number;
  /** Of what is removed, and of nothing else. */
  digest: string;
  problems: Problem[];
};

/** With every decision, for whoever wants to see why. */
export type ExplainedCleanup = CleanupPlan & {
  parts: { part: CleanupPart; kept: CleanupKept[]; notes: string[] }[];
};

/** `gone`: somebody, or an earlier try, had removed it. `kept`: something holds it that did not when the plan was made. */
export type CleanupRemoval = (
  { did: 'removed'; files?: number; notes: string[] } | { did: 'gone' } | { did: 'kept'; reasons: string[] }
) & {
  /** After it, where it can be measured. */
  usage?: DiskUsage;
};

type Told = Pick<CleanupItem, 'id' | 'title' | 'files' | 'bytes'>;

export type PartReport = {
  part: CleanupPart;
  removed: (Told & { notes: string[] })[];
  gone: Told[];
  kept: (Told & { reasons: string[] })[];
  failed: (Told & { why: string })[];
  /** The target was reached before its turn came. */
  notNeeded: Told[];
  /** Around this part, as measured. */
  space: SpaceChange[];
};

export type CleanupOutcome =
  | 'done'
  /** Something was removed, and no filesystem has more room for it. */
  | 'freed-nothing'
  /** There was nothing to remove, or no need. */
  | 'unchanged'
  /** Nothing was removed: see the problems. */
  | 'refused'
  /** Some could not be removed. */
  | 'incomplete'
  /** All was removed that could be, and a filesystem is still fuller than asked for. */
  | 'short'
  /** Someone cancelled it. */
  | 'stopped';

export type CleanupReport = {
  operation: OperationId;
  host: string;
  outcome: CleanupOutcome;
  /** ISO 8601, UTC. */
  startedAt: string;
  durationMs: number;
  parts: PartReport[];
  until?: number;
  space: SpaceChange[];
  /** After it. */
  usage: DiskUsage[];
  /** Planned, but not tried: for another run. */
  left: number;
  problems: Problem[];
};

export const cleanupExitCodes: Record<CleanupOutcome, number> = {
  done: 0,
  'freed-nothing': 0,
  unchanged: 0,
  refused: 1,
  incomplete: 1,
  short: 1,
  stopped: 1,
};

/** What a cleanup is called once it has ended; the worst counts. @param short a filesystem is fuller than asked for. */
export const cleanupOutcome = (
  parts: readonly PartReport[],
  space: readonly SpaceChange[],
  { stopped, short }: { stopped: boolean; short: boolean },
): CleanupOutcome => {
  if (stopped) return 'stopped';
  if (parts.some(({ failed }) => failed.length > 0)) return 'incomplete';
  if (short) return 'short';
  // What is gone an earlier try may have removed.
  if (parts.every(({ removed, gone }) => removed.length + gone.length === 0)) return 'unchanged';
  return space.some(({ freeBefore, freeAfter }) => freeAfter > freeBefore) ? 'done' : 'freed-nothing';
};
