/** Everything that lies where snapshots lie, and what is wrong with it. Reads only. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { parseSnapshotName } from '../../domain/snapshot.ts';
import { ifThere } from '../errno.ts';
import type { Surveyed } from '../ports/snapshots.ts';
import { dumpProblems, isDump } from './dump.ts';
import { isSubvolume } from './filesystem.ts';
import { directoryName, marksOf, snapshotsOf } from './layout.ts';
import type { Run } from './run.ts';

/** @param paths real ones. */
export const survey = async (run: Run, paths: readonly string[]): Promise<Surveyed[]> => {
  const own = await Promise.all([...new Set(paths)].map(async (path) => await surveyOne(run, path)));
  const parents = [...new Set(paths.map((path) => dirname(path)))];
  const strange = await Promise.all(parents.map(async (parent) => await unknownIn(parent, paths)));
  return [...own.flat(), ...strange.flat()];
};

const surveyOne = async (run: Run, path: string): Promise<Surveyed[]> => {
  const directory = snapshotsOf(path);
  const entries = await entriesOf(directory);
  const found: Surveyed[] = [];
  // One after the other: each asks a few commands, and there may be hundreds.
  for (const entry of entries) {
    const location = join(directory, entry);
    const named = parseSnapshotName(entry);
    found.push(
      named
        ? { path, location, name: named.name, problems: await problemsOf(run, location, named.takenAt) }
        : { path, location, problems: otherIn(entry, entries) },
    );
  }
  return found;
};

const problemsOf = async (run: Run, location: string, takenAt: string): Promise<string[]> => {
  const problems = [
    isRealTime(takenAt) ? undefined : `the time in its name is none: ${takenAt}`,
    await unreadable(run, location),
    (await isSubvolume(location)) ? await writable(run, location) : undefined,
    await unreadableMarks(location),
    ...((await isDump(location)) ? await dumpProblems(location) : []),
  ];
  return problems.flatMap((problem) => problem ?? []);
};

/** The 31st of February is read as the 3rd of March. */
const isRealTime = (takenAt: string): boolean => {
  const time = new Date(takenAt);
  return !Number.isNaN(time.getTime()) && time.toISOString().startsWith(takenAt.slice(0, -1));
};

/** Its first level: reading all of it is a scrub, which takes as long as the data is large. */
const unreadable = async (run: Run, location: string): Promise<string | undefined> => {
  try {
    const closed = await run('find', [location, '-maxdepth', '1', '!', '-type', 'l', '!', '-readable']);
    return closed === '' ? undefined : `cannot be read: ${closed.replace(/\n.*/s, '')}`;
  } catch (error) {
    return `cannot be read: ${(error as Error).message}`;
  }
};

const writable = async (run: Run, location: string): Promise<string | undefined> => {
  try {
    const said = await run('btrfs', ['property', 'get', '-ts', location, 'ro']);
    return said.trim() === 'ro=true' ? undefined : 'is not read-only: something may have written to it';
  } catch (error) {
    return `whether it is read-only is not known: ${(error as Error).message}`;
  }
};

const unreadableMarks = async (location: string): Promise<string | undefined> => {
  const text = await ifThere(() => readFile(marksOf(location), 'utf8'));
  try {
    if (text !== undefined) JSON.parse(text);
    return undefined;
  } catch {
    return `what is noted of it cannot be read: ${marksOf(location)}`;
  }
};

/** What is noted of a snapshot lies beside it; all else has no business here. */
const otherIn = (entry: string, entries: readonly string[]): string[] => {
  if (/^\.(?:draft-|incoming-|.+\.baton-draft$)/.test(entry))
    return ['work in progress: of an operation that runs, or left by one that was cut off'];
  const noted = basename(entry, '.json');
  if (!parseSnapshotName(noted)) return ['is not Baton’s'];
  return entries.includes(noted) ? [] : ['is noted of a snapshot that is not there'];
};

const unknownIn = async (parent: string, paths: readonly string[]): Promise<Surveyed[]> => {
  const directory = join(parent, directoryName);
  return (await entriesOf(directory))
    .filter((entry) => entry !== '.reserve' && !paths.includes(join(parent, entry)))
    .map((entry) => ({
      path: join(parent, entry),
      location: join(directory, entry),
      problems: [
        `Baton does not know of ${join(parent, entry)}: no stack uses it, and no release or guard did`,
      ],
    }));
};

const entriesOf = async (directory: string): Promise<string[]> =>
  ((await ifThere(() => readdir(directory))) ?? []).sort();
