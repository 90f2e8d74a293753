/** A file that grows, read as it does. */
import { open } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';

const chunkBytes = 2 ** 16;

/** @returns what has come since the last call, whole lines only until it is asked for `all`. A file that is not there yet, or not ours to read, has nothing new. */
export const followFile = (path: string): ((all?: boolean) => Promise<string[]>) => {
  let at = 0;
  let begun = '';
  // A letter may lie across two reads.
  const decoder = new StringDecoder('utf8');
  return async (all = false) => {
    const handle = await open(path, 'r').catch(() => undefined);
    if (!handle) return [];
    try {
      for (;;) {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, at);
        if (bytesRead === 0) break;
        begun += decoder.write(buffer.subarray(0, bytesRead));
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
    const lines = begun.split('\n');
    begun = all ? '' : (lines.pop() ?? '');
    return all && lines.at(-1) === '' ? lines.slice(0, -1) : lines;
  };
};
