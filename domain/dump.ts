/** What is kept with a dump: its parts, and what the database held, to know it again after a restore. */
import type { DatabaseKind } from './database.ts';

/** Lies in a dump's directory; it is written last, so that what has one is whole. */
export const manifestName = 'baton-dump.json';

export type DumpPart = {
  /** Its name in the directory. */
  file: string;
  /** What it is of: the name of a database, or of a file. */
  of: string;
  sizeBytes: number;
  /** Hexadecimal. */
  sha256: string;
};

export type DumpManifest = {
  format: 1;
  kind: DatabaseKind;
  parts: DumpPart[];
  /** What the server is like where it is ready for good, not only while it makes itself: see `activities/databases`. */
  server: string;
  /** What it held, as its kind counts: a restore must come to the same. */
  contents: string;
};
