/** Where a copy is brought back to, until it is whole. */
import { basename, dirname, join } from 'node:path';
import { isThere } from '../snapshots/is-there.ts';
import { CopyError } from '../ports/copies.ts';

/** Beside it, on the same filesystem. */
export const draftOf = (directory: string): string =>
  join(dirname(directory), `.${basename(directory)}.baton-draft`);

/** Never over anything. */
export const demandNothingThere = async (directory: string): Promise<void> => {
  if (await isThere(directory))
    throw new CopyError(
      'unsupported',
      `${directory} is there already: a copy is brought back into a directory of its own.`,
    );
  if (!(await isThere(dirname(directory))))
    throw new CopyError('not-found', `${dirname(directory)} does not exist: make it first.`);
};
