/** The files port on the host's filesystem. */
import {
  access,
  chmod,
  chown,
  constants,
  copyFile,
  link,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  stat,
} from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { errnoOf, ifThere } from './errno.ts';
import type { Files } from './ports/files.ts';

export const openFiles = (): Files => ({
  async read(path) {
    const there = await ifThere(() => stat(path));
    if (!there) return undefined;
    const { mode, uid, gid } = there;
    return { content: await readFile(path), mode: mode & 0o7777, uid, gid };
  },
  async isWritable(path) {
    let directory = dirname(path);
    while (!(await ifThere(() => stat(directory)))) directory = dirname(directory);
    return await access(directory, constants.W_OK).then(
      () => true,
      () => false,
    );
  },
  async replace(path, content, how) {
    await mkdir(dirname(path), { recursive: true });
    await writeWhole(path, content, how);
  },
  async remove(path) {
    await rm(path, { force: true });
  },
  async keep(path, operation) {
    const kept = keptName(path, operation);
    if (await ifThere(() => stat(kept))) return true;
    const there = await ifThere(() => stat(path));
    if (!there) return false;
    try {
      await link(path, kept);
    } catch (error) {
      // No hard links on this filesystem, or not of a file of someone else's.
      if (!['EPERM', 'ENOTSUP'].includes(String(errnoOf(error)))) throw error;
      await copyFile(path, kept);
      await chown(kept, there.uid, there.gid);
      await chmod(kept, there.mode & 0o7777);
    }
    return true;
  },
  async putBack(path, operation) {
    const kept = keptName(path, operation);
    if (!(await ifThere(() => stat(kept)))) return;
    await rename(kept, path);
    // Two names of one file are left both there by rename(2).
    await rm(kept, { force: true });
  },
  async dropKept(path, operation) {
    await rm(keptName(path, operation), { force: true });
  },
});

/** Not ending as the file does: what watches a directory for `*.yml` must not read it. */
const keptName = (path: string, operation: string): string =>
  join(dirname(path), `.${basename(path)}.baton-${operation}`);

/** Written beside, flushed, renamed: a reader sees the old file or the new one, never half of one. */
export const writeWhole = async (
  file: string,
  content: string | Buffer,
  { mode, owner }: { mode: number; owner?: { uid: number; gid: number } } = { mode: 0o600 },
): Promise<void> => {
  // One draft a file: what a crash left is overwritten by the next try, so none are strewn about.
  const draft = join(dirname(file), `.${basename(file)}.baton-draft`);
  await rm(draft, { force: true });
  try {
    await writeFlushed(draft, content);
    if (owner) await chown(draft, owner.uid, owner.gid);
    await chmod(draft, mode);
    await rename(draft, file);
  } catch (error) {
    // What could not be written is the news; that its draft could not be removed either is not.
    await rm(draft, { force: true }).catch(() => undefined);
    throw error;
  }
  await flushDirectory(dirname(file));
};

const writeFlushed = async (file: string, content: string | Buffer): Promise<void> => {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Without this a power cut can take back the rename itself (fsync(2)). */
const flushDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};
