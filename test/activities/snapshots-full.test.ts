/**
 * A disk that fills between the snapshot and its return. The snapshot itself comes in, so nothing need be written but names,
 * and for those room was set aside.
 */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import { snapshotName, type FileDriver } from '../../domain/snapshot.ts';

type Case = {
  filesystem: string;
  make: string[];
  size: string;
  driver: FileDriver;
  /** Of blocks for data, or of blocks for metadata as well. */
  fullOf: 'data' | 'metadata';
};

const mixed = { filesystem: 'small btrfs', make: ['mkfs.btrfs', '-q', '--mixed'], size: '64M' };
const btrfs = { filesystem: 'btrfs', make: ['mkfs.btrfs', '-q'], size: '256M' };
const cases: Case[] = [
  { ...mixed, driver: 'btrfs', fullOf: 'data' },
  { ...mixed, driver: 'btrfs', fullOf: 'metadata' },
  { ...btrfs, driver: 'btrfs', fullOf: 'data' },
  { ...btrfs, driver: 'btrfs', fullOf: 'metadata' },
  { ...btrfs, driver: 'copy', fullOf: 'metadata' },
  { filesystem: 'xfs', make: ['mkfs.xfs', '-q'], size: '300M', driver: 'copy', fullOf: 'metadata' },
  { filesystem: 'ext4', make: ['mkfs.ext4', '-q'], size: '64M', driver: 'copy', fullOf: 'metadata' },
  // Not a block, not an inode left.
  {
    filesystem: 'ext4 of 256 inodes',
    make: ['mkfs.ext4', '-q', '-N', '256'],
    size: '64M',
    driver: 'copy',
    fullOf: 'metadata',
  },
];

/** Ever smaller pieces, and again after each flush, until nothing at all can be written. */
const filler = `
import errno, os, subprocess, sys
def until_full(write):
    count = 0
    try:
        while write(count): count += 1
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.E2BIG): raise
    return count
def data(name, size):
    def write(_):
        with open(name, "ab", buffering=0) as file: return file.write(bytes(size)) == size
    return until_full(write)
def attributes(each, size, turn):
    def write(n):
        name = f"{turn}-{each}-{size}-{n}"
        with open(name, "xb"): pass
        for i in range(each): os.setxattr(name, f"user.{i}", os.urandom(size))
        return True
    return until_full(write)
turn = 0
while True:
    written = data("large", 65536) + data("rest", 512)
    if sys.argv[1] == "metadata": written += attributes(32, 3900, turn) + attributes(1, 3900, turn) + attributes(1, 10, turn)
    subprocess.run(["sync", "-f", "."])
    if not written: break
    turn += 1
`;

const nameOf = (purpose: 'before' | 'failed') => {
  const stack = parseStackName('photos');
  const operation = parseOperationId('0123abcd');
  assert.ok(stack && operation);
  return snapshotName({ stack, operation, purpose, takenAt: '2026-01-01T00:00:00Z' });
};

const onFilesystem = async (
  { make: [command = '', ...args], size }: Case,
  work: (disk: string) => Promise<void>,
): Promise<void> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-full-'));
  const disk = join(directory, 'disk');
  try {
    await mkdir(disk);
    await execa('truncate', ['-s', size, `${disk}.img`]);
    await execa(command, [...args, `${disk}.img`]);
    await execa('mount', ['-o', 'loop', `${disk}.img`, disk]);
    await work(disk);
  } finally {
    await execa('umount', [disk], { reject: false });
    await rm(directory, { recursive: true });
  }
};

const prepare = async (disk: string, driver: FileDriver): Promise<string> => {
  const data = join(disk, 'data');
  if (driver === 'btrfs') await execa('btrfs', ['subvolume', 'create', data]);
  else await mkdir(data);
  await writeFile(join(data, 'rows'), 'opening');
  return data;
};

const fillUp = async (disk: string, fullOf: Case['fullOf']): Promise<void> => {
  await mkdir(join(disk, 'filler'));
  await execa('python3', ['-c', filler, fullOf], { cwd: join(disk, 'filler') });
  await assert.rejects(writeFile(join(disk, 'one-more'), 'x'.repeat(8192)), /ENOSPC/);
};

const snapshots = openSnapshots();

describe('on a disk that has filled since, data is put back', () => {
  for (const one of cases)
    test(`${one.driver} on ${one.filesystem}, full of ${one.fullOf}`, async () => {
      await onFilesystem(one, async (disk) => {
        const data = await prepare(disk, one.driver);
        await snapshots.take(data, nameOf('before'), one.driver);
        await writeFile(join(data, 'rows'), 'ruined');
        await fillUp(disk, one.fullOf);
        await snapshots.swapIn(data, nameOf('before'), one.driver, nameOf('failed'));
        assert.equal(await readFile(join(data, 'rows'), 'utf8'), 'opening');
        const [kept] = await snapshots.list(data);
        assert.equal(await readFile(join(kept?.location ?? '', 'rows'), 'utf8'), 'ruined');
      });
    });
});

describe('on a disk that is full already, the snapshot is refused', () => {
  for (const one of [cases[0], cases[3]] as Case[])
    test(`${one.driver} on ${one.filesystem}, full of ${one.fullOf}`, async () => {
      await onFilesystem(one, async (disk) => {
        const data = await prepare(disk, one.driver);
        await fillUp(disk, one.fullOf);
        await assert.rejects(snapshots.take(data, nameOf('before'), one.driver), { code: 'no-space' });
        assert.deepEqual(await snapshots.list(data), []);
        // Nor does a reserve that is not whole take what is left.
        await assert.rejects(readdir(join(disk, '.baton-snapshots', '.reserve', 'space')), {
          code: 'ENOENT',
        });
      });
    });
});
