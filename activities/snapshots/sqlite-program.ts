/**
 * Run by itself, as `node sqlite-program.ts VERB ROOT [TO]`: SQLite works without letting go of its thread, closing a file
 * that it has open elsewhere in the process loses its locks, and a rootless engine's files are reached inside its namespace only.
 * Says what came of it as JSON. See `sqlite.ts`.
 */
import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { directoryName } from './layout.ts';

export type Verb = 'find' | 'copy' | 'settle';
/** Paths are relative to the root. */
export type Found = { path: string; sizeBytes: number };
/** `links`: lead to databases elsewhere, which are not among them. */
export type Said =
  | { databases: Found[]; links: string[] }
  | { code: 'busy' | 'database' | 'no-space' | 'too-large'; message: string };

/** Whoever writes is done within milliseconds; programs that wait for one another do so for 5 s, as a rule. */
const busyMs = 10_000;
/** The first bytes of each are read: this many take some seconds. */
const filesLimit = 200_000;
/** https://www.sqlite.org/fileformat.html#magic_header_string */
const header = Buffer.from('SQLite format 3\0');

class Refused extends Error {
  readonly code: Exclude<Said, { databases: unknown }>['code'];
  constructor(code: Refused['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const isDatabase = (path: string): boolean => {
  // What has become a pipe meanwhile would wait for a writer.
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const start = Buffer.alloc(header.length);
    return readSync(file, start) === header.length && start.equals(header);
  } finally {
    closeSync(file);
  }
};

/** What vanishes meanwhile is none. */
const unlessGone = <T>(look: () => T): T | undefined => {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ELOOP'].includes(String((error as NodeJS.ErrnoException).code))) return undefined;
    throw error;
  }
};

const sizeOf = (path: string): number | undefined =>
  unlessGone(() => {
    const about = statSync(path);
    return about.isFile() && isDatabase(path) ? about.size : undefined;
  });

/** Where it leads may be closed to us, or nowhere: then nothing is known of it. */
const leadsAway = (link: string, root: string): boolean => {
  try {
    return !realpathSync(link).startsWith(`${root}/`) && sizeOf(link) !== undefined;
  } catch {
    return false;
  }
};

const databasesIn = (root: string): { databases: Found[]; links: string[] } => {
  const found: { databases: Found[]; links: string[] } = { databases: [], links: [] };
  const pending = [root];
  let files = 0;
  const entriesOf = (directory: string) =>
    unlessGone(() => readdirSync(directory, { withFileTypes: true })) ?? [];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop())
    for (const entry of entriesOf(directory)) {
      const place = join(directory, entry.name);
      // Snapshots of what lies here are whole already, and may be read-only.
      if (entry.isDirectory() && entry.name !== directoryName) pending.push(place);
      if (!entry.isFile() && !entry.isSymbolicLink()) continue;
      files += 1;
      if (files > filesLimit)
        throw new Refused(
          'too-large',
          `${root} holds more than ${filesLimit} files to look for databases in.`,
        );
      const path = relative(root, place);
      if (entry.isSymbolicLink()) {
        if (leadsAway(place, root)) found.links.push(path);
        continue;
      }
      const sizeBytes = sizeOf(place);
      if (sizeBytes !== undefined) found.databases.push({ path, sizeBytes });
    }
  return found;
};

/** Its schema is of whoever writes it: nothing in it is run that could do more than read. */
const open = (file: string): DatabaseSync => {
  // A link that took its place meanwhile would lead elsewhere.
  if (realpathSync(file) !== file) throw new Refused('database', `${file} has become a link.`);
  const database = new DatabaseSync(file, { timeout: busyMs });
  database.exec('PRAGMA trusted_schema = OFF; PRAGMA mmap_size = 0');
  return database;
};

const refusedAt = (file: string, error: unknown): unknown => {
  const { errcode, message } = error as { errcode?: number; message: string };
  // The lowest byte is the primary code: https://www.sqlite.org/rescode.html
  const primary = errcode === undefined ? undefined : errcode & 0xff;
  if (primary === 5 || primary === 6)
    return new Refused(
      'busy',
      `The SQLite database ${file} stayed locked for ${busyMs / 1000} s: a program keeps it to itself.`,
    );
  if (primary === 13)
    return new Refused('no-space', `There is no room for a copy of the SQLite database ${file}.`);
  // Of the disk (10), and of who may open what (3, 14).
  if (primary === undefined || [3, 10, 14].includes(primary)) return error;
  return new Refused('database', `The SQLite database ${file} cannot be read: ${message}.`);
};

const working = async (
  file: string,
  work: (database: DatabaseSync) => void | Promise<void>,
): Promise<void> => {
  try {
    const database = open(file);
    try {
      await work(database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw refusedAt(file, error);
  }
};

/** One moment of it, while others read and write. With a log beside it nobody waits; else writers wait until it is copied. */
const copy = async (file: string, to: string): Promise<void> => {
  mkdirSync(dirname(to), { recursive: true });
  await working(file, async (database) => {
    // What is read from here on is as it is now, however many steps the copying takes.
    database.exec('PRAGMA query_only = ON; BEGIN; SELECT count(*) FROM sqlite_schema');
    await backup(database, to, { rate: 10_000 });
    database.exec('ROLLBACK');
  });
};

/** What its log, or its journal, holds becomes part of it, and it is read to its end. */
const settle = async (file: string): Promise<void> => {
  await working(file, (database) => {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    const found = problemsIn(database);
    if (found.length > 0)
      throw new Refused('database', `The SQLite database ${file} is damaged: ${found.join('; ')}.`);
  });
  // What was to be taken back is: one that had only begun, or is over, stays.
  rmSync(`${file}-journal`, { force: true });
};

/** What is needed to check all of it may be in the program that made it only: functions, collations. */
const problemsIn = (database: DatabaseSync): string[] => {
  const ask = (pragma: string): string[] =>
    database
      .prepare(`PRAGMA ${pragma}(3)`)
      .all()
      .map((row) => String(Object.values(row)[0]))
      .filter((said) => said !== 'ok');
  try {
    return ask('integrity_check');
  } catch (error) {
    if (!/^(?:no such|unknown)/.test((error as Error).message)) throw error;
    database.exec('PRAGMA ignore_check_constraints = ON');
    return ask('quick_check');
  }
};

const said = async (verb: Verb, root: string, to: string): Promise<Said> => {
  try {
    const found = databasesIn(root);
    for (const { path } of found.databases) {
      if (verb === 'copy') await copy(join(root, path), join(to, path));
      if (verb === 'settle') await settle(join(root, path));
    }
    return found;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const { code, message } = error;
    return { code, message };
  }
};

const [verb, root = '', to = ''] = process.argv.slice(2);
try {
  process.stdout.write(JSON.stringify(await said(verb as Verb, root, to)));
} catch (error) {
  process.stderr.write((error as Error).message);
  process.exitCode = 1;
}
