/** What every snapshot driver does, on a real filesystem: `btrfs` on subvolumes, `copy` everywhere. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SnapshotError, type Snapshot, type Snapshots } from '../../activities/ports/snapshots.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { run as runCommand, type Run } from '../../activities/snapshots/run.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import {
  parseSnapshotName,
  snapshotName,
  type FileDriver,
  type SnapshotName,
  type SnapshotPurpose,
} from '../../domain/snapshot.ts';
import { fingerprint } from '../e2e/site.ts';

let moment = 0;
const name = (purpose: SnapshotPurpose): SnapshotName => {
  moment += 1;
  const stack = parseStackName('photos');
  const operation = parseOperationId(randomBytes(4).toString('hex'));
  assert.ok(stack && operation);
  return snapshotName({
    stack,
    operation,
    purpose,
    takenAt: `2026-01-01T00:00:${String(moment % 60).padStart(2, '0')}Z`,
  });
};

type Restore = (port: Snapshots, taken: Snapshot, keptAs: SnapshotName) => Promise<Snapshot>;

/** @param run another way to run the driver's commands. */
export const describeSnapshots = (
  driver: FileDriver,
  filesystem: string,
  root: string,
  run: Run = runCommand,
): void => {
  describe(`${driver} snapshots on ${filesystem}`, () => {
    const snapshots: Snapshots = openSnapshots({ run });
    let base: string;
    let count = 0;

    const make = async (path: string): Promise<void> => {
      if (driver === 'btrfs') await execa('btrfs', ['subvolume', 'create', path]);
      else await mkdir(path);
    };
    /** A directory with everything that a copy can lose. */
    const data = async (): Promise<string> => {
      count += 1;
      const path = join(base, `data-${count}`);
      await make(path);
      await writeFile(join(path, 'rows'), 'one two three');
      await mkdir(join(path, 'sub'));
      await writeFile(join(path, 'sub', 'private'), 'x');
      await chmod(join(path, 'sub', 'private'), 0o600);
      await chown(join(path, 'sub', 'private'), 999, 998);
      await symlink('../rows', join(path, 'sub', 'link'));
      await link(join(path, 'rows'), join(path, 'hard'));
      await execa('truncate', ['-s', '1M', join(path, 'sparse')]);
      await chown(path, 70, 70);
      await chmod(path, 0o700);
      return path;
    };

    before(async () => {
      base = join(root, `contract-${driver}-${randomBytes(3).toString('hex')}`);
      await mkdir(base);
    });
    after(async () => {
      if (driver === 'copy') await rm(base, { recursive: true, force: true });
    });

    test('the facts of a path name this driver', async () => {
      const facts = await snapshots.inspect(await data(), { sizeLimitBytes: 2 ** 30 });
      assert.equal(facts.driver, driver);
      assert.equal(facts.filesystem, filesystem);
      assert.equal(facts.isSubvolume, driver === 'btrfs');
      assert.deepEqual(facts.nested, []);
      assert.equal(facts.reflink, ['btrfs', 'xfs'].includes(filesystem));
    });

    test('a snapshot holds what was there, whatever happens to it since, and is found and listed', async () => {
      const path = await data();
      const before = await fingerprint(path);
      const taken = await snapshots.take(path, name('before'), driver);
      await rm(join(path, 'rows'));
      await writeFile(join(path, 'new'), 'new');
      assert.deepEqual(await fingerprint(taken.location), before);
      assert.equal((await snapshots.find(path, taken.name))?.location, taken.location);
      assert.deepEqual(
        (await snapshots.list(path)).map((one) => one.name),
        [taken.name],
      );
      assert.ok(parseSnapshotName(taken.name));
    });

    test('what is lent is a writable copy, or empty like the path, never listed, and goes when it is taken back', async () => {
      const path = await data();
      const taken = await snapshots.take(path, name('before'), driver);
      const before = await fingerprint(taken.location);
      const lent = await snapshots.lend(path, taken);
      assert.deepEqual(await fingerprint(lent), before);
      await writeFile(join(lent, 'rows'), 'another');
      assert.deepEqual(await fingerprint(taken.location), before);
      assert.deepEqual(await fingerprint(path), before);
      assert.equal(await snapshots.lend(path), lent);
      assert.deepEqual(await readdir(lent), []);
      const { uid, gid, mode } = await lstat(lent);
      assert.deepEqual([uid, gid, mode & 0o7777], [70, 70, 0o700]);
      assert.deepEqual(
        (await snapshots.list(path)).map((one) => one.name),
        [taken.name],
      );
      assert.equal(await snapshots.isLent(path), true);
      await snapshots.takeBack(path);
      await snapshots.takeBack(path);
      assert.equal(await snapshots.isLent(path), false);
      assert.deepEqual(await readdir(join(base, '.baton-snapshots', basename(path))), [taken.name]);
    });

    test('what is written as a snapshot is there whole or not at all, is found as a dump, and takes no path’s place', async () => {
      const path = await data();
      const dump = name('before');
      const entries = async (): Promise<string[]> =>
        await readdir(join(base, '.baton-snapshots', basename(path)));
      const write = async (fails: boolean): Promise<Snapshot> =>
        await snapshots.write(path, dump, async (directory) => {
          await writeFile(join(directory, 'part'), 'half');
          if (fails) throw new SnapshotError('database', 'no');
          await writeFile(join(directory, 'part'), 'rows');
          const parts = [{ file: 'part', of: 'rows', sizeBytes: 4, sha256: '' }];
          await writeFile(join(directory, 'baton-dump.json'), JSON.stringify({ parts }));
        });
      await assert.rejects(write(true), { code: 'database' });
      assert.deepEqual(await entries(), []);
      const taken = await write(false);
      // Once written, it is not written again.
      assert.deepEqual(await write(true), taken);
      assert.equal((await snapshots.find(path, dump))?.driver, 'dump');
      assert.equal(await readFile(join(taken.location, 'part'), 'utf8'), 'rows');
      const was = await fingerprint(path);
      await assert.rejects(snapshots.restore(taken, name('undone')), { code: 'unsupported' });
      assert.deepEqual(await fingerprint(path), was);
      const problems = async (): Promise<string[]> =>
        (await snapshots.survey([path])).flatMap((found) => (found.name === dump ? found.problems : []));
      assert.deepEqual(await problems(), []);
      await writeFile(join(taken.location, 'part'), 'row');
      assert.equal((await problems()).length, 1);
      await snapshots.remove(taken);
      assert.deepEqual(await entries(), []);
    });

    test('what is emptied is an empty directory with the owner and mode of before, however often', async () => {
      const path = await data();
      const { mode, uid, gid } = await lstat(path);
      for (let times = 0; times < 2; times += 1) {
        await snapshots.empty(path);
        assert.deepEqual(await readdir(path), []);
        const now = await lstat(path);
        assert.deepEqual([now.mode, now.uid, now.gid], [mode, uid, gid]);
        await writeFile(join(path, 'half'), 'of a restore');
      }
      assert.deepEqual(await readdir(join(base, '.baton-snapshots', basename(path))), []);
    });

    test('what is noted of a snapshot lies beside it, is no snapshot, and goes with it', async () => {
      const path = await data();
      const taken = await snapshots.take(path, name('before'), driver);
      const was = await fingerprint(taken.location);
      assert.deepEqual(await snapshots.marks(taken), {});
      await snapshots.mark(taken, { title: 'a change' });
      await snapshots.mark(taken, { outcome: 'done' });
      assert.deepEqual(await snapshots.marks(taken), { title: 'a change', outcome: 'done' });
      assert.equal((await snapshots.list(path)).length, 1);
      assert.deepEqual(await fingerprint(taken.location), was);
      await snapshots.remove(taken);
      assert.deepEqual(await snapshots.marks(taken), {});
      const again = await snapshots.take(path, name('before'), driver);
      await snapshots.mark(again, { title: 'another' });
      await snapshots.swapIn(path, again.name, driver, name('failed'));
      assert.deepEqual(await snapshots.marks(again), {});
    });

    test('a mark is taken back by itself, and two that are noted at once are both noted', async () => {
      const path = await data();
      const taken = await snapshots.take(path, name('before'), driver);
      const pinned = { by: 'anna', at: '2026-11-23T13:09:29Z' };
      await Promise.all([
        snapshots.mark(taken, { title: 'a change' }),
        snapshots.mark(taken, { pinned }),
        snapshots.mark(taken, { outcome: 'done' }),
      ]);
      assert.deepEqual(await snapshots.marks(taken), { title: 'a change', pinned, outcome: 'done' });
      await snapshots.mark(taken, { pinned: undefined });
      assert.deepEqual(await snapshots.marks(taken), { title: 'a change', outcome: 'done' });
    });

    test('taking the same snapshot twice leaves the first as it is', async () => {
      const path = await data();
      const id = name('before');
      const first = await snapshots.take(path, id, driver);
      const was = await fingerprint(first.location);
      await writeFile(join(path, 'rows'), 'changed');
      const second = await snapshots.take(path, id, driver);
      assert.deepEqual(second, first);
      assert.deepEqual(await fingerprint(second.location), was);
    });

    const ways: Record<string, Restore> = {
      restore: async (port, taken, keptAs) => await port.restore(taken, keptAs),
      swapIn: async (port, taken, keptAs) => await port.swapIn(taken.source, taken.name, driver, keptAs),
    };
    for (const [way, putBack] of Object.entries(ways)) {
      test(`${way} brings everything back, keeps the failed state, and may be asked for twice`, async () => {
        const path = await data();
        const before = await fingerprint(path);
        const taken = await snapshots.take(path, name('before'), driver);
        await rm(join(path, 'sub'), { recursive: true });
        await writeFile(join(path, 'rows'), 'ruined');
        const ruined = await fingerprint(path);
        const failedAs = name('failed');
        const failedState = await putBack(snapshots, taken, failedAs);
        assert.deepEqual(await fingerprint(path), before);
        assert.deepEqual(await fingerprint(failedState.location), ruined);
        await putBack(snapshots, taken, failedAs);
        assert.deepEqual(await fingerprint(path), before);
        assert.deepEqual(await fingerprint(failedState.location), ruined);
        assert.equal((await snapshots.list(path)).length, way === 'restore' ? 2 : 1);
        await writeFile(join(path, 'rows'), 'can be written again');
      });

      test(`${way}, interrupted between any two commands, leaves the path whole, and asking again finishes the job`, async () => {
        for (let fatal = 1; ; fatal += 1) {
          const path = await data();
          const before = await fingerprint(path);
          const taken = await snapshots.take(path, name('before'), driver);
          await writeFile(join(path, 'rows'), 'ruined');
          const ruined = await fingerprint(path);
          let commands = 0;
          const dying = openSnapshots({
            run: async (...call) => {
              commands += 1;
              if (commands === fatal) throw new SnapshotError('internal', 'the power went');
              return await run(...call);
            },
          });
          const failedAs = name('failed');
          const died = await putBack(dying, taken, failedAs).then(
            () => false,
            () => true,
          );
          const now = await fingerprint(path);
          assert.ok(
            [JSON.stringify(before), JSON.stringify(ruined)].includes(JSON.stringify(now)),
            `torn after command ${fatal}`,
          );
          const failedState = await putBack(snapshots, taken, failedAs);
          assert.deepEqual(await fingerprint(path), before);
          assert.deepEqual(await fingerprint(failedState.location), ruined);
          if (!died) break;
          assert.ok(fatal < 20);
        }
      });

      test(`${way} of a snapshot that is gone fails as such, and changes nothing`, async () => {
        const path = await data();
        const before = await fingerprint(path);
        const taken = await snapshots.take(path, name('before'), driver);
        await snapshots.remove(taken);
        await assert.rejects(
          putBack(snapshots, taken, name('failed')),
          (error: unknown) => error instanceof SnapshotError && error.code === 'not-found',
        );
        assert.deepEqual(await fingerprint(path), before);
      });
    }

    test('a restored path can be snapshotted and restored again', async () => {
      const path = await data();
      const first = await snapshots.take(path, name('before'), driver);
      await writeFile(join(path, 'rows'), 'second');
      const second = await snapshots.take(path, name('before'), driver);
      await snapshots.restore(first, name('undone'));
      assert.equal(await readFile(join(path, 'rows'), 'utf8'), 'one two three');
      await snapshots.restore(second, name('undone'));
      assert.equal(await readFile(join(path, 'rows'), 'utf8'), 'second');
    });

    test('a removed snapshot is gone, and removing it again is nothing', async () => {
      const path = await data();
      const taken = await snapshots.take(path, name('before'), driver);
      await snapshots.remove(taken);
      await snapshots.remove(taken);
      assert.equal(await snapshots.find(path, taken.name), undefined);
      assert.deepEqual(await snapshots.list(path), []);
    });

    test('a snapshot whose removal is cut off is whole, or none', async () => {
      for (let fatal = 1; ; fatal += 1) {
        const path = await data();
        const taken = await snapshots.take(path, name('before'), driver);
        const was = await fingerprint(taken.location);
        let commands = 0;
        const dying = openSnapshots({
          run: async (...call) => {
            commands += 1;
            if (commands === fatal) throw new SnapshotError('internal', 'the power went');
            return await run(...call);
          },
        });
        const died = await dying.remove(taken).then(
          () => false,
          () => true,
        );
        const left = await snapshots.find(path, taken.name);
        if (left) assert.deepEqual(await fingerprint(left.location), was);
        await snapshots.remove(taken);
        assert.deepEqual(await readdir(join(taken.location, '..')), [], `after command ${fatal}`);
        if (!died) break;
        assert.ok(fatal < 10);
      }
    });

    test('a survey finds each snapshot in good order, and tells what does not belong among them', async () => {
      const path = await data();
      const taken = await snapshots.take(path, name('before'), driver);
      await snapshots.mark(taken, { title: 'a change' });
      const about = async (): Promise<Record<string, string[]>> =>
        Object.fromEntries(
          (await snapshots.survey([path]))
            .filter((one) => one.path === path)
            .map(({ location, problems }) => [location, problems]),
        );
      const notes = `${taken.location}.json`;
      assert.deepEqual(await about(), { [taken.location]: [], [notes]: [] });
      await writeFile(notes, '{');
      const gone = join(taken.location, '..', name('failed'));
      await writeFile(`${gone}.json`, '{}');
      await mkdir(join(taken.location, '..', `.draft-${taken.name}`));
      const found = await about();
      assert.match(String(found[taken.location]), /what is noted of it cannot be read/);
      assert.match(String(found[`${gone}.json`]), /of a snapshot that is not there/);
      assert.match(String(found[join(taken.location, '..', `.draft-${taken.name}`)]), /work in progress/);
      await assert.rejects(snapshots.marks(taken), /cannot be read/);
    });

    test('room is told of the filesystem, also where the path is gone', async () => {
      const path = await data();
      const here = await snapshots.space(path, false);
      assert.ok(here.freeBytes > 0);
      assert.ok(path.startsWith(here.filesystem));
      assert.equal((await snapshots.space(join(base, 'nowhere'), false)).filesystem, here.filesystem);
    });

    test('a path that is to go away goes whole, is kept, and may be asked for twice', async () => {
      const path = await data();
      const was = await fingerprint(path);
      const id = name('failed');
      const kept = await snapshots.moveAway(path, id);
      assert.ok(kept);
      assert.deepEqual(await fingerprint(kept.location), was);
      await assert.rejects(lstat(path));
      assert.deepEqual(await snapshots.moveAway(path, id), kept);
    });

    test('a path that is cleared is empty at the same place with the same owner and mode, and what it held is kept', async () => {
      const path = await data();
      await chown(path, 1234, 1234);
      await chmod(path, 0o2750);
      const was = await fingerprint(path);
      const id = name('undone');
      const kept = await snapshots.clear(path, id);
      const { uid, gid, mode } = await lstat(path);
      assert.deepEqual([uid, gid, mode & 0o7777], [1234, 1234, 0o2750]);
      assert.deepEqual(await readdir(path), []);
      assert.deepEqual(await fingerprint(kept.location), was);
      await writeFile(join(path, 'later'), 'x');
      assert.deepEqual(await snapshots.clear(path, id), kept, 'asked twice, it clears once');
      assert.deepEqual(await readdir(path), ['later']);
      await snapshots.restore(kept, name('failed'));
      assert.deepEqual(await fingerprint(path), was);
    });

    test('an empty directory that is to go away leaves nothing', async () => {
      const path = join(base, `empty-${(count += 1)}`);
      await mkdir(path);
      assert.equal(await snapshots.moveAway(path, name('failed')), undefined);
      await assert.rejects(lstat(path));
    });

    test('snapshots lie in a directory that only their owner reads', async () => {
      const path = await data();
      const { location } = await snapshots.take(path, name('before'), driver);
      assert.equal((await lstat(join(location, '..'))).mode & 0o777, 0o700);
    });

    test('a path behind a symlink is snapshotted and put back at its real place', async () => {
      const path = await data();
      const alias = join(base, `alias-${count}`);
      await symlink(path, alias);
      const facts = await snapshots.inspect(alias, { sizeLimitBytes: 2 ** 30 });
      assert.equal(facts.realPath, path);
      const taken = await snapshots.take(alias, name('before'), driver);
      await writeFile(join(path, 'rows'), 'ruined');
      await snapshots.restore(taken, name('failed'));
      assert.equal(await readFile(join(alias, 'rows'), 'utf8'), 'one two three');
      assert.ok((await lstat(alias)).isSymbolicLink());
    });

    // A file is never a subvolume.
    if (driver === 'copy')
      test('a single file is a path like any other', async () => {
        const path = join(base, 'single.db');
        await writeFile(path, 'content');
        await chmod(path, 0o640);
        const taken = await snapshots.take(path, name('before'), driver);
        await writeFile(path, 'ruined');
        await snapshots.restore(taken, name('failed'));
        assert.equal(await readFile(path, 'utf8'), 'content');
        assert.equal((await lstat(path)).mode & 0o777, 0o640);
      });

    test('names with spaces, dashes and line breaks are only names', async () => {
      count += 1;
      const path = join(base, `-rf data ${count}\n$(touch x)`);
      await make(path);
      await writeFile(join(path, '-n'), 'a');
      const before = await fingerprint(path);
      const taken = await snapshots.take(path, name('before'), driver);
      await rm(join(path, '-n'));
      await snapshots.restore(taken, name('failed'));
      assert.deepEqual(await fingerprint(path), before);
      assert.ok(!(await readdir(base)).includes('x'));
    });

    test('a path that is missing is a fact, not an error', async () => {
      const facts = await snapshots.inspect(join(base, 'nowhere'), { sizeLimitBytes: 1 });
      assert.equal(facts.exists, false);
      assert.equal(facts.driver, undefined);
      assert.deepEqual(await snapshots.list(join(base, 'nowhere')), []);
    });

    test('snapshots are found again from the disk alone, oldest first', async () => {
      const path = await data();
      const names = [];
      for (let index = 0; index < 3; index += 1)
        names.push((await snapshots.take(path, name('before'), driver)).name);
      const again = await openSnapshots({ run }).list(path);
      assert.deepEqual(
        again.map((one) => one.name),
        [...names].sort((a, b) =>
          (parseSnapshotName(a)?.takenAt ?? '') < (parseSnapshotName(b)?.takenAt ?? '') ? -1 : 1,
        ),
      );
      assert.ok(again.every((one) => one.driver === driver));
    });
  });
};
