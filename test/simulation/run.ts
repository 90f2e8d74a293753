/**
 * The commands of the `copy` driver without their processes: a simulation runs tens of thousands of them. With these it passes
 * the snapshots' contract.
 */
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SnapshotError } from '../../activities/ports/snapshots.ts';
import type { Run } from '../../activities/snapshots/run.ts';

type Program = (args: readonly string[]) => string;

const programs: Record<string, Program> = {
  find: (args) => {
    const root = args[0] ?? '';
    // Subvolumes are looked for on btrfs only, and nothing here is closed to anybody.
    if (args.includes('-inum') || args.includes('-readable')) return '';
    return [...walk(root)]
      .map(({ path, about: { size, ctimeMs, uid, gid, mode } }) =>
        [path, size, ctimeMs, uid, gid, mode].join('\0'),
      )
      .join('\n');
  },
  du: (args) => {
    const sizes = [...walk(args.at(-1) ?? '')].map(({ about }) => about.blocks * 512);
    return `${sizes.reduce((sum, size) => sum + size, 0)}\t`;
  },
  rm: (args) => {
    rmSync(args.at(-1) ?? '', { recursive: true, force: true });
    return '';
  },
  cp: (args) => {
    const [from = '', to = ''] = args.slice(-2);
    copy(from, to, new Map());
    return '';
  },
  mkdir: (args) => {
    mkdirSync(args.at(-1) ?? '');
    return '';
  },
  touch: (args) => {
    writeFileSync(args.at(-1) ?? '', '');
    return '';
  },
  mv: (args) => {
    const [from = '', to = ''] = args.slice(-2);
    renameSync(from, to);
    return '';
  },
  // renameat2(2) with RENAME_EXCHANGE: nobody else runs in between.
  python3: (args) => {
    const [one = '', other = ''] = args.slice(-2);
    const aside = join(dirname(other), `.exchange-${basename(other)}`);
    renameSync(other, aside);
    renameSync(one, other);
    renameSync(aside, one);
    return '';
  },
  chown: ([reference = '', , path = '']) => {
    const { uid, gid } = lstatSync(reference.slice('--reference='.length));
    chownSync(path, uid, gid);
    return '';
  },
  chmod: ([reference = '', , path = '']) => {
    chmodSync(path, lstatSync(reference.slice('--reference='.length)).mode & 0o7777);
    return '';
  },
  sync: () => '',
};

export const runInMemory: Run = (command, args) => {
  const program = programs[command];
  if (!program) return Promise.reject(new SnapshotError('unsupported', `There is no ${command} here.`));
  return Promise.resolve(program(args));
};

function* walk(path: string): Generator<{ path: string; about: Stats }> {
  const about = lstatSync(path);
  yield { path, about };
  if (about.isDirectory()) for (const name of readdirSync(path)) yield* walk(join(path, name));
}

/** As `cp -a`: owners, modes, times, symbolic and hard links. @param links copies by the inode that they are of. */
const copy = (from: string, to: string, links: Map<number, string>): void => {
  const about = lstatSync(from);
  const { ino, nlink, uid, gid, mode, atimeMs, mtimeMs } = about;
  const link = links.get(ino);
  if (link !== undefined) {
    linkSync(link, to);
    return;
  }
  if (about.isSymbolicLink()) symlinkSync(readlinkSync(from), to);
  else if (about.isDirectory()) {
    mkdirSync(to);
    for (const name of readdirSync(from)) copy(join(from, name), join(to, name), links);
  } else {
    copyFileSync(from, to);
    if (nlink > 1) links.set(ino, to);
  }
  if (!about.isSymbolicLink()) {
    chownSync(to, uid, gid);
    chmodSync(to, mode & 0o7777);
  }
  lutimesSync(to, atimeMs / 1_000, mtimeMs / 1_000);
};
