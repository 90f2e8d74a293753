/** Scrubs and device errors of the btrfs filesystems that some paths are on. Reads only. */
import { realpath } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  parseAllocation,
  parseDeviceStats,
  parseScrub,
  type FilesystemHealth,
} from '../../domain/filesystem-health.ts';
import { mountOf } from './facts.ts';
import { filesystemOf } from './filesystem.ts';
import { isThere } from './is-there.ts';
import type { Run } from './run.ts';

/** @param paths that may be gone; their directories are asked then. */
export const healthOf = async (run: Run, paths: readonly string[]): Promise<FilesystemHealth[]> => {
  const mounts = new Set<string>();
  for (const path of paths) {
    const place = (await isThere(path)) ? path : dirname(path);
    if (!(await isThere(place))) continue;
    const real = await realpath(place);
    if ((await filesystemOf(real)) === 'btrfs') mounts.add(await mountOf(real));
  }
  return await Promise.all([...mounts].sort().map(async (mount) => await healthOfOne(run, mount)));
};

const healthOfOne = async (run: Run, filesystem: string): Promise<FilesystemHealth> => {
  try {
    // It tells its times in the zone of whoever asks.
    const scrub = await run('env', ['TZ=UTC', 'btrfs', 'scrub', 'status', '--', filesystem]);
    const devices = await run('btrfs', ['device', 'stats', '--', filesystem]);
    const allocation = parseAllocation(await run('btrfs', ['filesystem', 'usage', '-b', '--', filesystem]));
    return {
      filesystem,
      scrub: parseScrub(scrub),
      devices: parseDeviceStats(devices),
      ...(allocation ? { allocation } : {}),
    };
  } catch (error) {
    // Only root may ask.
    return { filesystem, scrub: { state: 'never' }, devices: [], unknown: (error as Error).message };
  }
};
