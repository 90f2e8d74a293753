/** `x-baton.files`: configuration outside the containers. Written whole, put back whole, with owner and mode. */
import { readSmallFile } from '../compose/small-file.ts';
import type { FilePlan } from '../domain/plan.ts';
import type { ManagedFile } from '../domain/stack.ts';
import type { Subject } from '../domain/subject.ts';
import { beating } from './activity.ts';
import type { Files } from './ports/files.ts';
import type { Ports } from './ports/index.ts';
import { loadRelease, secretsOf } from './release.ts';
import type { Secrets } from './secrets.ts';

const defaultMode = 0o644;

export const fileActivities = (ports: Ports) => ({
  /** Writes every file of the release, after keeping what was there. */
  async writeFiles(subject: Subject, files: FilePlan[]): Promise<void> {
    await beating(async () => {
      if (files.every(({ action }) => action === 'keep')) return;
      const release = await loadRelease(ports, subject.stack, subject.release);
      const secrets = await secretsOf(ports, release);
      for (const [index, { path, action }] of files.entries()) {
        if (action === 'keep') continue;
        // Recorded once: a retry must not take the new file for the old one.
        if (!(await ports.memory.keptFile(subject.operation, index)))
          await ports.memory.keepFile(subject.operation, index, {
            path,
            existed: await ports.files.keep(path, subject.operation),
          });
        const file = release.spec.files.find((candidate) => candidate.path === path);
        if (action === 'remove' || !file) await ports.files.remove(path);
        else
          await ports.files.replace(path, await contentOfFile(file, secrets), {
            mode: file.mode ?? defaultMode,
          });
      }
    });
  },

  /** Undo of `writeFiles`. */
  async putBackFiles(subject: Subject, files: FilePlan[]): Promise<void> {
    await beating(async () => {
      for (const [index, { action }] of files.entries()) {
        const kept = action === 'keep' ? undefined : await ports.memory.keptFile(subject.operation, index);
        if (!kept) continue;
        if (kept.existed) await ports.files.putBack(kept.path, subject.operation);
        else await ports.files.remove(kept.path);
      }
    });
  },
});

/** Configuration, not data. */
const largestBytes = 16 * 2 ** 20;

export const contentOfFile = async (file: ManagedFile, secrets: Secrets): Promise<Buffer> =>
  file.source === undefined
    ? Buffer.from(secrets.resolve(file.content ?? ''))
    : await readSmallFile(file.source, largestBytes);

/** What planning needs to know of each managed file. */
export const fileFacts = async (
  port: Files,
  files: ManagedFile[],
  secrets: Secrets,
): Promise<Record<string, { exists: boolean; sameAsWanted: boolean; writable: boolean }>> => {
  const facts = await Promise.all(
    files.map(async (file) => {
      const now = await port.read(file.path);
      const wanted = await contentOfFile(file, secrets);
      return [
        file.path,
        {
          exists: now !== undefined,
          sameAsWanted:
            now !== undefined && now.mode === (file.mode ?? defaultMode) && now.content.equals(wanted),
          writable: await port.isWritable(file.path),
        },
      ] as const;
    }),
  );
  return Object.fromEntries(facts);
};
