/** Directories with SQLite databases, dumped while real programs write to them. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chmod,
  chown,
  copyFile,
  mkdir,
  mkdtempDisposable,
  open,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ifThere } from '../../activities/errno.ts';
import { SnapshotError, type Snapshot } from '../../activities/ports/snapshots.ts';
import { openSnapshots } from '../../activities/snapshots/index.ts';
import { run, runPython } from '../../activities/snapshots/run.ts';
import { parseOperationId, parseStackName } from '../../domain/names.ts';
import {
  snapshotName,
  type FileDriver,
  type SnapshotName,
  type SnapshotPurpose,
} from '../../domain/snapshot.ts';
import { until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';

/** Each transaction takes from one account what it gives to the other, and says when it is written. */
const program = `
const { DatabaseSync } = require('node:sqlite');
const [, file, journal, how] = process.argv;
const database = new DatabaseSync(file, { timeout: 5000 });
database.exec('PRAGMA journal_mode = ' + journal);
database.exec('CREATE TABLE IF NOT EXISTS moved (id INTEGER PRIMARY KEY, account TEXT, amount INTEGER, filler TEXT)');
const insert = database.prepare('INSERT INTO moved (account, amount, filler) VALUES (?, ?, ?)');
const move = (n) => {
  insert.run('a', n, 'x'.repeat(500));
  insert.run('b', -n, 'x'.repeat(500));
};
if (how === 'in the middle') {
  // More than its cache holds: part of it is in the file already.
  database.exec('PRAGMA cache_size = 5; BEGIN');
  for (let n = 1; n < 500; n += 1) move(n);
  insert.run('a', 1, '');
  process.stdout.write('written ');
  setInterval(() => {}, 1000);
} else {
  const again = () => {
    database.exec('BEGIN');
    for (let n = 1; n < 20; n += 1) move(n);
    database.exec('COMMIT');
    process.stdout.write('written ');
    setTimeout(again, 2);
  };
  again();
}
`;

class Writer {
  readonly process: ChildProcess;
  said = '';
  constructor(file: string, journal: 'wal' | 'delete', how = 'on and on') {
    this.process = spawn(process.execPath, ['--no-warnings', '-e', program, file, journal, how], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.process.stdout, this.process.stderr])
      stream?.on('data', (chunk: Buffer) => (this.said += chunk.toString()));
  }
  get written(): number {
    return this.said.split('written').length - 1;
  }
  async hasWritten(times = 1): Promise<void> {
    const goal = this.written + times;
    await until('the writer', () => this.written >= goal || this.process.exitCode !== null);
    assert.equal(this.process.exitCode, null, this.said);
  }
  async kill(): Promise<void> {
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    if (this.process.kill('SIGKILL')) await ended;
  }
}

/** Of a copy: whoever opens a database may leave something beside it. */
const ask = async (file: string, query: string): Promise<unknown> => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'baton-sqlite-'));
  for (const suffix of ['', '-wal', '-journal'])
    await ifThere(() => copyFile(`${file}${suffix}`, join(place.path, `rows${suffix}`)));
  const database = new DatabaseSync(join(place.path, 'rows'));
  try {
    return Object.values(database.prepare(query).get() ?? {})[0];
  } finally {
    database.close();
  }
};

const fill = (file: string): void => {
  const database = new DatabaseSync(file);
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT); CREATE INDEX texts ON notes (text)');
  database.exec('BEGIN');
  const insert = database.prepare('INSERT INTO notes (text) VALUES (?)');
  for (let n = 0; n < 500; n += 1) insert.run(`note ${n} ${'x'.repeat(200)}`);
  database.exec('COMMIT');
  database.close();
};

const purposeful = (purpose: SnapshotPurpose): SnapshotName => {
  const [stack, operation] = [parseStackName('vault'), parseOperationId(randomBytes(4).toString('hex'))];
  assert.ok(stack && operation);
  return snapshotName({ stack, operation, purpose, takenAt: '2026-01-01T00:00:00Z' });
};

