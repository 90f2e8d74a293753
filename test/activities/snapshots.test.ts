import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtempSync } from 'node:fs';
import { lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import { snapshotName } from '../../domain/snapshot.ts';
import { needed } from '../host/environment.ts';
import { runInMemory } from '../simulation/run.ts';
import { describeSnapshots } from './snapshots-contract.ts';

const btrfs = needed('BATON_TEST_BTRFS');
describeSnapshots('btrfs', 'btrfs', btrfs);
describeSnapshots('copy', 'btrfs', btrfs);
describeSnapshots('copy', 'xfs', needed('BATON_TEST_XFS'));
describeSnapshots('copy', 'ext4', needed('BATON_TEST_EXT4'));

describe('as simulations have it', () => {
  const root = mkdtempSync(join(tmpdir(), 'baton-tmpfs-'));
  before(async () => {
    await execa('mount', ['-t', 'tmpfs', 'tmpfs', root]);
  });
  after(async () => {
    await execa('umount', ['--lazy', root]);
    await rm(root, { recursive: true });
  });
  describeSnapshots('copy', 'tmpfs', root, runInMemory);
});

describe('a directory with the number that subvolumes have on btrfs', () => {
  const root = mkdtempSync(join(tmpdir(), 'baton-tmpfs-'));
  before(async () => {
    await execa('mount', ['-t', 'tmpfs', 'tmpfs', root]);
  });
  after(async () => {
    await execa('umount', ['--lazy', root]);
    await rm(root, { recursive: true });
  });

  test('is a directory like any other elsewhere', async () => {
    const numbered = async (name = 0): Promise<string> => {
      const path = join(root, `${name}`);
      await mkdir(path);
      return (await lstat(path)).ino === 256 ? path : await numbered(name + 1);
    };
    const path = await numbered();
    await writeFile(join(path, 'rows'), 'opening');
    const [stack, operation] = [parseStackName('photos'), parseOperationId('0123abcd')];
    assert.ok(stack && operation);
    const kept = snapshotName({ stack, operation, purpose: 'undone', takenAt: '2026-01-01T00:00:00Z' });
    const snapshots = openSnapshots();
    assert.equal((await snapshots.inspect(path, { sizeLimitBytes: 1 })).driver, 'copy');
    const { driver, location } = await snapshots.clear(path, kept);
    assert.equal(driver, 'copy');
    assert.equal(await readFile(join(location, 'rows'), 'utf8'), 'opening');
  });
});

describe('what cannot be snapshotted, or not as one would think, is said', () => {
  const snapshots = openSnapshots();
  const base = join(btrfs, `facts-${randomBytes(3).toString('hex')}`);
  const inspect = async (path: string) => await snapshots.inspect(path, { sizeLimitBytes: 2 ** 20 });

  test('nested subvolumes are listed, and stand in the way', async () => {
    await mkdir(base);
    const outer = join(base, 'outer');
    await execa('btrfs', ['subvolume', 'create', outer]);
    await mkdir(join(outer, 'deep'));
    await execa('btrfs', ['subvolume', 'create', join(outer, 'deep', 'inner')]);
    const facts = await inspect(outer);
    assert.deepEqual(facts.nested, [join(outer, 'deep', 'inner')]);
    assert.equal(facts.driver, undefined);
    assert.match(facts.reason, /nested/);
  });

  test('the root of a mount cannot be exchanged', async () => {
    const facts = await inspect(btrfs);
    assert.equal(facts.isMountRoot, true);
    assert.equal(facts.driver, undefined);
  });

  test('NOCOW is seen', async () => {
    const path = join(base, 'nocow');
    await execa('btrfs', ['subvolume', 'create', path]);
    await execa('chattr', ['+C', path]);
    assert.equal((await inspect(path)).noCow, true);
  });

  test('a size above the limit is said, where a copy would cost it', async () => {
    const path = join(needed('BATON_TEST_EXT4'), `large-${randomBytes(3).toString('hex')}`);
    await mkdir(path);
    await writeFile(join(path, 'file'), randomBytes(3 * 2 ** 20));
    const facts = await inspect(path);
    assert.equal(facts.sizeExceeded, true);
    assert.ok(facts.sizeBytes > 2 ** 20);
    assert.ok(facts.freeBytes > 0);
  });
});

describe('a btrfs subvolume', () => {
  const name = `named ${randomBytes(4).toString('hex')}`;
  const mount = mkdtempSync(join(tmpdir(), 'baton-subvolume-'));
  before(async () => {
    await execa('btrfs', ['subvolume', 'create', join(btrfs, name)]);
    await mkdir(join(btrfs, name, 'directory'));
    await execa('btrfs', ['subvolume', 'create', join(btrfs, name, 'inner')]);
    await execa('mount', ['--bind', join(btrfs, name), mount]);
  });
  after(async () => {
    await execa('umount', ['--lazy', mount]);
    await rm(mount, { recursive: true });
    for (const path of [join(name, 'inner'), name])
      await execa('btrfs', ['subvolume', 'delete', join(btrfs, path)]);
  });

  test('is found by its name, where it can be exchanged, also where it is mounted by itself too', async () => {
    const snapshots = openSnapshots();
    assert.deepEqual(await snapshots.subvolumes(name), [join(btrfs, name)]);
    assert.deepEqual(await snapshots.subvolumes(`${name}/inner`), [join(btrfs, name, 'inner')]);
  });

  test('is no directory, and no other of a name that begins alike', async () => {
    const snapshots = openSnapshots();
    for (const other of [`${name}/directory`, name.slice(0, -1), 'inner', '../etc'])
      assert.deepEqual(await snapshots.subvolumes(other), []);
  });
});
