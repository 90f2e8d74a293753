/** What differs between two states of one path: which files, and of text which lines. */
import { createTwoFilesPatch } from 'diff';
import type { Dirent, Stats } from 'node:fs';
import { lstat, open, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { mostChanges, mostEdits, type Changes, type FileChange } from '../domain/changes.ts';
import type { OperationId } from '../domain/names.ts';
import { ifThere } from './errno.ts';
import type { Memory } from './ports/memory.ts';

/** Text above this (bytes) is named, not shown; a whole difference above that is cut off. */
const textLimitBytes = 256 * 2 ** 10;
const diffLimitChars = 4 * 2 ** 20;

export type Difference = Omit<Changes, 'file'> & {
  /** As `diff -u` writes it. */
  text: string;
};

/** @param before and `after`: two directories, or two files; `name` is what both are called in the difference. */
export const differenceBetween = async (before: string, after: string, name: string): Promise<Difference> => {
  const paths = [...new Set([...(await below(before)), ...(await below(after))])].sort();
  const files: FileChange[] = [];
  const parts: string[] = [];
  let count = 0;
  let room = diffLimitChars;
  for (const path of paths) {
    const found = await compare(at(before, path), at(after, path), nameOf(name, path));
    if (!found) continue;
    count += 1;
    if (files.length < mostChanges) files.push(found.change);
    if (found.text.length <= room) parts.push(found.text);
    room -= found.text.length;
  }
  if (room < 0)
    parts.push(`(The rest is left out: the difference is longer than ${diffLimitChars} characters.)\n`);
  return { files, count, text: parts.join('') };
};

/** What differs between each pair of states, told as one; the whole of it is kept with the operation. */
export const changesBetween = async (
  memory: Memory,
  operation: OperationId,
  pairs: readonly { before: string; after: string; name: string }[],
): Promise<Changes> => {
  const all: Difference[] = [];
  for (const { before, after, name } of pairs) all.push(await differenceBetween(before, after, name));
  const text = all.map((difference) => difference.text).join('');
  return {
    files: all.flatMap(({ files }) => files).slice(0, mostChanges),
    count: all.reduce((sum, { count }) => sum + count, 0),
    ...(text === '' ? {} : { file: await memory.keepText(operation, 'changes.diff', text) }),
  };
};

/** Names are bytes, and need be no text; here each byte is one character. */
const bytes = 'latin1';

const at = (root: string, path: string): Buffer =>
  path === '' ? Buffer.from(root) : Buffer.concat([Buffer.from(`${root}/`), Buffer.from(path, bytes)]);

/** As a person reads it: quoted where it is of more than one line, or no text. */
const nameOf = (root: string, path: string): string => {
  const name = path === '' ? root : join(root, Buffer.from(path, bytes).toString('utf8'));
  return /[\p{Cc}\uFFFD]/u.test(name) ? JSON.stringify(name) : name;
};

/** Relative paths; the path itself is the empty one. */
const below = async (root: string): Promise<string[]> => {
  const found: string[] = [];
  const pending = [''];
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    found.push(path);
    for (const entry of await entriesOf(at(root, path))) {
      const inside = `${path === '' ? '' : `${path}/`}${entry.name.toString(bytes)}`;
      if (entry.isDirectory()) pending.push(inside);
      else found.push(inside);
    }
  }
  return found;
};

/** What vanishes meanwhile, or is no directory, has none. */
const entriesOf = async (path: Buffer): Promise<Dirent<Buffer>[]> =>
  (await ifThere(() => readdir(path, { withFileTypes: true, encoding: 'buffer' }))) ?? [];

type Found = { change: FileChange; text: string };

const compare = async (before: Buffer, after: Buffer, path: string): Promise<Found | undefined> => {
  const [was, is] = await Promise.all([ifThere(() => lstat(before)), ifThere(() => lstat(after))]);
  if (!was && !is) return undefined;
  if (!was) return await described('added', path, undefined, after);
  if (!is) return await described('removed', path, before, undefined);
  if (typeOf(was) !== typeOf(is))
    return {
      change: { path, change: 'changed' },
      text: `${path}: was a ${typeOf(was)}, is a ${typeOf(is)}\n`,
    };
  if (await sameContent(was, is, before, after)) {
    if (was.mode === is.mode && was.uid === is.uid && was.gid === is.gid) return undefined;
    return { change: { path, change: 'mode' }, text: `${path}: ${modeOf(was)} → ${modeOf(is)}\n` };
  }
  return await described('changed', path, before, after);
};

const typeOf = (stats: Stats): string =>
  stats.isFile()
    ? 'file'
    : stats.isDirectory()
      ? 'directory'
      : stats.isSymbolicLink()
        ? 'symbolic link'
        : 'special file';

const modeOf = ({ mode, uid, gid }: Stats): string =>
  `${(mode & 0o7777).toString(8).padStart(4, '0')} ${uid}:${gid}`;

/** Of one size and time counts as the same, as rsync(1) has it in its quick check. */
const sameContent = async (was: Stats, is: Stats, before: Buffer, after: Buffer): Promise<boolean> => {
  if (was.isSymbolicLink()) return (await readlink(before)) === (await readlink(after));
  if (!was.isFile()) return true;
  if (was.size !== is.size) return false;
  return was.mtimeMs === is.mtimeMs || (await sameBytes(before, after));
};

const chunk = 2 ** 16;

const sameBytes = async (one: Buffer, other: Buffer): Promise<boolean> => {
  await using a = await open(one, 'r');
  await using b = await open(other, 'r');
  for (;;) {
    const [first, second] = await Promise.all([a.read(Buffer.alloc(chunk)), b.read(Buffer.alloc(chunk))]);
    if (!first.buffer.subarray(0, first.bytesRead).equals(second.buffer.subarray(0, second.bytesRead)))
      return false;
    if (first.bytesRead === 0) return true;
  }
};

const described = async (
  change: 'added' | 'removed' | 'changed',
  path: string,
  before: Buffer | undefined,
  after: Buffer | undefined,
): Promise<Found> => {
  const [was, is] = await Promise.all([textOf(before), textOf(after)]);
  const named = { change: { path, change }, text: `${path}: ${change}\n` };
  if (was === undefined || is === undefined) return named;
  const patch = createTwoFilesPatch(
    path,
    path,
    was,
    is,
    change === 'added' ? '(not there)' : 'before',
    change === 'removed' ? '(not there)' : 'after',
    {
      maxEditLength: mostEdits,
    },
  );
  if (patch === undefined) return named;
  const text = patch.split('\n').slice(2).join('\n');
  const lines = patch.split('\n').slice(4);
  const starting = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
  return { change: { path, change, lines: { added: starting('+'), removed: starting('-') } }, text };
};

/** @returns undefined for what is no text, or too long to be read by a person. An absent file is an empty text. */
const textOf = async (file: Buffer | undefined): Promise<string | undefined> => {
  if (file === undefined) return '';
  const stats = await lstat(file);
  if (stats.isSymbolicLink()) return `→ ${await readlink(file)}\n`;
  if (!stats.isFile() || stats.size > textLimitBytes) return undefined;
  const content = await readFile(file);
  if (content.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return undefined;
  }
};
