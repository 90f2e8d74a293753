/** Whether a dump is whole, and of one moment. */
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SnapshotError } from '../ports/snapshots.ts';

/** Tables that come and go during three dumps in a row do so all the time. */
const tries = 3;

/** Dumps until what is held is the same before and after. What came of other tries is removed. */
export const unchanged = async <Parts>(
  directory: string,
  contentsOf: () => Promise<string>,
  dump: () => Promise<Parts>,
): Promise<{ parts: Parts; contents: string }> => {
  for (let attempt = 1; ; attempt += 1) {
    for (const file of await readdir(directory)) await rm(join(directory, file));
    const contents = await contentsOf();
    const parts = await dump();
    if ((await contentsOf()) === contents) return { parts, contents };
    if (attempt === tries)
      throw new SnapshotError('database', 'Tables keep coming and going while the database is dumped.');
  }
};

/** Enough for the last lines of a dump. */
const endBytes = 1_024;

/** @throws SnapshotError `database` where the file ends otherwise: it is cut off. */
export const endsWith = async (directory: string, name: string, text: string): Promise<void> => {
  await using file = await open(join(directory, name), 'r');
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(
    Buffer.alloc(endBytes),
    0,
    endBytes,
    Math.max(0, size - endBytes),
  );
  if (!buffer.subarray(0, bytesRead).toString('utf8').includes(text))
    throw new SnapshotError('database', `The dump ${name} does not end with "${text}": it is cut off.`);
};
