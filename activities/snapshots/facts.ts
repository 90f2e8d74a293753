/** What a path is. Reads only; a path that is missing is a fact, not an error. */
import { lstat, realpath, stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ifThere } from '../errno.ts';
import type { PathFacts } from '../ports/snapshots.ts';
import { filesystemOf, isSubvolume, subvolumeInode } from './filesystem.ts';
import { mountPoints } from './mounts.ts';
import type { Run } from './run.ts';
import { walk } from './walk.ts';

/** Looking at more files than this takes too long for a plan. */
const entriesLimit = 2_000_000;

export const inspectPath = async (run: Run, path: string, sizeLimitBytes: number): Promise<PathFacts> => {
  const info = await ifThere(() => stat(path));
  if (!info) return missingFacts(path);
  const realPath = await realpath(path);
  const filesystem = await statfs(realPath);
  const name = await filesystemOf(realPath);
  const type = info.isDirectory()
    ? 'directory'
    : info.isFile()
      ? 'file'
      : info.isSocket()
        ? 'socket'
        : info.isBlockDevice() || info.isCharacterDevice()
          ? 'device'
          : 'other';
  const isMountRoot = (await mountPoints()).includes(realPath);
  const reflink = name === 'btrfs' || (name === 'xfs' && (await xfsReflink(run, realPath)));
  const ownSubvolume = await isSubvolume(realPath);
  const size =
    ownSubvolume || (type !== 'directory' && type !== 'file')
      ? { sizeBytes: 0, sizeExceeded: false }
      : await sizeOf(run, realPath, reflink ? Number.MAX_SAFE_INTEGER : sizeLimitBytes);
  const facts = {
    path,
    exists: true,
    realPath,
    type,
    filesystem: name,
    isSubvolume: ownSubvolume,
    isMountRoot,
    nested: type === 'directory' ? await nestedIn(run, realPath, name, info.dev) : [],
    noCow: name === 'btrfs' && (await isNoCow(run, realPath)),
    reflink,
    ...size,
    freeBytes: filesystem.bavail * filesystem.bsize,
  } as const;
  return { ...facts, ...driverFor(facts) };
};

const missingFacts = (path: string): PathFacts => ({
  path,
  exists: false,
  realPath: path,
  type: 'missing',
  filesystem: 'none',
  isSubvolume: false,
  isMountRoot: false,
  nested: [],
  noCow: false,
  reflink: false,
  sizeBytes: 0,
  sizeExceeded: false,
  freeBytes: 0,
  driver: undefined,
  reason: 'does not exist yet',
});

const driverFor = (
  facts: Pick<PathFacts, 'type' | 'isMountRoot' | 'isSubvolume' | 'nested' | 'reflink' | 'filesystem'>,
): Pick<PathFacts, 'driver' | 'reason'> => {
  if (facts.type !== 'directory' && facts.type !== 'file')
    return { driver: undefined, reason: `it is a ${facts.type === 'other' ? 'pipe' : facts.type}` };
  if (facts.isMountRoot)
    return {
      driver: undefined,
      reason: 'it is a mount point, which cannot be exchanged; mount a directory below it instead',
    };
  if (facts.isSubvolume && facts.nested.length > 0)
    return {
      driver: undefined,
      reason: `it holds nested subvolumes or mounts, which a snapshot leaves out: ${facts.nested.slice(0, 3).join(', ')}`,
    };
  if (facts.isSubvolume) return { driver: 'btrfs', reason: 'a btrfs subvolume' };
  return {
    driver: 'copy',
    reason: facts.reflink
      ? `on ${facts.filesystem}, copied by reflink`
      : `on ${facts.filesystem}, copied in full`,
  };
};

/** Directories on another device (mounts, and btrfs subvolumes, which have device numbers of their own). At most 100. */
const nestedIn = async (run: Run, root: string, filesystem: string, device: number): Promise<string[]> => {
  const mounts = (await mountPoints()).filter((mount) => mount.startsWith(`${root}/`));
  if (filesystem !== 'btrfs') return mounts.slice(0, 100);
  const nested = new Set(mounts);
  const byFind = async (): Promise<void> => {
    const found = await run('find', [root, '-mindepth', '1', '-type', 'd', '-inum', `${subvolumeInode}`]);
    for (const line of found.split('\n').filter((path) => path !== '')) nested.add(line);
  };
  const byWalk = walk(root, async (path, isDirectory) => {
    if (!isDirectory || nested.size >= 100) return isDirectory;
    const info = await lstat(path);
    if (info.dev === device) return true;
    nested.add(path);
    return false;
  });
  await whereClosed(byWalk, byFind);
  return [...nested].slice(0, 100);
};

type Size = { sizeBytes: number; sizeExceeded: boolean };

const sizeOf = async (run: Run, path: string, limitBytes: number): Promise<Size> =>
  await whereClosed(sizeByWalk(path, limitBytes), async () => {
    const [bytes] = (await run('du', ['-s', '--block-size=1', '--', path])).split('\t');
    return { sizeBytes: Number(bytes), sizeExceeded: Number(bytes) > limitBytes };
  });

const sizeByWalk = async (path: string, limitBytes: number): Promise<Size> => {
  const seen = new Set<number>();
  let sizeBytes = 0;
  let entries = 0;
  const count = async (entry: string): Promise<void> => {
    const info = await lstat(entry);
    if (info.nlink > 1 && !info.isDirectory() && seen.has(info.ino)) return;
    seen.add(info.ino);
    sizeBytes += info.blocks * 512;
  };
  await count(path);
  await walk(path, async (entry, isDirectory) => {
    entries += 1;
    if (sizeBytes > limitBytes || entries > entriesLimit) return false;
    await count(entry);
    return isDirectory;
  });
  return { sizeBytes, sizeExceeded: sizeBytes > limitBytes || entries > entriesLimit };
};

/** Some of what a rootless container writes belongs to ids that only commands inside its user namespace may read. */
const whereClosed = async <T>(own: Promise<T>, inside: () => Promise<T>): Promise<T> => {
  try {
    return await own;
  } catch {
    return await inside();
  }
};

const isNoCow = async (run: Run, path: string): Promise<boolean> => {
  const said = await run('lsattr', ['-d', '--', path]).catch(() => '');
  return /^\S*C/.test(said);
};

const xfsReflink = async (run: Run, path: string): Promise<boolean> => {
  const said = await run('xfs_info', [await mountOf(path)]).catch(() => '');
  return said.includes('reflink=1');
};

/** Where the filesystem of a path is mounted. */
export const mountOf = async (path: string): Promise<string> => {
  const mounts = new Set(await mountPoints());
  let directory = path;
  while (!mounts.has(directory)) directory = dirname(directory);
  return directory;
};
