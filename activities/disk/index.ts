/** The disk port on this host. */
import { readFile, realpath, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { DiskUsage } from '../../domain/cleanup-target.ts';
import { ifThere } from '../errno.ts';
import type { Disk } from '../ports/disk.ts';
import { mountOf } from '../snapshots/facts.ts';
import { run } from '../snapshots/run.ts';
import { spaceOf } from '../snapshots/space.ts';
import { journalState, vacuum } from './journal.ts';
import { sweep } from './sweep.ts';

/**
 * @param own.home of the worker's user, which need not be on the list of the system. @param own.state Baton's state directory.
 * @param own.others its other directories.
 */
export const openDisk = (own: { home: string; state: string; others: string[] }): Disk => ({
  places: {
    own: [own.state, ...own.others],
    operations: join(own.state, 'operations'),
    logs: join(own.state, 'logs'),
  },
  usage: async (path, settle) => await ifThere(async () => await usageOf(path, settle)),
  realPath: async (path) => await ifThere(() => realpath(path)),
  homes: async () => [...new Set([own.home, ...(await listedHomes())])],
  findOld: async (what, signal) => await sweep(run, what, false, signal),
  removeOld: async (what, signal) => await sweep(run, what, true, signal),
  journal: async (directory) => await journalState(run, directory),
  vacuumJournal: async (rule) => await vacuum(run, rule),
});

/** Space that a file took is counted as free once that is written down: until then two measures differ by what others wrote. */
const usageOf = async (path: string, settle: boolean): Promise<DiskUsage> => {
  const real = await realpath(path);
  await run('sync', ['-f', real]).catch(() => undefined);
  const { settled } = settle ? await spaceOf(run, real, true) : { settled: true };
  const { blocks, bfree, bavail, bsize } = await statfs(real);
  return {
    filesystem: await filesystemOf(real),
    usedBytes: (blocks - bfree) * bsize,
    freeBytes: bavail * bsize,
    settled,
  };
};

/**
 * Its first mount: a part of a filesystem may be mounted anew, as Docker does with its own directory, and is no other for that.
 * See proc_pid_mountinfo(5).
 */
const filesystemOf = async (real: string): Promise<string> => {
  const mount = await mountOf(real);
  const table = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').map((line) => line.split(' '));
  const device = table.findLast(([, , , , point]) => point === mount)?.[2];
  const first = table.find(
    ([, , major, root, point]) => major === device && root === '/' && point !== undefined,
  );
  // One whose name is written with escapes is named by its part.
  return first?.[4] === undefined || first[4].includes('\\') ? mount : first[4];
};

/** People's begin at 1000 (login.defs(5)); what services have there may be anything. */
const firstPerson = 1000;
const nobody = 65_534;

/** passwd(5): the third field is the user's number, the sixth the home. */
const listedHomes = async (): Promise<string[]> => {
  const text = (await ifThere(() => readFile('/etc/passwd', 'utf8'))) ?? '';
  return text.split('\n').flatMap((line) => {
    const [, , uid = '', , , home = ''] = line.split(':');
    const isPerson = uid === '0' || (Number(uid) >= firstPerson && Number(uid) !== nobody);
    return isPerson && /^\/[^/]/.test(home) ? [home.replace(/\/+$/, '')] : [];
  });
};
