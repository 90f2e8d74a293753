/** The memory port on disk: one JSON file a release, one line a commit, one directory an operation. Readable by its owner only. */
import { randomBytes } from 'node:crypto';
import { appendFile, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  parseReleaseId,
  parseStackName,
  type OperationId,
  type ReleaseId,
  type StackName,
} from '../domain/names.ts';
import type { Baseline } from '../domain/playbook.ts';
import type { Release, ReleaseRecord } from '../domain/release.ts';
import { withProof, type ProofHistory } from '../domain/restore-test.ts';
import { errnoOf, ifThere } from './errno.ts';
import { writeWhole } from './files.ts';
import { keyedHash } from './hash.ts';
import type { ContainerBefore, KeptFile, Memory } from './ports/memory.ts';

/** @param root the state directory; made where it is missing. */
export const openMemory = (root: string): Memory => {
  const releaseFile = (stack: StackName, id: ReleaseId): string =>
    join(root, 'releases', stack, `${id}.json`);
  const logFile = (stack: StackName): string => join(root, 'releases', stack, 'log.jsonl');
  const ofOperation = (operation: OperationId, ...names: string[]): string =>
    join(root, 'operations', operation, ...names);
  const beforeFile = (operation: OperationId): string => ofOperation(operation, 'before.json');
  const keptFileRecord = (operation: OperationId, index: number): string =>
    ofOperation(operation, 'files', `${index}.json`);

  const pathsFile = join(root, 'paths.json');
  const proofsFile = join(root, 'restore-tests.json');

  const history = async (stack: StackName): Promise<ReleaseRecord[]> => {
    const text = (await readIfThere(logFile(stack))) ?? '';
    return text.split('\n').flatMap(parseLine);
  };
  let key: Promise<Buffer> | undefined;

  return {
    async putRelease(release) {
      const file = releaseFile(release.spec.name, release.id);
      if ((await readIfThere(file)) === undefined) await put(file, JSON.stringify(release, null, 1));
    },
    async getRelease(stack, id) {
      const text = await readIfThere(releaseFile(stack, id));
      return text === undefined ? undefined : (JSON.parse(text) as Release);
    },
    async releases(stack) {
      const names = (await ifThere(() => readdir(join(root, 'releases', stack)))) ?? [];
      return names.flatMap((name) => parseReleaseId(name.replace(/\.json$/, '')) ?? []);
    },
    history,
    async record(stack, entry) {
      if ((await history(stack)).some(({ operation }) => operation === entry.operation)) return;
      await mkdir(dirname(logFile(stack)), { recursive: true, mode: 0o700 });
      // A leading newline closes a line that a power cut may have torn; `parseLine` skips what it cannot read.
      await appendFile(logFile(stack), `\n${JSON.stringify(entry)}\n`, { flush: true, mode: 0o600 });
    },
    async forget(stack, operation) {
      const all = await history(stack);
      const kept = all.filter((entry) => entry.operation !== operation);
      if (kept.length < all.length)
        await put(logFile(stack), kept.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
    },
    async stacks() {
      const names = (await ifThere(() => readdir(join(root, 'releases')))) ?? [];
      return names.flatMap((name) => parseStackName(name) ?? []);
    },

    async putBefore(operation, before) {
      const known = await this.getBefore(operation);
      if (known) return known;
      await put(beforeFile(operation), JSON.stringify(before, null, 1));
      return before;
    },
    async getBefore(operation) {
      const text = await readIfThere(beforeFile(operation));
      return text === undefined ? undefined : (JSON.parse(text) as ContainerBefore[]);
    },
    async keepFile(operation, index, kept) {
      const record = keptFileRecord(operation, index);
      if ((await readIfThere(record)) === undefined) await put(record, JSON.stringify(kept));
    },
    async keptFile(operation, index) {
      const text = await readIfThere(keptFileRecord(operation, index));
      return text === undefined ? undefined : (JSON.parse(text) as KeptFile);
    },

    async putBaseline(operation, baseline) {
      await put(ofOperation(operation, 'baseline.json'), JSON.stringify(baseline, null, 1));
    },
    async getBaseline(operation) {
      const text = await readIfThere(ofOperation(operation, 'baseline.json'));
      return text === undefined ? undefined : (JSON.parse(text) as Baseline);
    },

    async notePaths(paths) {
      const known = await this.notedPaths();
      const all = [...new Set([...known, ...paths])].sort();
      if (all.length > known.length) await put(pathsFile, JSON.stringify(all, null, 1));
    },
    async notedPaths() {
      const text = await readIfThere(pathsFile);
      return text === undefined ? [] : (JSON.parse(text) as string[]);
    },

    async noteProof(path, proof) {
      const known = await this.proofs();
      await put(proofsFile, JSON.stringify({ ...known, [path]: withProof(known[path], proof) }, null, 1));
    },
    async proofs() {
      const text = await readIfThere(proofsFile);
      return text === undefined ? {} : (JSON.parse(text) as Record<string, ProofHistory>);
    },

    async keepText(operation, name, text) {
      const file = ofOperation(operation, name);
      await put(file, text);
      return file;
    },

    async putContent({ stack, service, name, content, mode, owner }) {
      const digest = keyedHash(await this.hostKey(), content);
      const path = join(root, 'contents', stack, service, `${name}.${digest}`);
      // The directory above is private to the worker's user, so the file may be as open as the stack asks.
      await put(path, content, { mode, ...(owner ? { owner } : {}) });
      return path;
    },
    async noteDelivery(delivery, operation) {
      const file = join(root, 'deliveries', delivery);
      const noted = await readIfThere(file);
      if (noted !== undefined) return noted as OperationId;
      await put(file, operation);
      return operation;
    },
    async forgetDelivery(delivery, operation) {
      const file = join(root, 'deliveries', delivery);
      if ((await readIfThere(file)) === operation) await rm(file);
    },
    async hostKey() {
      key ??= readOrMakeKey(join(root, 'host.key'));
      return await key.catch((error: unknown) => {
        key = undefined;
        throw error;
      });
    },
  };
};

const put = async (
  file: string,
  text: string,
  how: { mode: number; owner?: { uid: number; gid: number } } = { mode: 0o600 },
): Promise<void> => {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await writeWhole(file, text, how);
};

/** Two workers may start at once: `link` lets one of them win, and both read what the winner wrote. */
const readOrMakeKey = async (file: string): Promise<Buffer> => {
  const there = await readIfThere(file);
  if (there !== undefined) {
    const key = Buffer.from(there, 'hex');
    // An empty one would seal nothing.
    if (key.length !== 32) throw new Error(`${file} is not a key of 32 bytes in hex.`);
    return key;
  }
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, randomBytes(32).toString('hex'), { mode: 0o600, flush: true });
  await link(draft, file).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await rm(draft);
  return await readOrMakeKey(file);
};

const parseLine = (line: string): ReleaseRecord[] => {
  try {
    return line === '' ? [] : [JSON.parse(line) as ReleaseRecord];
  } catch {
    // Torn by a power cut: it was never acknowledged, so its operation writes it again.
    return [];
  }
};

const readIfThere = async (file: string): Promise<string | undefined> =>
  await ifThere(() => readFile(file, 'utf8'));
