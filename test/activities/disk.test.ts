/** The disk port on real filesystems: what is old goes; links, mounts, locks, open files and what comes between do no harm. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import {
  lutimes,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { openDisk } from '../../activities/disk/index.ts';
import { removalOf, together } from '../../activities/cleanup/swept.ts';
import type { Sweep, Swept } from '../../activities/ports/disk.ts';
import { until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';
import { SmallDisk } from '../host/small-disk.ts';

const disk = openDisk({ home: '/root', state: '/nowhere', others: [] });

for (const variable of ['BATON_TEST_BTRFS', 'BATON_TEST_XFS', 'BATON_TEST_EXT4'] as const)
  describe(`what is old, on ${variable.replace('BATON_TEST_', '').toLowerCase()}`, () => {
    let place: string;
    let root: string;
    beforeEach(async () => {
      place = await mkdtemp(join(needed(variable), 'sweep-'));
      root = join(place, 'root');
      await mkdir(root);
    });
    afterEach(async () => {
      await rm(place, { recursive: true });
    });
    const sweep = (more: Partial<Sweep> = {}): Sweep => ({
      root,
      olderThanMs: 0,
      keep: [],
      keepWhy: 'by name',
      ...more,
    });
    const put = async (name: string, text = 'x'): Promise<string> => {
      await mkdir(join(root, name, '..'), { recursive: true });
      await writeFile(join(root, name), text);
      return join(root, name);
    };
    const left = async (): Promise<string[]> => (await readdir(root, { recursive: true })).sort();

    test('is found without a change, and then removed with the directories that become empty', async () => {
      await put('a', 'x'.repeat(100_000));
      await put('deep/er/b');
      const found = await disk.findOld(sweep());
      assert.equal(found.files, 2);
      assert.deepEqual(await left(), ['a', 'deep', 'deep/er', 'deep/er/b']);
      const removed = await disk.removeOld(sweep());
      assert.deepEqual(removed, found);
      assert.ok(removed.bytes >= 100_000);
      assert.deepEqual(await left(), []);
      assert.equal((await disk.removeOld(sweep())).files, 0);
    });

    test('does not count as such by its mtime alone: what was just unpacked is new', async () => {
      const file = await put('a');
      await utimes(file, 0, 0);
      const { files, left: why } = await disk.removeOld(sweep({ olderThanMs: 3_600_000 }));
      assert.deepEqual([files, Object.values(why)], [0, [1]]);
      assert.ok(existsSync(file));
    });

    test('does not go while a process has it open, reads or writes, or has it mapped', async () => {
      await put('read');
      await put('written');
      const reads = await open(join(root, 'read'), 'r');
      const writes = await open(join(root, 'written'), 'a');
      assert.equal((await disk.removeOld(sweep())).files, 0);
      await reads.close();
      await writes.close();
      const mapper = spawn('python3', [
        '-I',
        '-S',
        '-c',
        'import mmap,os,sys\nf=os.open(sys.argv[1],os.O_RDONLY)\nm=mmap.mmap(f,1,prot=mmap.PROT_READ)\nos.close(f)\nprint("mapped",flush=True)\nsys.stdin.read()',
        join(root, 'read'),
      ]);
      await once(mapper.stdout, 'data');
      assert.equal((await disk.removeOld(sweep())).files, 1);
      assert.deepEqual(await left(), ['read']);
      const ended = once(mapper, 'exit');
      mapper.stdin.end();
      await ended;
      assert.equal((await disk.removeOld(sweep())).files, 1);
    });

    test('is a link itself, never what it leads to', async () => {
      const outside = join(place, 'outside');
      await mkdir(outside);
      await writeFile(join(outside, 'mine'), 'x');
      await symlink(outside, join(root, 'directory'));
      await symlink(join(outside, 'mine'), join(root, 'file'));
      await lutimes(join(root, 'file'), 0, 0);
      assert.equal((await disk.removeOld(sweep())).files, 2);
      assert.deepEqual(await readdir(outside), ['mine']);
      await symlink(outside, join(place, 'way'));
      await assert.rejects(disk.removeOld(sweep({ root: join(place, 'way') })));
      assert.deepEqual(await readdir(outside), ['mine']);
    });

    test('is not what lies on another mount, also of the same filesystem', async () => {
      const other = join(place, 'other');
      await mkdir(other);
      await writeFile(join(other, 'mine'), 'x');
      await mkdir(join(root, 'mounted'));
      await execa('mount', ['--bind', other, join(root, 'mounted')]);
      try {
        const { files, left: why } = await disk.removeOld(sweep());
        assert.equal(files, 0);
        assert.deepEqual(Object.keys(why), ['on another filesystem']);
      } finally {
        await execa('umount', [join(root, 'mounted')]);
      }
      assert.deepEqual(await readdir(other), ['mine']);
    });

    test('is not what somebody has locked, keeps by name, or what is no file', async () => {
      await put('locked/a');
      await put('kept/deep/a');
      await put('b.iso');
      await put('systemd-private-1-web.service-x/tmp/a');
      await execa('mkfifo', [join(root, 'pipe')]);
      const locker = spawn('flock', [join(root, 'locked'), 'sh', '-c', 'echo locked; cat'], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      await once(locker.stdout, 'data');
      const { files } = await disk.removeOld(sweep({ keep: ['*.iso', 'kept/deep'] }));
      assert.equal(files, 0);
      const ended = once(locker, 'exit');
      locker.stdin.end();
      await ended;
      assert.equal((await disk.removeOld(sweep({ keep: ['*.iso', 'kept/deep'] }))).files, 1);
      assert.deepEqual(await left(), [
        'b.iso',
        'kept',
        'kept/deep',
        'kept/deep/a',
        'pipe',
        'systemd-private-1-web.service-x',
        'systemd-private-1-web.service-x/tmp',
        'systemd-private-1-web.service-x/tmp/a',
      ]);
    });

    test('of certain names only, leaves directories and all else', async () => {
      for (const name of ['1/output.log', '1/before.json', '2/output.log', '3/output.log']) await put(name);
      const { files } = await disk.removeOld(sweep({ names: ['output.log'], keep: ['2'] }));
      assert.equal(files, 2);
      assert.deepEqual(await left(), ['1', '1/before.json', '2', '2/output.log', '3']);
    });

    test('one that resists keeps no other', async () => {
      const file = await put('a');
      await put('b');
      await execa('chattr', ['+i', file]);
      try {
        const { files, failures, failed } = await disk.removeOld(sweep());
        assert.deepEqual([files, failures, failed.length], [1, 1, 1]);
      } finally {
        await execa('chattr', ['-i', file]);
      }
    });

    test('a directory that is exchanged for a link all the while leads nowhere', async () => {
      const outside = join(place, 'outside');
      await mkdir(outside);
      for (let n = 0; n < 20; n += 1) await writeFile(join(outside, `mine-${n}`), 'x');
      const [victim, aside, link] = ['victim', 'aside', 'link'].map((name) => join(root, name)) as [
        string,
        string,
        string,
      ];
      await symlink(outside, join(place, 'link'));
      const over = new AbortController();
      const exchanging = (async () => {
        while (!over.signal.aborted) {
          await mkdir(victim, { recursive: true }).catch(() => undefined);
          await writeFile(join(victim, 'bait'), 'x').catch(() => undefined);
          await rename(victim, aside).catch(() => undefined);
          await symlink(outside, victim).catch(() => undefined);
          await rm(victim, { force: true }).catch(() => undefined);
          await rm(aside, { recursive: true, force: true }).catch(() => undefined);
        }
      })();
      for (let n = 0; n < 15; n += 1) await disk.removeOld(sweep({ keep: [link] }));
      over.abort();
      await exchanging;
      assert.equal((await readdir(outside)).length, 20);
    });

    test('asked to stop, it stops after the file that it is at, and tells what it did', async () => {
      for (let n = 0; n < 3_000; n += 1) await writeFile(join(root, `f${n}`), '');
      const stop = new AbortController();
      const working = disk.removeOld(sweep(), stop.signal);
      await until('the first to go', async () => (await readdir(root)).length < 3_000);
      stop.abort();
      const { files } = await working;
      assert.equal(files, 3_000 - (await readdir(root)).length);
    });
  });

describe('how full a filesystem is', () => {
  test('is told by its first mount, as df counts, and follows what is written and removed', async () => {
    const small = await SmallDisk.mount(['mkfs.ext4', '-q'], '64M');
    try {
      const part = join(small.path, 'part');
      await mkdir(part);
      await execa('mount', ['--bind', part, part]);
      const before = await disk.usage(part, false);
      assert.equal(before?.filesystem, small.path);
      await writeFile(join(part, 'file'), Buffer.alloc(8 * 2 ** 20, 'x'));
      const full = await disk.usage(part, false);
      assert.ok(full && before.freeBytes - full.freeBytes >= 8 * 2 ** 20);
      await rm(join(part, 'file'));
      assert.equal((await disk.usage(part, true))?.freeBytes, before.freeBytes);
      const percent = (full.usedBytes / (full.usedBytes + full.freeBytes)) * 100;
      const said = await execa('df', ['--output=pcent', small.path]);
      assert.ok(percent < Number(/(\d+)%/.exec(said.stdout)?.[1]) + 100);
      await execa('umount', [part]);
      assert.equal(await disk.usage(join(small.path, 'nowhere'), false), undefined);
    } finally {
      await small.unmount();
    }
  });
});

describe('the journal', () => {
  /** One archived file that begins at that time with its n-th entry, written by systemd's own writer. */
  const archive = async (directory: string, atMs: number, first: number): Promise<string> => {
    const us = BigInt(Math.floor(atMs)) * 1000n;
    const entry = [
      `__REALTIME_TIMESTAMP=${us}`,
      '__MONOTONIC_TIMESTAMP=1',
      `_BOOT_ID=${'0'.repeat(31)}1`,
      'MESSAGE=hello',
      '',
    ];
    const input = join(directory, '..', 'export');
    await writeFile(input, `${entry.join('\n')}\n`);
    const name = `system@${'a'.repeat(32)}-${first.toString(16).padStart(16, '0')}-${us.toString(16).padStart(16, '0')}.journal`;
    await execa('/lib/systemd/systemd-journal-remote', [
      `--output=${join(directory, name)}`,
      '--split-mode=none',
      input,
    ]);
    return name;
  };

  test('loses archived files that are older than the rule says, and keeps the others', async () => {
    const place = await mkdtemp(join(tmpdir(), 'baton-journal-'));
    const directory = join(place, 'journal');
    await mkdir(directory);
    try {
      const day = 86_400_000;
      await archive(directory, Date.now() - 30 * day, 1);
      const young = await archive(directory, Date.now() - day, 2);
      const state = await disk.journal(directory);
      assert.ok(state.here, JSON.stringify(state));
      assert.deepEqual(
        state.archived.map(({ from }) => Math.round((Date.now() - from) / day)).sort(),
        [1, 30],
      );
      const sizes = await Promise.all(
        (await readdir(directory)).map(async (name) => (await stat(join(directory, name))).blocks * 512),
      );
      assert.equal(
        state.bytes,
        sizes.reduce((sum, bytes) => sum + bytes, 0),
      );
      await disk.vacuumJournal({ keep: { forMs: 7 * day }, directory });
      assert.deepEqual(await readdir(directory), [young]);
      await disk.vacuumJournal({ keep: { bytes: 1 }, directory });
      assert.deepEqual(await readdir(directory), []);
      const gone = await disk.journal(directory);
      assert.ok(!gone.here);
    } finally {
      await rm(place, { recursive: true });
    }
  });

  test('that is not there is a fact, not an error', async () => {
    const state = await disk.journal('/nowhere/at/all');
    assert.ok(!state.here && state.why !== '');
  });
});

test('homes are those of people, and of the worker’s own user', async () => {
  const homes = await openDisk({ home: '/elsewhere/me', state: '/', others: [] }).homes();
  assert.ok(homes.includes('/elsewhere/me') && homes.includes('/root'));
  assert.ok(!homes.includes('/'));
});

test('what a sweep came to is told: removed, kept after all, gone, or resisting', () => {
  const none: Swept = { files: 0, bytes: 0, left: {}, failed: [], failures: 0 };
  assert.deepEqual(removalOf(none), { did: 'gone' });
  assert.deepEqual(removalOf({ ...none, left: { open: 2 } }), { did: 'kept', reasons: ['2 open'] });
  const both = together([
    { ...none, files: 1, left: { open: 2 } },
    { ...none, files: 2, left: { open: 1 } },
  ]);
  assert.deepEqual(removalOf(both), { did: 'removed', files: 3, notes: ['left: 3 open'] });
  assert.throws(
    () => removalOf({ ...none, files: 1, failures: 9, failed: ['a: no'] }),
    /9 could not be: a: no, and 8 more/,
  );
});
