/**
 * Retention: which snapshots of one path are kept, and why. The newest of each hour, day, week, month and year (UTC) that has
 * any, and some more that must never go. Their time is that in their name; what a file says of its own is another's affair.
 */
import type { SnapshotInfo, SnapshotName, SnapshotPurpose } from './snapshot.ts';
import { matches } from './wildcard.ts';

const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
type Period = (typeof periods)[number];

/** Of so many of the last hours, days … that have a snapshot the newest one is kept; `minimum`: so many of the newest in any case. */
export type Keep = Record<Period, number> & { minimum: number };

/** A rule of `baton.yml`. The first that fits counts. */
export type RetentionRule = {
  /** Of this path alone, as it is written: that of a data set. */
  path?: string;
  /** Absent: every path. `*` stands for anything. */
  paths?: string[];
  keep: Keep;
};

/** What is known of a snapshot where its end is decided. */
export type Candidate = {
  name: SnapshotName;
  purpose: SnapshotPurpose;
  /** UTC, whole seconds, ISO 8601. */
  takenAt: string;
  /** Why it must not be removed, whatever the rule says. */
  holds: string[];
};

/** Without a reason to keep it, it is removed. */
export type Decision = { name: SnapshotName; takenAt: string; reasons: string[] };

/** @returns `undefined` where nothing of the path is ever removed. */
export const ruleFor = (path: string, rules: readonly RetentionRule[]): RetentionRule | undefined =>
  rules.find(
    (rule) =>
      (rule.path === undefined || rule.path === path) &&
      (rule.paths?.some((pattern) => matches(pattern, path)) ?? true),
  );

/**
 * Decides on all snapshots of one path, newest first. States that a failed change left are counted by themselves: they would
 * take the place of the last good one of their day, or of all of them where something fails every night.
 */
export const decide = (snapshots: readonly Candidate[], { keep }: RetentionRule): Decision[] => {
  const newestFirst = [...snapshots].sort((a, b) => (order(a) > order(b) ? -1 : 1));
  const [failed, good] = [true, false].map((wanted) =>
    newestFirst.filter(({ purpose, takenAt }) => (purpose === 'failed') === wanted && isTime(takenAt)),
  ) as [Candidate[], Candidate[]];
  const why = new Map([failed, good].flatMap((some) => [...reasonsIn(some, keep)]));
  return newestFirst.map(({ name, takenAt, holds }) => ({
    name,
    takenAt,
    reasons: [...(why.get(name) ?? []), ...holds, ...(isTime(takenAt) ? [] : ['its name tells no time'])],
  }));
};

/** Two of one operation have the same time. */
const order = ({ takenAt, name }: Candidate): string => `${takenAt} ${name}`;

const isTime = (takenAt: string): boolean => !Number.isNaN(Date.parse(takenAt));

const reasonsIn = (newestFirst: readonly Candidate[], keep: Keep): Map<SnapshotName, string[]> => {
  const reasons = new Map<SnapshotName, string[]>(newestFirst.map(({ name }) => [name, []]));
  for (const period of periods)
    for (const { name } of newestOfEach(newestFirst, period).slice(0, keep[period]))
      reasons.get(name)?.push(period);
  // The newest is kept whatever is written.
  for (const { name } of newestFirst.slice(0, Math.max(1, keep.minimum))) reasons.get(name)?.push('minimum');
  return reasons;
};

const newestOfEach = (newestFirst: readonly Candidate[], period: Period): Candidate[] => {
  const seen = new Set<string>();
  return newestFirst.filter(({ takenAt }) => {
    const bucket = bucketOf[period](takenAt);
    if (seen.has(bucket)) return false;
    seen.add(bucket);
    return true;
  });
};

const dayMs = 24 * 3_600_000;

/** 1 January 1970 was a Thursday; weeks begin on Monday, as in ISO 8601. */
const weekOf = (takenAt: string): number => Math.floor((Date.parse(takenAt) / dayMs + 3) / 7);

const bucketOf: Record<Period, (takenAt: string) => string> = {
  hourly: (takenAt) => takenAt.slice(0, '2026-11-23T13'.length),
  daily: (takenAt) => takenAt.slice(0, '2026-11-23'.length),
  weekly: (takenAt) => String(weekOf(takenAt)),
  monthly: (takenAt) => takenAt.slice(0, '2026-11'.length),
  yearly: (takenAt) => takenAt.slice(0, '2026'.length),
};

/**
 * Why a snapshot must not be removed. Whether an operation runs cannot be asked where its snapshots lie, but each notes on
 * them how it has ended: without that it is under way, or died before it could.
 * @param laidDown names of the copies that `baton.yml` lays down: others need nothing any more.
 */
export const holdsOn = (
  {
    pinned,
    neededBy,
    outcome,
    copies = [],
  }: Pick<SnapshotInfo, 'pinned' | 'neededBy' | 'outcome' | 'copies'>,
  laidDown: readonly string[] = [],
): string[] => [
  ...(pinned ? [`pinned by ${pinned.by}${pinned.reason === undefined ? '' : `: ${pinned.reason}`}`] : []),
  ...neededBy.map((release) => `an undo to release ${release} needs it`),
  ...(outcome === undefined ? ['its operation is under way, or has not noted how it ended'] : []),
  ...copies.filter((name) => laidDown.includes(name)).map((name) => `copy ${name} goes on from it`),
  // `baton resume` goes on with it.
  ...(outcome === 'needs-human' ? ['its operation needs a person'] : []),
];

/** `7 daily, 4 weekly, at least 3`. */
export const keepText = (keep: Keep): string =>
  [
    ...periods.flatMap((period) => (keep[period] > 0 ? [`${keep[period]} ${period}`] : [])),
    `at least ${Math.max(1, keep.minimum)}`,
  ].join(', ');
