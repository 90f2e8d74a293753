/** What differs between two states of one path: which files, and of text which lines. */
import { createTwoFilesPatch } from 'diff';
import { lstat, open, readFile, readlink } from 'node:fs/promises';
import type { Stats } from 'node:fs';
import { join } from 'node:path';
import { mostChanges, type Changes, type FileChange } from '../domain/guard.ts';
import { ifThere } from './errno.ts';
import { walk } from './snapshots/walk.ts';

/** Text above this (bytes) is named, not shown; a whole difference above that is cut off. */
const textLimitBytes = 256 * 2 ** 10;
const diffLimitChars = 4 * 2 ** 20;
/** Two texts that differ in more lines than this are different files. */
const mostEdits = 5_000;

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
    const found = await compare(join(before, path), join(after, path), join(name, path));
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

/** Relative paths; the path itself is the empty one. */
const below = async (root: string): Promise<string[]> => {
  const found: string[] = [''];
  if ((await ifThere(() => lstat(root)))?.isDirectory())
    await walk(root, (path, isDirectory) => {
      found.push(path.slice(root.length + 1));
      return Promise.resolve(isDirectory);
    });
  return found;
};

type Found = { change: FileChange; text: string };

const compare = async (before: string, after: string, path: string): Promise<Found | undefined> => {
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
const sameContent = async (was: Stats, is: Stats, before: string, after: string): Promise<boolean> => {
  if (was.isSymbolicLink()) return (await readlink(before)) === (await readlink(after));
  if (!was.isFile()) return true;
  if (was.size !== is.size) return false;
  return was.mtimeMs === is.mtimeMs || (await sameBytes(before, after));
};

const chunk = 2 ** 16;

const sameBytes = async (one: string, other: string): Promise<boolean> => {
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
  before: string | undefined,
  after: string | undefined,
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
  ) as string | undefined;
  if (patch === undefined) return named;
  const text = patch.split('\n').slice(2).join('\n');
  const lines = patch.split('\n').slice(4);
  const starting = (sign: string): number => lines.filter((line) => line.startsWith(sign)).length;
  return { change: { path, change, lines: { added: starting('+'), removed: starting('-') } }, text };
};

/** @returns undefined for what is no text, or too long to be read by a person. An absent file is an empty text. */
const textOf = async (file: string | undefined): Promise<string | undefined> => {
  if (file === undefined) return '';
  const stats = await lstat(file);
  if (stats.isSymbolicLink()) return `→ ${await readlink(file)}\n`;
  if (!stats.isFile() || stats.size > textLimitBytes) return undefined;
  const bytes = await readFile(file);
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
};
