/** Which filesystem a path is on, and what a subvolume is there. */
import { lstat, statfs } from 'node:fs/promises';
import { isThere } from './is-there.ts';

/** From statfs(2) and linux/magic.h. */
const magic: Record<number, string> = {
  0x9123683e: 'btrfs',
  0x58465342: 'xfs',
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x2fc12fc1: 'zfs',
  0x6969: 'nfs',
  0x794c7630: 'overlay',
};

/** @returns `btrfs` for one; the magic number in hexadecimal where it is not a known one. */
export const filesystemOf = async (path: string): Promise<string> => {
  const { type } = await statfs(path);
  return magic[type] ?? `0x${type.toString(16)}`;
};

/** Every subvolume's root directory has this inode number (btrfs(5)); on other filesystems any file may have it. */
export const subvolumeInode = 256;

export const isSubvolume = async (path: string): Promise<boolean> => {
  if (!(await isThere(path))) return false;
  const info = await lstat(path);
  return info.isDirectory() && info.ino === subvolumeInode && (await filesystemOf(path)) === 'btrfs';
};
