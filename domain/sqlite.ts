/** SQLite: databases without a server. Any program may open their files, so Baton copies them itself: docs/decisions/0014. */
import { countText } from './count-text.ts';
import type { DataPlan } from './data.ts';
import type { Problem } from './problem.ts';
import { formatBytes } from './size.ts';
import type { DataWish } from './stack.ts';
import type { PathFacts } from './world.ts';

/**
 * What is found below a path, by the first bytes of each file; `why` where it cannot be looked through.
 * `links`: lead to databases elsewhere, which are not among them.
 */
export type SqliteFacts = { databases: number; sizeBytes: number; links: string[] } | { why: string };

export const isSqliteWish = (wish: DataWish | undefined): boolean =>
  typeof wish === 'object' && wish.dump === 'sqlite';

type Entry = Pick<DataPlan, 'class' | 'driver' | 'existed' | 'notes' | 'sqlite'>;

/** What is there with a driver that can put it back; all else stays as it is. */
export const asSqlite = <E extends Entry>(entry: E, facts: SqliteFacts | undefined): E => {
  if (!entry.existed || entry.driver === undefined) return entry;
  const found = facts !== undefined && 'databases' in facts ? facts : undefined;
  const { links = [] } = found ?? {};
  const linked = `leads to a database elsewhere, which is not dumped: ${links.slice(0, 3).join(', ')}`;
  return {
    ...entry,
    class: 'dump',
    sqlite: { databases: found?.databases ?? 0 },
    notes: links.length > 0 ? [...entry.notes, linked] : entry.notes,
  };
};

/** `3 SQLite databases dumped through SQLite's own backup, everything else copied, 120 MiB`. */
export const sqliteText = (
  { databases }: NonNullable<DataPlan['sqlite']>,
  { driver, sizeBytes }: Pick<DataPlan, 'driver' | 'sizeBytes'>,
): string => {
  const what = countText(databases, 'SQLite database');
  const size = sizeBytes > 0 ? `, ${formatBytes(sizeBytes)}` : '';
  return driver === 'btrfs'
    ? `protected by btrfs snapshot, in which ${what} ${databases === 1 ? 'is' : 'are'} settled and checked${size}`
    : `${what} dumped through SQLite's own backup and checked, everything else copied${size}`;
};

/** What stands in the way: the same before a deploy and before a guarded command. */
export const sqliteProblems = (
  { path, sqlite }: Pick<DataPlan, 'path' | 'sqlite'>,
  { type }: Pick<PathFacts, 'type'>,
  facts: SqliteFacts | undefined,
): Problem[] => {
  const error = (code: string, message: string, next: string): Problem[] => [
    { severity: 'error', code, message: `${message} Nothing was changed.`, next },
  ];
  if (!sqlite) return [];
  if (type === 'file')
    return error(
      'sqlite-file',
      `${path} is declared as a dump of SQLite and is a file: its log would stay beside it when it is put back, and damage it.`,
      `Mount the directory that it is in, and declare that; or x-baton.data: { ${path}: external }.`,
    );
  if (facts !== undefined && 'why' in facts)
    return error(
      'sqlite-unread',
      `${path} cannot be looked through for SQLite databases: ${facts.why}`,
      `Mend that, or mount the databases apart; x-baton.data: { ${path}: snapshot } does without looking.`,
    );
  return [];
};
