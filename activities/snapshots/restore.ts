/**
 * Putting data back. The live path is there at every moment, old or new: the two are exchanged in one system call. What
 * the exchange would bring in is identified in a marker first, so that a crash on either side of it is told apart.
 */
import { lstat, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { SnapshotName } from '../../domain/snapshot.ts';
import type { Driver } from './driver.ts';
import { exchange } from './exchange.ts';
import { isThere } from './is-there.ts';
import { draftOf, locationOf } from './layout.ts';
import type { Run } from './run.ts';

export const restore = async (
  run: Run,
  driver: Driver,
  source: string,
  snapshot: string,
  failedAs: SnapshotName,
): Promise<void> => {
  const failed = locationOf(source, failedAs);
  const draft = draftOf(source, failedAs);
  const marker = `${draft}.incoming`;
  if (!(await isThere(failed))) {
    const incoming = (await isThere(marker)) ? await readFile(marker, 'utf8') : undefined;
    if (incoming === undefined || !(await isThere(draft)))
      await prepare(run, driver, snapshot, draft, marker);
    if ((await readFile(marker, 'utf8')) === (await identity(run, draft))) await exchange(run, source, draft);
    await driver.seal(draft);
    await rename(draft, failed);
    await run('sync', ['-f', failed]);
  }
  await rm(marker, { force: true });
};

/** The marker is written last: without it, whatever lies at `draft` is a copy that was not finished. */
const prepare = async (
  run: Run,
  driver: Driver,
  snapshot: string,
  draft: string,
  marker: string,
): Promise<void> => {
  await driver.remove(draft);
  await driver.copyOut(snapshot, draft);
  await writeFile(`${marker}.new`, await identity(run, draft), { flush: true });
  await rename(`${marker}.new`, marker);
};

/** Tells two files or directories on one filesystem apart: the inode, or for a subvolume its id. */
const identity = async (run: Run, path: string): Promise<string> => {
  const { ino } = await lstat(path);
  return ino === 256
    ? `subvolume ${(await run('btrfs', ['inspect-internal', 'rootid', path])).trim()}`
    : `inode ${ino}`;
};
