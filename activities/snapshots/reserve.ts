/**
 * Space set aside, so that data can be put back on a disk that has filled since. Putting back writes nothing but names, but
 * btrfs copies the blocks of its metadata before it changes them, and refuses where it has none left.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SnapshotError } from '../ports/snapshots.ts';
import { isNoSpace as isFull } from '../errno.ts';
import { mountPoints } from './mounts.ts';
import { filesystemOf } from './filesystem.ts';
import { isThere } from './is-there.ts';
import { directoryName, prepareLayout } from './layout.ts';
import { runPython, type Run } from './run.ts';

/** Blocks for a directory that has to grow, on any filesystem. Random, so that no filesystem compresses it away. */
const dataBytes = 64 * 1024;
/**
 * Metadata, as extended attributes of {@link attributeBytes} each: 16 MB. A rename on btrfs sets aside up to eight levels of
 * 16 KiB blocks, twice, for each item that it may touch (`btrfs_calc_insert_metadata_size`), and deleting the reserve takes
 * some of it. Seen on filesystems of 256 MB and 2 GB without a block of metadata left: 8 MB was too little, 12 MB was enough.
 */
const attributes = 4_096;
/** The largest that fits into a leaf of 4 KiB, which small ("mixed") btrfs filesystems have. */
const attributeBytes = 3_900;

const python = `
import os, sys
path, count, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for n in range(count):
    os.setxattr(path, f"user.baton.{n}", os.urandom(size), follow_symlinks=False)
`;

/** The layout, and the space set aside. Converges, whatever an earlier try has left. @throws SnapshotError `no-space` */
export const prepareWithReserve = async (run: Run, source: string): Promise<void> => {
  try {
    await prepareLayout(source);
    await makeReserve(run, await placeFor(source));
  } catch (error) {
    if (!isNoSpace(error)) throw error;
    await release(source);
    throw new SnapshotError(
      'no-space',
      `The filesystem of ${source} has no room for what is set aside for putting data back (16 MB on btrfs, 64 KiB elsewhere). Free some space, then try again.`,
      { cause: error },
    );
  }
};

/** Does the work; where the disk is too full for it, gives the reserve back to the filesystem and does it once more. */
export const withReserve = async <T>(run: Run, source: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    if (!isNoSpace(error) || !(await release(source))) throw error;
    // What is deleted can be used once the filesystem has written that down.
    await run('sync', ['-f', dirname(source)]);
    return await work();
  }
};

const isNoSpace = (error: unknown): boolean =>
  error instanceof SnapshotError ? error.code === 'no-space' : isFull(error);

const makeReserve = async (run: Run, place: string): Promise<void> => {
  const path = fileIn(place);
  if ((await isThere(path)) && (await stat(path)).size === dataBytes) return;
  await mkdir(dirname(place), { recursive: true, mode: 0o700 });
  const onBtrfs = (await filesystemOf(dirname(place))) === 'btrfs';
  if (onBtrfs) await makeSubvolume(run, place);
  else await mkdir(place, { recursive: true });
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  try {
    if (onBtrfs) await runPython(run, python, path, `${attributes}`, `${attributeBytes}`);
    // Last, so that its size tells that it is whole.
    await file.writeFile(randomBytes(dataBytes));
  } finally {
    await file.close();
  }
};

/** Of its own: a snapshot that somebody makes of the subvolume around it does not hold on to the space. */
const makeSubvolume = async (run: Run, place: string): Promise<void> => {
  if (await isThere(place)) return;
  try {
    await run('btrfs', ['subvolume', 'create', '--', place]);
  } catch (error) {
    // Another operation may have made it at this moment.
    if (!(await isThere(place))) throw error;
  }
};

/** @returns whether there was one to give back. */
const release = async (source: string): Promise<boolean> => {
  const path = fileIn(await placeFor(source));
  if (!(await isThere(path))) return false;
  await rm(path);
  return true;
};

const fileIn = (place: string): string => join(place, 'space');

/**
 * In the topmost directory above the data, on its filesystem, that Baton may write to and not everybody may: one reserve
 * serves all that lies below. Not in the root directory, unless the data itself is there.
 */
const placeFor = async (source: string): Promise<string> => {
  const mounts = new Set(await mountPoints());
  let directory = dirname(source);
  while (!mounts.has(directory)) {
    const above = dirname(directory);
    if (above === '/' || !(await isOurs(above))) break;
    directory = above;
  }
  return join(directory, directoryName, '.reserve');
};

const isOurs = async (directory: string): Promise<boolean> => {
  const mayWrite = await access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
  return mayWrite && ((await stat(directory)).mode & 0o002) === 0;
};