const describeSqlite = (driver: FileDriver, filesystem: string, root: string): void => {
  describe(`SQLite dumped into a ${driver} snapshot on ${filesystem}`, () => {
    const snapshots = openSnapshots();
    let base: string;
    let writers: Writer[] = [];
    let quiet = 0;

    const make = async (name: string): Promise<string> => {
      const path = join(base, name);
      if (driver === 'btrfs') await execa('btrfs', ['subvolume', 'create', path]);
      else await mkdir(path);
      return path;
    };
    const write = async (...about: ConstructorParameters<typeof Writer>): Promise<Writer> => {
      const writer = new Writer(...about);
      writers.push(writer);
      await writer.hasWritten();
      return writer;
    };
    const dump = async (path: string): Promise<Snapshot> =>
      await snapshots.takeSqlite(path, purposeful('before'), driver, {
        quietly: async (work) => {
          quiet += 1;
          await work();
        },
      });
    const refusal = async (path: string): Promise<SnapshotError> => {
      const error: unknown = await dump(path).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof SnapshotError, String(error));
      assert.deepEqual(await readdir(join(base, '.baton-snapshots', path.slice(base.length + 1))), []);
      return error;
    };

    before(async () => {
      base = join(root, `sqlite-${driver}-${randomBytes(3).toString('hex')}`);
      await mkdir(base);
    });
    after(async () => {
      for (const writer of writers) await writer.kill();
      writers = [];
    });

    test('each is of one moment and whole, whatever writes; all else is as it was, and writers are never refused', async () => {
      const path = await make('vault');
      await mkdir(join(path, 'deep', 'er'), { recursive: true });
      await mkdir(join(path, 'empty'));
      const [log, journal] = [join(path, 'rows [1]*.dat'), join(path, 'deep', 'er', 'rows')];
      const busy = [await write(log, 'wal'), await write(journal, 'delete')];
      for (const file of [log, journal]) {
        await chown(file, 33, 34);
        await chmod(file, 0o640);
      }
      await runPython(run, 'import os, sys; os.setxattr(sys.argv[1], "user.origin", b"here")', log);
      await writeFile(join(path, 'deep', 'attachment'), 'picture', { mode: 0o600 });
      await writeFile(join(path, 'nothing'), '');
      await symlink('/etc/passwd', join(path, 'link'));
      for (let round = 0; round < 3; round += 1) {
        await Promise.all(busy.map(async (writer) => await writer.hasWritten()));
        const { location } = await dump(path);
        for (const name of ['rows [1]*.dat', 'deep/er/rows']) {
          assert.equal(await ask(join(location, name), 'PRAGMA integrity_check'), 'ok');
          assert.equal(await ask(join(location, name), 'SELECT sum(amount) FROM moved'), 0);
          assert.ok(
            Number(await ask(join(location, name), 'SELECT count(*) FROM moved')) >= 38 * (round + 1),
          );
          const { uid, gid, mode } = await stat(join(location, name));
          assert.deepEqual([uid, gid, mode & 0o777], [33, 34, 0o640]);
        }
      }
      await Promise.all(busy.map(async (writer) => await writer.hasWritten()));
      const [one] = await snapshots.list(path);
      assert.ok(one);
      assert.equal(one.driver, driver);
      const held = (await readdir(one.location, { recursive: true })).sort();
      const wanted = [
        'deep',
        'deep/attachment',
        'deep/er',
        'deep/er/rows',
        'empty',
        'link',
        'nothing',
        'rows [1]*.dat',
      ];
      assert.deepEqual(held, wanted);
      assert.equal(await readFile(join(one.location, 'deep', 'attachment'), 'utf8'), 'picture');
      assert.equal((await stat(join(one.location, 'deep', 'attachment'))).mode & 0o777, 0o600);
      const attribute = 'import os, sys; print(os.getxattr(sys.argv[1], "user.origin").decode(), end="")';
      assert.equal(await runPython(run, attribute, join(one.location, 'rows [1]*.dat')), 'here');
      assert.equal(quiet > 0, driver === 'copy');
    });

    test('a log of what replaced it is not beside what is put back', async () => {
      const path = await make('wiki');
      const file = join(path, 'wiki.db');
      const writer = await write(file, 'wal');
      const taken = await dump(path);
      const rows = await ask(join(taken.location, 'wiki.db'), 'SELECT count(*) FROM moved');
      await writer.hasWritten(3);
      await writer.kill();
      assert.ok((await stat(`${file}-wal`)).size > 0);
      const kept = await snapshots.swapIn(path, taken.name, driver, purposeful('failed'));
      assert.deepEqual(await readdir(path), ['wiki.db']);
      assert.equal(await ask(file, 'SELECT count(*) FROM moved'), rows);
      assert.ok((await readdir(kept.location)).includes('wiki.db-wal'));
    });

    test('what a program that was killed had begun is not in it', async () => {
      const path = await make('killed');
      const file = join(path, 'rows');
      const whole = await write(file, 'delete');
      await whole.kill();
      const rows = await ask(file, 'SELECT count(*) FROM moved');
      const torn = await write(file, 'delete', 'in the middle');
      await torn.kill();
      assert.ok((await stat(`${file}-journal`)).size > 0);
      const { location } = await dump(path);
      assert.deepEqual(await readdir(location), ['rows']);
      assert.equal(await ask(join(location, 'rows'), 'SELECT count(*) FROM moved'), rows);
    });

    test('one that is damaged is refused, and nothing stays', async () => {
      const path = await make('damaged');
      fill(join(path, 'sound'));
      fill(join(path, 'damaged'));
      const file = await open(join(path, 'damaged'), 'r+');
      await file.write(Buffer.alloc(4_096, 7), 0, 4_096, 4_096 * 4);
      await file.close();
      const { code, message } = await refusal(path);
      assert.equal(code, 'database');
      assert.match(message, /damaged/);
    });

    test('what only its own program can make sense of is no damage', async () => {
      const path = await make('own');
      fill(join(path, 'own.db'));
      const database = new DatabaseSync(join(path, 'own.db'));
      database.function('half', { deterministic: true }, (value) => Number(value) / 2);
      database.exec('CREATE TABLE halves (a CHECK (half(a) > 1)); INSERT INTO halves VALUES (4)');
      database.close();
      const { location } = await dump(path);
      assert.equal(await ask(join(location, 'own.db'), 'SELECT count(*) FROM notes'), 500);
    });

    test('a directory without databases is copied as it is', async () => {
      const path = await make('none');
      await writeFile(join(path, 'page'), 'SQLite format 3, says the text');
      const { location } = await dump(path);
      assert.deepEqual(await readdir(location), ['page']);
      assert.deepEqual(await snapshots.sqliteIn(path), { databases: 0, sizeBytes: 0, links: [] });
    });
  });
};

