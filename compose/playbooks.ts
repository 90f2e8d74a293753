/** All playbooks of a host: those that Baton ships, and the owner's, which go before a shipped one of the same name. */
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Playbook, ReadPlaybooks } from '../domain/playbook.ts';
import { readPlaybook } from './playbook.ts';
import { configurationBytes, readSmallFile } from './small-file.ts';

const shipped = join(import.meta.dirname, '..', 'playbooks');

/** @param own the owner's directory; it need not be there. */
export const readPlaybooks = async (own: string): Promise<ReadPlaybooks> => {
  const theirs = await filesIn(own);
  const named = new Set(theirs.map((file) => basename(file)));
  // One with mistakes hides the shipped one all the same: its owner wants something else than that.
  const ours = (await filesIn(shipped)).filter((file) => !named.has(basename(file)));
  const read = await Promise.all([
    ...ours.map(async (file) => await readPlaybookFile(file, 'shipped')),
    ...theirs.map(async (file) => await readPlaybookFile(file, 'own')),
  ]);
  return {
    playbooks: read
      .flatMap(({ playbooks }) => playbooks)
      .sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name))),
    problems: read.flatMap(({ problems }) => problems),
  };
};

export const readPlaybookFile = async (file: string, origin: Playbook['origin']): Promise<ReadPlaybooks> => {
  try {
    const read = readPlaybook(file, await readSmallFile(file, configurationBytes), origin);
    return read.ok
      ? { playbooks: [read.playbook], problems: [] }
      : { playbooks: [], problems: read.problems };
  } catch (error) {
    const message = `${file} cannot be read: ${(error as Error).message}`;
    return { playbooks: [], problems: [{ severity: 'error', code: 'playbook', message }] };
  }
};

const filesIn = async (directory: string): Promise<string[]> => {
  try {
    const names = await readdir(directory);
    return names
      .filter((name) => name.endsWith('.yml'))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};
