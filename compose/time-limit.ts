/** Work on what others wrote, in a library that may never come back from it. */
import { runInNewContext } from 'node:vm';

/** It took longer than it may. */
export class TookTooLong extends Error {
  override readonly name = 'TookTooLong';
}

/**
 * Does what is not asynchronous, and is cut off where it takes longer; nothing else goes on in this thread meanwhile.
 * @throws TookTooLong; and what the work throws.
 */
export const within = <T>(limitMs: number, work: () => T): T => {
  try {
    return runInNewContext('work()', { work }, { timeout: Math.max(1, Math.ceil(limitMs)) }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw new TookTooLong();
    throw error;
  }
};
