/** What the system says of a path that is not there, told from what it says of everything else. */

/** @returns `ENOENT` and the like; `undefined` for what is no error of the system. */
export const errnoOf = (error: unknown): string | undefined =>
  (error as NodeJS.ErrnoException | undefined)?.code;

/** Nothing is at that path, or something on the way to it is no directory. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String(errnoOf(error)));

/** @returns undefined where the path does not exist. */
export const ifThere = async <T>(read: () => Promise<T>): Promise<T | undefined> => {
  try {
    return await read();
  } catch (error) {
    if (!isMissing(error)) throw error;
    return undefined;
  }
};

/** The filesystem, or a quota on it, has no room. */
export const isNoSpace = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(String(errnoOf(error)));
