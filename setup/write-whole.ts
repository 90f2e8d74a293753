/** Files that are made anew whenever they are missing, by several processes at once if it so happens. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';

/** Under its name there is all of it or nothing, even after a power loss: V8 believes what it reads. Each process has a draft of its own. */
export const writeWhole = (path: string, content: Uint8Array | string): void => {
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeFileSync(draft, content, { flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
};
