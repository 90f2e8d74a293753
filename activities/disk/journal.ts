/** The system's journal, through journalctl(1). What it would remove is told from the names of its files, as it does itself. */
import { access, constants, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalRule } from '../../domain/cleanup.ts';
import { ifThere } from '../errno.ts';
import type { JournalState } from '../ports/disk.ts';
import type { Run } from '../snapshots/run.ts';

/** Where journald keeps it, of this machine: systemd-journald.service(8). */
const places = ['/var/log/journal', '/run/log/journal'];

/** Of a file that is written to no more; the last number is the time of its first entry in µs: journal-file.c. */
const archivedName = /@(?:[0-9a-f]{32}-)?[0-9a-f]{16}-(?<from>[0-9a-f]{16})\.journal~?$/;

export const journalState = async (run: Run, directory?: string): Promise<JournalState> => {
  const version = await run('journalctl', ['--version']).catch(() => undefined);
  if (version === undefined) return { here: false, why: 'there is no journalctl on this host' };
  const directories = await existing(directory === undefined ? await ownDirectories() : [directory]);
  const files = (await Promise.all(directories.map(filesIn))).flat();
  if (files.length === 0) return { here: false, why: 'no journal is kept on this host' };
  const closed = await firstClosed(directories);
  if (closed !== undefined) return { here: false, why: `this user may not remove anything in ${closed}` };
  return {
    here: true,
    directories,
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    archived: files.flatMap(({ name, bytes }) => {
      const from = archivedName.exec(name)?.groups?.['from'];
      return from === undefined ? [] : [{ bytes, from: Number.parseInt(from, 16) / 1000 }];
    }),
  };
};

/** Active files stay: to rotate them first would put today's entries at the mercy of the rule. */
export const vacuum = async (run: Run, { keep, directory }: JournalRule): Promise<void> => {
  const limit =
    'bytes' in keep ? `--vacuum-size=${keep.bytes}` : `--vacuum-time=${Math.floor(keep.forMs / 1000)}s`;
  await run('journalctl', [
    ...(directory === undefined ? [] : [`--directory=${directory}`]),
    '--quiet',
    limit,
  ]);
};

const ownDirectories = async (): Promise<string[]> => {
  const id = (await ifThere(() => readFile('/etc/machine-id', 'utf8')))?.trim();
  return id === undefined || id === '' ? [] : places.map((place) => join(place, id));
};

const existing = async (directories: readonly string[]): Promise<string[]> => {
  const there = await Promise.all(directories.map(async (one) => await ifThere(() => stat(one))));
  return directories.filter((_, index) => there[index]?.isDirectory());
};

const filesIn = async (directory: string): Promise<{ name: string; bytes: number }[]> => {
  const names = (await readdir(directory)).filter((name) => /\.journal~?$/.test(name));
  const files = await Promise.all(
    names.map(async (name) => ({ name, info: await ifThere(() => stat(join(directory, name))) })),
  );
  return files.flatMap(({ name, info }) => (info ? [{ name, bytes: info.blocks * 512 }] : []));
};

const firstClosed = async (directories: readonly string[]): Promise<string | undefined> => {
  for (const directory of directories)
    try {
      await access(directory, constants.W_OK);
    } catch {
      return directory;
    }
  return undefined;
};
