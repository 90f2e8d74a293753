/** What differs between two states of a path, file by file. */

/** A file that the command made, took away or changed. */
export type FileChange = {
  path: string;
  change: 'added' | 'removed' | 'changed' | 'mode';
  /** Lines added and removed, of text. */
  lines?: { added: number; removed: number };
};

export type Changes = {
  /** At most {@link mostChanges}, by path. */
  files: FileChange[];
  /** How many there are in all. */
  count: number;
  /** Where the whole difference is kept, text shown and binary named, on the worker's host. */
  file?: string;
};

/** Two texts that differ in more lines than this are different files: finding out how takes the square of that. */
export const mostEdits = 5_000;

/** A report names no more changed files than this; the rest stand in the file. */
export const mostChanges = 50;
