/**
 * Snapshots, restores and prunes in every order, up to three of them, on btrfs: cut before each call that changes the disk, then
 * asked for again by the next worker, as after a crash. And the power goes: what was reported is there, what was not is whole.
 */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import promises, { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import type { Snapshots } from '../../activities/ports/snapshots.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { run } from '../../activities/snapshots/run.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import { snapshotName, type SnapshotName, type SnapshotPurpose } from '../../domain/snapshot.ts';
import { needed } from '../host/environment.ts';

const operations = ['snapshot', 'restore', 'prune'] as const;
type Operation = (typeof operations)[number];

const sequences: Operation[][] = operations.flatMap((one) => [
  [one],
  ...operations.flatMap((two) => [[one, two], ...operations.map((three) => [one, two, three])]),
]);

/** A process that dies at the n-th call: from there on nothing happens any more. */
class Mortal {
  #calls = 0;
  readonly #fatal: number;
  constructor(fatal: number) {
    this.#fatal = fatal;
  }
  get dead(): boolean {
    return this.#calls >= this.#fatal;
  }
  call(): void {
    this.#calls += 1;
    if (this.dead) throw new Error('dead');
  }
}

const current = new AsyncLocalStorage<Mortal>();
const changing = ['rename', 'mkdir', 'rmdir'] as const;
const originals = Object.fromEntries(changing.map((name) => [name, promises[name]]));

for (const name of changing)
  Object.assign(promises, {
    [name]: async (...args: unknown[]) => {
      current.getStore()?.call();
      return await (originals[name] as (...all: unknown[]) => Promise<unknown>)(...args);
    },
  });
syncBuiltinESMExports();

/** Commands are calls too. */
const counted = openSnapshots({
  run: async (...command) => {
    current.getStore()?.call();
    return await run(...command);
  },
});

const nameOf = (index: number, purpose: SnapshotPurpose): SnapshotName => {
  const stack = parseStackName('photos');
  const operation = parseOperationId(`0123abc${index}`);
  assert.ok(stack && operation);
  return snapshotName({ stack, operation, purpose, takenAt: `2026-01-01T00:00:0${index}Z` });
};

/** Data in a directory, and what it and its snapshots must hold. */
class Model {
  readonly path: string;
  content = 'opening';
  readonly kept = new Map<SnapshotName, string>();

  constructor(path: string) {
    this.path = path;
  }

  async write(content: string): Promise<void> {
    await writeFile(join(this.path, 'rows'), content);
    await run('sync', ['-f', this.path]);
    this.content = content;
  }

  /** One operation, of which a retry finds what an earlier try has done. */
  async perform(snapshots: Snapshots, operation: Operation, index: number): Promise<void> {
    const newest = [...this.kept.keys()].at(-1);
    const oldest = [...this.kept.keys()][0];
    if (operation === 'snapshot') await snapshots.take(this.path, nameOf(index, 'before'), 'btrfs');
    if (operation === 'restore' && newest !== undefined) {
      const snapshot = await snapshots.find(this.path, newest);
      assert.ok(snapshot, `${newest} is gone`);
      await snapshots.restore(snapshot, nameOf(index, 'failed'));
    }
    if (operation === 'prune' && oldest !== undefined) {
      const snapshot = await snapshots.find(this.path, oldest);
      if (snapshot) await snapshots.remove(snapshot);
    }
  }

  /** What is true once the operation is over. */
  expect(operation: Operation, index: number): void {
    const [oldest] = this.kept.keys();
    const newest = [...this.kept].at(-1);
    if (operation === 'snapshot') this.kept.set(nameOf(index, 'before'), this.content);
    if (operation === 'restore' && newest) {
      this.kept.set(nameOf(index, 'failed'), this.content);
      this.content = newest[1];
    }
    if (operation === 'prune' && oldest !== undefined) this.kept.delete(oldest);
  }

  async check(snapshots: Snapshots): Promise<void> {
    assert.equal(await readFile(join(this.path, 'rows'), 'utf8'), this.content);
    const found = await snapshots.list(this.path);
    assert.deepEqual(found.map(({ name }) => name).sort(), [...this.kept.keys()].sort());
    for (const { name, location } of found)
      assert.equal(await readFile(join(location, 'rows'), 'utf8'), this.kept.get(name));
    // Nothing half-made lies about.
    const names = await promises.readdir(join(this.path, '..', '.baton-snapshots', 'data')).catch(() => []);
    assert.equal(names.length, found.length, names.join());
  }

  /** Between two calls the data is what it was, or what it is to be. */
  async whole(operation: Operation): Promise<void> {
    const newest = [...this.kept.values()].at(-1);
    const now = await readFile(join(this.path, 'rows'), 'utf8');
    assert.ok(now === this.content || (operation === 'restore' && now === newest), `torn: ${now}`);
  }
}

/** @returns false where the sequence has fewer calls than `fatal`. */
const cutOnce = async (model: Model, sequence: Operation[], fatal: number): Promise<boolean> => {
  const process = new Mortal(fatal);
  let cut = false;
  for (const [index, operation] of sequence.entries()) {
    await model.write(`rows ${index}`);
    try {
      const dying = cut ? openSnapshots() : counted;
      await current.run(process, async () => await model.perform(dying, operation, index));
    } catch (error) {
      if (!process.dead) throw error;
      cut = true;
      await model.whole(operation);
      await model.perform(openSnapshots(), operation, index);
    }
    model.expect(operation, index);
    await model.check(openSnapshots());
  }
  return cut;
};

describe('cut before each call that changes the disk', { concurrency: 4 }, () => {
  let base: string;
  before(async () => {
    base = join(needed('BATON_TEST_BTRFS'), `cut-${randomBytes(3).toString('hex')}`);
    await mkdir(base);
  });

  for (const [number, sequence] of sequences.entries())
    test(sequence.join(', '), async () => {
      for (let fatal = 1; ; fatal += 1) {
        assert.ok(fatal < 60, 'it never ends');
        const directory = join(base, `${number}-${fatal}`);
        await mkdir(directory);
        await execa('btrfs', ['subvolume', 'create', join(directory, 'data')]);
        if (!(await cutOnce(new Model(join(directory, 'data')), sequence, fatal))) break;
      }
    });
});

describe('the power goes before each call that changes the disk', () => {
  const sequence: Operation[] = ['snapshot', 'restore', 'prune'];
  for (const flushed of [true, false])
    test(
      flushed ? 'with everything flushed to the disk' : 'with what the kernel has not written yet lost',
      async () => {
        for (let fatal = 1; ; fatal += 1) {
          const directory = await mkdtemp(join(tmpdir(), 'baton-power-'));
          try {
            if (!(await powerLoss(directory, sequence, fatal, flushed))) break;
          } finally {
            await execa('umount', [join(directory, 'disk')], { reject: false });
            await rm(directory, { recursive: true });
          }
        }
      },
    );
});

/** The image file as it is at that moment is all that the next machine has. @returns as {@link cutOnce}. */
const powerLoss = async (
  directory: string,
  sequence: Operation[],
  fatal: number,
  flushed: boolean,
): Promise<boolean> => {
  const [image, copy, disk] = ['image', 'copy', 'disk'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  await mkdir(disk);
  await execa('truncate', ['-s', '256M', image]);
  await execa('mkfs.btrfs', ['-q', image]);
  await execa('mount', ['-o', 'loop', image, disk]);
  const model = new Model(join(disk, 'data'));
  await execa('btrfs', ['subvolume', 'create', model.path]);
  const process = new Mortal(fatal);
  for (const [index, operation] of sequence.entries()) {
    await model.write(`rows ${index}`);
    try {
      await current.run(process, async () => await model.perform(counted, operation, index));
    } catch (error) {
      if (!process.dead) throw error;
      if (flushed) await execa('sync', ['-f', disk]);
      await execa('cp', ['--sparse=always', image, copy]);
      await execa('umount', [disk]);
      await execa('mount', ['-o', 'loop', copy, disk]);
      await model.whole(operation);
      await model.perform(openSnapshots(), operation, index);
      model.expect(operation, index);
      await model.check(openSnapshots());
      return true;
    }
    model.expect(operation, index);
  }
  return false;
};