const btrfs = needed('BATON_TEST_BTRFS');
const ext4 = needed('BATON_TEST_EXT4');
describeSqlite('btrfs', 'btrfs', btrfs);
describeSqlite('copy', 'btrfs', btrfs);
describeSqlite('copy', 'xfs', needed('BATON_TEST_XFS'));
describeSqlite('copy', 'ext4', ext4);

describe('SQLite that is not to be had at once', () => {
  const snapshots = openSnapshots();
  const at = async (name: string): Promise<{ path: string; database: DatabaseSync }> => {
    const path = join(ext4, `sqlite-${name}-${randomBytes(3).toString('hex')}`);
    await mkdir(path);
    fill(join(path, 'rows'));
    return { path, database: new DatabaseSync(join(path, 'rows')) };
  };
  const dump = async (path: string): Promise<Snapshot> =>
    await snapshots.takeSqlite(path, purposeful('before'), 'copy', { quietly: async (work) => await work() });

  test('one that is locked is waited for', async () => {
    const { path, database } = await at('locked');
    database.exec('BEGIN EXCLUSIVE; DELETE FROM notes');
    const dumped = dump(path);
    await delay(1_500);
    database.exec('COMMIT');
    database.close();
    const { location } = await dumped;
    assert.equal(await ask(join(location, 'rows'), 'SELECT count(*) FROM notes'), 0);
  });

  test('one that a program keeps to itself is refused', async () => {
    const { path, database } = await at('kept');
    database.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT');
    await assert.rejects(dump(path), { code: 'busy', message: /keeps it to itself/ });
    database.close();
  });

  test('a link to one elsewhere is told, one to a neighbour is not; snapshots are not looked through', async () => {
    const { path, database } = await at('linked');
    database.close();
    const { path: other, database: elsewhere } = await at('elsewhere');
    elsewhere.close();
    await symlink(join(other, 'rows'), join(path, 'away'));
    await symlink('rows', join(path, 'near'));
    await symlink('nowhere', join(path, 'dangling'));
    await mkdir(join(path, '.baton-snapshots'));
    fill(join(path, '.baton-snapshots', 'rows'));
    const facts = await snapshots.sqliteIn(path);
    assert.deepEqual('links' in facts && [facts.databases, facts.links], [1, ['away']]);
  });
});
