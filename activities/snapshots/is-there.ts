import { lstat } from 'node:fs/promises';
import { ifThere } from '../errno.ts';

/** True for anything at that path, a dangling link included. */
export const isThere = async (path: string): Promise<boolean> =>
  (await ifThere(() => lstat(path))) !== undefined;
