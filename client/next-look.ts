/** How often a watcher looks at what runs. */
import { setTimeout as delay } from 'node:timers/promises';

/** A query costs the worker a few ms and leaves nothing in the history. */
const lookEveryMs = 250;

/** Where the machine is so busy that an answer takes long, the watcher leaves it in peace for some times as long. */
const peace = 4;

/** Resolves when it is time to look again; the command does not wait for a look that it needs no more. @param tookMs the last look. */
export const nextLook = async (tookMs = 0): Promise<undefined> =>
  await delay(Math.max(lookEveryMs, peace * tookMs), undefined, { ref: false });
