import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { isMissing } from '../errno.ts';

/** Visits everything below; `visit` says whether to go into a directory. What vanishes meanwhile is skipped. */
export const walk = async (
  root: string,
  visit: (path: string, isDirectory: boolean) => Promise<boolean>,
): Promise<void> => {
  const pending = [root];
  for (let directory = pending.pop(); directory !== undefined; directory = pending.pop()) {
    try {
      for await (const entry of await opendir(directory)) {
        const path = join(directory, entry.name);
        if (await visit(path, entry.isDirectory())) pending.push(path);
      }
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
};
