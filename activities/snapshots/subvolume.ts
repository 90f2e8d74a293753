/** Every subvolume's root directory has this inode number (btrfs(5)). */
export const subvolumeInode = 256;
