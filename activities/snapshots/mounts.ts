/** What is mounted, as this process sees it: proc_pid_mountinfo(5). */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSubvolume } from './filesystem.ts';

type Mount = {
  /** What of the filesystem is mounted: on btrfs the path of a subvolume, or of a directory, in it. */
  root: string;
  /** Where it is mounted. */
  point: string;
  type: string;
  source: string;
};

const mounts = async (): Promise<Mount[]> =>
  (await readFile('/proc/self/mountinfo', 'utf8')).split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, point] = before.split(' ').map(unescaped);
    const [type = '', source = ''] = after.split(' ').map(unescaped);
    return root === undefined || point === undefined ? [] : [{ root, point, type, source }];
  });

/** Spaces and the like are written as octal numbers. */
const unescaped = (text: string): string =>
  text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

export const mountPoints = async (): Promise<string[]> => (await mounts()).map(({ point }) => point);

/**
 * @param name of a btrfs subvolume, as `btrfs subvolume list` prints it: its path in the filesystem.
 * @returns where it is reached: of each filesystem that has one of that name a path, below a mount rather than a mount itself.
 */
export const subvolumePaths = async (name: string): Promise<string[]> => {
  const wanted = `/${name}`;
  const found = new Map<string, string>();
  // Below the outermost mount it can be exchanged, and not where it is mounted by itself.
  const outermostFirst = (await mounts()).sort((a, b) => a.root.length - b.root.length);
  for (const { root, point, type, source } of outermostFirst) {
    const above = root === '/' ? '' : root;
    if (type !== 'btrfs' || found.has(source) || (wanted !== above && !wanted.startsWith(`${above}/`)))
      continue;
    const path = join(point, wanted.slice(above.length));
    if (await isSubvolume(path)) found.set(source, path);
  }
  return [...found.values()];
};
