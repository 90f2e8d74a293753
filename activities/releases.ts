/** Releases on disk: one JSON file a release, one line a commit. Files are written whole and renamed into place. */
import { appendFile, mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseStackName, type OperationId, type ReleaseId, type StackName } from '../domain/names.ts';
import type { Release, ReleaseRecord } from '../domain/release.ts';
import type { ContainerBefore, Releases } from './ports/releases.ts';

/** @param root the state directory; made where it is missing, readable by its owner only. */
export const openReleases = (root: string): Releases => {
  const releaseFile = (stack: StackName, id: ReleaseId): string =>
    join(root, 'releases', stack, `${id}.json`);
  const logFile = (stack: StackName): string => join(root, 'releases', stack, 'log.jsonl');
  const beforeFile = (operation: OperationId): string => join(root, 'operations', operation, 'before.json');

  const history = async (stack: StackName): Promise<ReleaseRecord[]> => {
    const text = (await readIfThere(logFile(stack))) ?? '';
    return text.split('\n').flatMap(parseLine);
  };

  return {
    async put(release) {
      const file = releaseFile(release.spec.name, release.id);
      if ((await readIfThere(file)) === undefined) await writeWhole(file, JSON.stringify(release, null, 1));
    },
    async get(stack, id) {
      const text = await readIfThere(releaseFile(stack, id));
      return text === undefined ? undefined : (JSON.parse(text) as Release);
    },
    history,
    async record(stack, entry) {
      if ((await history(stack)).some(({ operation }) => operation === entry.operation)) return;
      await mkdir(dirname(logFile(stack)), { recursive: true, mode: 0o700 });
      // A leading newline closes a line that a power cut may have torn; `parseLine` skips what it cannot read.
      await appendFile(logFile(stack), `\n${JSON.stringify(entry)}\n`, { flush: true });
    },
    async forget(stack, operation) {
      const kept = (await history(stack)).filter((entry) => entry.operation !== operation);
      await writeWhole(logFile(stack), kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    },
    async stacks() {
      const names = await readdir(join(root, 'releases')).catch(emptyIfMissing);
      return names.flatMap((name) => parseStackName(name) ?? []);
    },
    async putBefore(operation, before) {
      const known = await this.getBefore(operation);
      if (known) return known;
      await writeWhole(beforeFile(operation), JSON.stringify(before, null, 1));
      return before;
    },
    async getBefore(operation) {
      const text = await readIfThere(beforeFile(operation));
      return text === undefined ? undefined : (JSON.parse(text) as ContainerBefore[]);
    },
    async operationDirectory(operation) {
      const directory = join(root, 'operations', operation);
      await mkdir(directory, { recursive: true, mode: 0o700 });
      return directory;
    },
  };
};

const parseLine = (line: string): ReleaseRecord[] => {
  try {
    return line === '' ? [] : [JSON.parse(line) as ReleaseRecord];
  } catch {
    // Torn by a power cut: it was never acknowledged, so its operation writes it again.
    return [];
  }
};

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const emptyIfMissing = (error: unknown): string[] => {
  if (isMissing(error)) return [];
  throw error;
};

const readIfThere = async (file: string): Promise<string | undefined> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
};

/** Written beside, flushed, renamed: a reader sees the old file or the new one, never half of one. */
export const writeWhole = async (file: string, text: string, mode = 0o600): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}.draft`;
  const handle = await open(draft, 'w', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
};
