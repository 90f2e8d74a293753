/** What a sweep found or did, in words and as an item. */
import type { CleanupRemoval } from '../../domain/cleanup.ts';
import { permanent } from '../activity.ts';
import type { Swept } from '../ports/disk.ts';

export const leftReasons = ({ left }: Swept): string[] =>
  Object.entries(left).map(([why, count]) => `${count} ${why}`);

export const together = (all: readonly Swept[]): Swept => {
  const left: Record<string, number> = {};
  for (const one of all)
    for (const [why, count] of Object.entries(one.left)) left[why] = (left[why] ?? 0) + count;
  return {
    files: all.reduce((sum, { files }) => sum + files, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    left,
    failed: all.flatMap(({ failed }) => failed),
    failures: all.reduce((sum, { failures }) => sum + failures, 0),
  };
};

/** @throws a permanent failure where something resisted: what could be removed is removed all the same. */
export const removalOf = (swept: Swept): CleanupRemoval => {
  const { files, failed, failures } = swept;
  if (failures > 0) {
    const more = failures > failed.length ? `, and ${failures - failed.length} more` : '';
    throw permanent(
      'Resisted',
      `${files} files were removed, and ${failures} could not be: ${failed.join('; ')}${more}`,
    );
  }
  const left = leftReasons(swept);
  if (files > 0) return { did: 'removed', files, notes: left.map((line) => `left: ${line}`) };
  return left.length > 0 ? { did: 'kept', reasons: left } : { did: 'gone' };
};
