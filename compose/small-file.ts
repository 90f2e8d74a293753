/** Reads a file that someone named, and that may be anything: a device, a pipe, the memory of a process. */
import { readFile, realpath, stat } from 'node:fs/promises';

/** Ample for an env file, a key, a certificate. */
const smallBytes = 2 ** 20;

/** Ample for configuration that a program reads; more is data. */
export const configurationBytes = 16 * 2 ** 20;

/** Not files, whatever stat(2) says: what they hold is the reader's own, or never ends. */
const ofTheKernel = /^\/(?:proc|sys|dev)(?:\/|$)/;

/** Not a file that may be read here; the message is a whole sentence. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

/** @throws Unreadable; and as readFile does. */
export const readSmallFile = async (path: string, limitBytes = smallBytes): Promise<Buffer> => {
  const { size } = await demandFile(path);
  if (size > limitBytes) throw new Unreadable(`${path} has ${size} bytes; at most ${limitBytes} are read.`);
  return await readFile(path);
};

/** @throws Unreadable where it is something else than a file on a disk. */
export const demandFile = async (path: string): Promise<{ size: number }> => {
  const about = await stat(path);
  // A directory is told as readFile(2) tells it.
  if (!about.isFile() && !about.isDirectory()) throw new Unreadable(`${path} is not a file.`);
  const real = await realpath(path);
  if (ofTheKernel.test(real)) throw new Unreadable(`${path} is not a file on a disk.`);
  return about;
};
