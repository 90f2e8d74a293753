/** What a vacuum of the journal would remove, by the rule of systemd's `journal-vacuum.c`: whole archived files, the oldest first. */
import type { JournalRule } from './cleanup.ts';

type Archived = { bytes: number; /** Of its first entry, ms since 1970. */ from: number };

/** @param now ms since 1970. */
export const vacuumable = (
  { bytes: all, archived }: { bytes: number; archived: readonly Archived[] },
  { keep }: Pick<JournalRule, 'keep'>,
  now: number,
): { files: number; bytes: number } => {
  const oldestFirst = [...archived].sort((a, b) => a.from - b.from);
  let files = 0;
  let bytes = 0;
  for (const one of oldestFirst) {
    // What is written to counts for the size, though it stays.
    const goes = 'bytes' in keep ? all - bytes > keep.bytes : one.from < now - keep.forMs;
    if (!goes) break;
    files += 1;
    bytes += one.bytes;
  }
  return { files, bytes };
};
