/** What was appended to a file of lines since it was read last, through rotation (by renaming or by copying) and truncation. */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir, stat, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isMissing } from './errno.ts';

/** How far a file was read. `head`: a hash of its first `headBytes`, as an inode's number is given to another file soon. */
export type ReadTo = { inode: string; offset: number; headBytes: number; head: string };

/** `missed`: why some of it was not read. */
export type Appended = { readTo: ReadTo; lines: number; tooLong: number; missed?: string };

/** A quarter of a million requests with all their headers; reading that much takes seconds. */
export const mostBytes = 256 * 2 ** 20;
/** Of a look's time. */
const withinMs = 15_000;
/** Headers may come to a megabyte, and no more. */
const longestLine = 2 ** 20;
const chunkBytes = 256 * 2 ** 10;
const headLength = 256;
/** Fewer bytes say nothing: every line of a log may begin with them. */
const leastHead = 64;
/** A rotation leaves its newest beside the file. */
const mostBeside = 20;

/**
 * Nothing is told of what is there at the first time: it is from no known time on.
 * @param onLine is called with each whole line, in order.
 * @throws where the file cannot be read.
 */
export const readAppended = async (
  file: string,
  from: ReadTo | undefined,
  onLine: (line: string) => void,
): Promise<Appended> => {
  const handle = await openFile(file);
  try {
    if (!from) return { readTo: await readToOf(handle, await lastLineEnd(handle)), lines: 0, tooLong: 0 };
    return await readBoth(file, handle, from, onLine);
  } finally {
    await handle.close();
  }
};

const readBoth = async (
  file: string,
  handle: FileHandle,
  from: ReadTo,
  onLine: (line: string) => void,
): Promise<Appended> => {
  const until = performance.now() + withinMs;
  const goesOn = await isSame(handle, from);
  const old = goesOn ? undefined : await findRotated(file, from);
  try {
    const begin = goesOn ? from.offset : 0;
    const { size } = await handle.stat();
    const oldSize = old ? (await old.stat()).size : from.offset;
    const bytes = size - begin + oldSize - from.offset;
    const rest = old && bytes <= mostBytes ? await readLines(old, from.offset, oldSize, until, onLine) : none;
    const read = rest && bytes <= mostBytes ? await readLines(handle, begin, size, until, onLine) : undefined;
    // What cannot be read now could less be read later, when there is more of it.
    if (!read || !rest) return await passOver(handle, bytes);
    return {
      readTo: await readToOf(handle, read.offset),
      lines: read.lines + rest.lines,
      tooLong: read.tooLong + rest.tooLong,
      ...(goesOn || old ? {} : { missed: 'it was rotated or cut off, and what it held is not beside it' }),
    };
  } finally {
    await old?.close();
  }
};

const none = { offset: 0, lines: 0, tooLong: 0 };

const passOver = async (handle: FileHandle, bytes: number): Promise<Appended> => ({
  readTo: await readToOf(handle, await lastLineEnd(handle)),
  lines: 0,
  tooLong: 0,
  missed: `${Math.round(bytes / 2 ** 20)} MiB were appended, more than are read in one look`,
});

/** A pipe would never be opened, or never end. */
const openFile = async (file: string): Promise<FileHandle> => {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new Error(`${file} is no file`);
};

const readToOf = async (handle: FileHandle, offset: number): Promise<ReadTo> => {
  const { dev, ino } = await handle.stat({ bigint: true });
  const headBytes = Math.min(headLength, offset);
  return { inode: `${dev}:${ino}`, offset, headBytes, head: await headOf(handle, headBytes) };
};

const headOf = async (handle: FileHandle, bytes: number): Promise<string> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
  return createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32);
};

const isSame = async (handle: FileHandle, from: ReadTo): Promise<boolean> => {
  const { dev, ino } = await handle.stat({ bigint: true });
  return from.inode === `${dev}:${ino}` && (await holds(handle, from));
};

const holds = async (handle: FileHandle, { offset, headBytes, head }: ReadTo): Promise<boolean> =>
  (await handle.stat()).size >= offset && (await headOf(handle, headBytes)) === head;

/** By what it holds, as a copy has another inode; by its inode where too little was read of it. */
const findRotated = async (file: string, from: ReadTo): Promise<FileHandle | undefined> => {
  for (const beside of await newestBeside(file)) {
    const handle = await openFile(beside).catch((error: unknown) => {
      // Renamed or removed since it was listed.
      if (isMissing(error)) return undefined;
      throw error;
    });
    if (!handle) continue;
    const found = from.headBytes < leastHead ? await isSame(handle, from) : await holds(handle, from);
    if (found) return handle;
    await handle.close();
  }
  return undefined;
};

const newestBeside = async (file: string): Promise<string[]> => {
  const name = basename(file);
  const [stem = name] = name.split(/\.(?=[^.]*$)/);
  const names = (await readdir(dirname(file))).filter((one) => one !== name && one.startsWith(stem));
  const seen = await Promise.all(
    names.map(async (one) => {
      const path = join(dirname(file), one);
      const found = await stat(path).catch(() => undefined);
      return found?.isFile() ? [{ path, at: found.mtimeMs }] : [];
    }),
  );
  return seen
    .flat()
    .sort((a, b) => b.at - a.at)
    .slice(0, mostBeside)
    .map(({ path }) => path);
};

/** Where the last whole line ends: a line may be half written. */
const lastLineEnd = async (handle: FileHandle): Promise<number> => {
  const { size } = await handle.stat();
  const bytes = Math.min(size, longestLine);
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, size - bytes);
  const newline = buffer.subarray(0, bytesRead).lastIndexOf(lineEnd);
  return newline < 0 ? (size > bytes ? size : 0) : size - bytes + newline + 1;
};

const lineEnd = 10;

/** @returns where it has to go on: what does not end is no line yet. `undefined` where it takes too long. */
const readLines = async (
  handle: FileHandle,
  begin: number,
  end: number,
  until: number,
  onLine: (line: string) => void,
): Promise<typeof none | undefined> => {
  let [offset, lines, tooLong] = [begin, 0, 0];
  let rest: Buffer = Buffer.alloc(0);
  for (let at = begin; at < end;) {
    if (performance.now() > until) return undefined;
    const wanted = Math.min(chunkBytes, end - at);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(wanted), 0, wanted, at);
    if (bytesRead === 0) break;
    at += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let newline = rest.indexOf(lineEnd); newline >= 0; newline = rest.indexOf(lineEnd)) {
      onLine(rest.toString('utf8', 0, newline).trimEnd());
      lines += 1;
      offset += newline + 1;
      rest = rest.subarray(newline + 1);
    }
    if (rest.length <= longestLine) continue;
    tooLong += 1;
    offset += rest.length;
    rest = Buffer.alloc(0);
  }
  return { offset, lines, tooLong };
};
