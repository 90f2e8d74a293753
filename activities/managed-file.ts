/** `x-baton.files`: configuration outside the containers. Written whole, put back whole, with owner and mode. */
import {
  access,
  chmod,
  chown,
  constants,
  copyFile,
  mkdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { FilePlan } from '../domain/plan.ts';
import type { ManagedFile } from '../domain/stack.ts';
import type { Subject } from '../domain/subject.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease, secretsOf } from './release.ts';
import { writeWhole } from './releases.ts';
import type { Secrets } from './secrets.ts';

type Kept = { path: string; existed: boolean; mode: number; uid: number; gid: number };

export const fileActivities = (ports: Ports) => ({
  /** Writes every file of the release, after keeping what was there. */
  async writeFiles(subject: Subject, files: FilePlan[]): Promise<void> {
    await beating(async () => {
      if (files.every(({ action }) => action === 'keep')) return;
      const release = await loadRelease(ports, subject.stack, subject.release);
      const secrets = await secretsOf(ports, release);
      for (const [index, { path, action }] of files.entries()) {
        if (action === 'keep') continue;
        await keep(await keptDirectory(ports, subject), index, path);
        const file = release.spec.files.find((candidate) => candidate.path === path);
        if (action === 'remove' || !file) await rm(path, { force: true });
        else await replace(path, await contentOfFile(file, secrets), file.mode ?? 0o644);
      }
    });
  },

  /** Undo of `writeFiles`. */
  async putBackFiles(subject: Subject, files: FilePlan[]): Promise<void> {
    await beating(async () => {
      const directory = await keptDirectory(ports, subject);
      for (const [index, { action }] of files.entries())
        if (action !== 'keep') await putBack(directory, index);
    });
  },
});

export const contentOfFile = async (file: ManagedFile, secrets: Secrets): Promise<Buffer> =>
  file.source === undefined ? Buffer.from(secrets.resolve(file.content ?? '')) : await readFile(file.source);

const keptDirectory = async ({ releases }: Ports, { operation }: Subject): Promise<string> => {
  const directory = join(await releases.operationDirectory(operation), 'files');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return directory;
};

/** Keeps the file as it was. The record is written last and never again: a retry must not keep the new file as the old one. */
const keep = async (directory: string, index: number, path: string): Promise<void> => {
  const record = join(directory, `${index}.json`);
  if (await statIfThere(record)) return;
  const was = await statIfThere(path);
  if (was) await copyFile(path, join(directory, String(index)));
  const kept: Kept = {
    path,
    existed: was !== undefined,
    mode: (was?.mode ?? 0) & 0o7777,
    uid: was?.uid ?? 0,
    gid: was?.gid ?? 0,
  };
  await writeWhole(record, JSON.stringify(kept));
};

const putBack = async (directory: string, index: number): Promise<void> => {
  const record = join(directory, `${index}.json`);
  if (!(await statIfThere(record))) return;
  const kept = JSON.parse(await readFile(record, 'utf8')) as Kept;
  if (!kept.existed) {
    await rm(kept.path, { force: true });
    return;
  }
  await replace(kept.path, await readFile(join(directory, String(index))), kept.mode, kept);
};

/** Beside, then renamed: a reader such as Traefik's file watcher never sees half a file. */
const replace = async (
  path: string,
  content: Buffer,
  mode: number,
  owner?: { uid: number; gid: number },
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const draft = join(dirname(path), `.baton-draft-${process.pid}`);
  await rm(draft, { force: true });
  await writeFile(draft, content, { mode: 0o600, flush: true });
  if (owner) await chown(draft, owner.uid, owner.gid);
  await chmod(draft, mode);
  await rename(draft, path);
};

const statIfThere = async (path: string) => {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
};

/** What planning needs to know of each managed file. */
export const fileFacts = async (
  files: ManagedFile[],
  secrets: Secrets,
): Promise<Record<string, { exists: boolean; sameAsWanted: boolean; writable: boolean }>> => {
  const facts = await Promise.all(
    files.map(async (file) => {
      const there = await statIfThere(file.path);
      const now = there ? await readFile(file.path) : undefined;
      const wanted = await contentOfFile(file, secrets);
      const sameMode = there !== undefined && (there.mode & 0o7777) === (file.mode ?? 0o644);
      return [
        file.path,
        {
          exists: there !== undefined,
          sameAsWanted: sameMode && now !== undefined && now.equals(wanted),
          writable: await isWritable(file.path),
        },
      ] as const;
    }),
  );
  return Object.fromEntries(facts);
};

const isWritable = async (path: string): Promise<boolean> => {
  let directory = dirname(path);
  while (!(await statIfThere(directory))) directory = dirname(directory);
  return await access(directory, constants.W_OK).then(
    () => true,
    () => false,
  );
};
