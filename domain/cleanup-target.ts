/** The target of a cleanup: how full a filesystem may be. */
import type { CleanupItem } from './cleanup.ts';
import type { SpaceChange } from './rotation.ts';

/** As df(1) counts: `freeBytes` for this user; what is reserved for root is in neither. */
export type DiskUsage = {
  /** Where it is mounted. */
  filesystem: string;
  usedBytes: number;
  freeBytes: number;
  /** False where space was still being freed. */
  settled: boolean;
};

/** 0 to 100. */
export const usedPercent = ({ usedBytes, freeBytes }: Pick<DiskUsage, 'usedBytes' | 'freeBytes'>): number =>
  usedBytes + freeBytes === 0 ? 0 : (usedBytes / (usedBytes + freeBytes)) * 100;

export const isReached = (usage: DiskUsage, until: number): boolean => usedPercent(usage) <= until;

/**
 * Whether an item's turn has come and gone without need. Where a filesystem cannot be measured, whether it is full enough cannot
 * be told; nothing is removed there for a target.
 */
export const isNeeded = (
  { filesystem }: Pick<CleanupItem, 'filesystem'>,
  usage: readonly DiskUsage[],
  until: number | undefined,
): boolean => {
  if (until === undefined) return true;
  const own = usage.find((one) => one.filesystem === filesystem);
  return own !== undefined && !isReached(own, until);
};

/** What is known of the filesystems, with the newest measure of one of them. */
export const withNewest = (usage: readonly DiskUsage[], newest: DiskUsage | undefined): DiskUsage[] =>
  newest ? [...usage.filter(({ filesystem }) => filesystem !== newest.filesystem), newest] : [...usage];

/** Filesystems that are fuller than asked for, of those that something was planned on. */
export const stillShort = (usage: readonly DiskUsage[], until: number | undefined): DiskUsage[] =>
  until === undefined ? [] : usage.filter((one) => !isReached(one, until));

/**
 * Which items will probably be needed, were each to free what is thought of it: an estimate for the plan. The real run measures
 * after each.
 */
export const expectedNeed = (
  items: readonly CleanupItem[],
  usage: readonly DiskUsage[],
  until: number | undefined,
): boolean[] => {
  let expected: DiskUsage[] = [...usage];
  return items.map((item) => {
    if (!isNeeded(item, expected, until)) return false;
    expected = expected.map((one) =>
      one.filesystem === item.filesystem ? freed(one, item.bytes ?? 0) : one,
    );
    return true;
  });
};

const freed = (usage: DiskUsage, bytes: number): DiskUsage => {
  const gone = Math.min(bytes, usage.usedBytes);
  return { ...usage, usedBytes: usage.usedBytes - gone, freeBytes: usage.freeBytes + gone };
};

/** Free bytes of each filesystem that was measured twice. Others write to it too: the difference is not all one's doing. */
export const spaceBetween = (before: readonly DiskUsage[], after: readonly DiskUsage[]): SpaceChange[] =>
  before.flatMap(({ filesystem, freeBytes }) => {
    const since = after.find((one) => one.filesystem === filesystem);
    return since
      ? [{ filesystem, freeBefore: freeBytes, freeAfter: since.freeBytes, settled: since.settled }]
      : [];
  });
