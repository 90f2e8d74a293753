import { createHash } from 'node:crypto';
import type { Run } from './run.ts';

/** @param which of what is there, in the words of `find`. @returns a digest of names, types, sizes, owners, modes and change times (ns) below a path: equal twice, nothing was written between. */
export const scan = async (run: Run, path: string, which: readonly string[] = []): Promise<string> => {
  const listing = await run('find', [path, ...which, '-printf', '%P\\0%y\\0%s\\0%C@\\0%U:%G\\0%m\\0%l\\n']);
  return createHash('sha256').update(listing.split('\n').sort().join('\n')).digest('hex');
};
