/** A container that writes to SQLite all the time, with files that its rows name, whose data is of class `dump`. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { after, before, describe, test } from 'node:test';
import type { Data } from './dumps.ts';
import { get, Site, until, type Engine, type Filesystem } from './site.ts';

/** Each row names a file, which is written first. It answers with what it holds, and with every refusal that it met. */
const program = `
const { createServer } = require('node:http');
const { mkdirSync, writeFileSync } = require('node:fs');
const { DatabaseSync } = require('node:sqlite');
const { RUIN } = process.env;
mkdirSync('/data/attachments', { recursive: true });
const database = new DatabaseSync('/data/vault.db', { timeout: 1000 });
database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; CREATE TABLE IF NOT EXISTS entries (id INTEGER PRIMARY KEY, file TEXT, filler TEXT)');
const refusals = [];
const insert = database.prepare('INSERT INTO entries (file, filler) VALUES (?, ?)');
const enter = () => {
  try {
    const file = Date.now() + '-' + Math.random();
    writeFileSync('/data/attachments/' + file, file);
    insert.run(file, 'x'.repeat(500));
  } catch (error) {
    refusals.push(error.message);
  }
  setTimeout(enter, 10);
};
if (RUIN) database.exec(RUIN);
else enter();
createServer((request, response) => {
  const entries = database.prepare('SELECT count(*) AS entries FROM entries').get();
  response.statusCode = RUIN ? 500 : 200;
  response.end(JSON.stringify({ ...entries, refusals }));
}).listen(80);
`;

/** It is run by the Node of this host, with the libraries of this host. */
const stack = `
name: vault
services:
  app:
    image: \${IMAGE}
    command: [/node, --no-warnings, /program.cjs]
    stop_signal: SIGKILL
    environment: {RUIN: "\${RUIN:-}", VERSION: "\${VERSION:-1}"}
    volumes:
      - /usr:/usr:ro
      - /lib:/lib:ro
      - /lib64:/lib64:ro
      - \${NODE}:/node:ro
      - ./program.cjs:/program.cjs:ro
      - \${DATA}/vault:/data
    x-baton:
      probe: {http: ":80/"}
      data: {/data: {dump: sqlite}}
x-baton: {min_healthy_time: 100ms, healthy_deadline: 4s}
`;

export const describeSqliteDumps = (engine: Engine, filesystem: Filesystem, isSubvolume: boolean): void => {
  describe(`SQLite that is dumped, on ${engine} and ${filesystem}`, () => {
    let site: Site;
    let data: string;

    before(async () => {
      site = await Site.open(engine, filesystem, { NODE: process.execPath });
      data = join(site.data, 'vault');
      if (isSubvolume) await execa('btrfs', ['subvolume', 'create', data]);
      else await mkdir(data);
      await site.write('program.cjs', program);
      await site.write('vault.yml', stack);
      const { code, out, err } = await site.report('deploy', 'vault.yml');
      assert.equal(code, 0, out + err);
      await until('some rows', async () => (await count()) > 50);
    });
    after(async () => {
      await site.close();
      // Snapshots of subvolumes are read-only, and go with the disk.
      if (!isSubvolume) await rm(site.data, { recursive: true, force: true });
    });

    const inside = async <T>(work: (database: DatabaseSync) => T): Promise<T> => {
      const database = new DatabaseSync(join(data, 'vault.db'), { timeout: 5_000 });
      try {
        return await Promise.resolve(work(database));
      } finally {
        database.close();
      }
    };
    const count = async (): Promise<number> =>
      await inside((database) => Number(database.prepare('SELECT count(*) AS n FROM entries').get()?.['n']));
    const snapshots = async (): Promise<string[]> =>
      (await readdir(join(site.data, '.baton-snapshots', 'vault'))).filter((name) => !name.endsWith('.json'));
    const answer = async (): Promise<{ entries: number; refusals: string[] }> => {
      const [only] = await site.containers('vault');
      assert.ok(only);
      const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}';
      const address = (await site.cli('inspect', '--format', format, only.id)).trim();
      return JSON.parse(await get(`http://${address}:80/`)) as { entries: number; refusals: string[] };
    };
    /** Whole, with every file that its rows name, and it goes on. */
    const assertSound = async (atLeast: number): Promise<void> => {
      const files = await inside((database) => {
        assert.equal(database.prepare('PRAGMA integrity_check').get()?.['integrity_check'], 'ok');
        return database.prepare('SELECT file FROM entries').all();
      });
      assert.ok(files.length >= atLeast, `${files.length} of ${atLeast}`);
      const there = new Set(await readdir(join(data, 'attachments')));
      assert.deepEqual(
        files.filter(({ file }) => !there.has(String(file))),
        [],
      );
      const { entries, refusals } = await answer();
      await until('more rows', async () => (await count()) > entries);
      assert.deepEqual(refusals, []);
    };

    test('the plan says what is dumped, and how', async () => {
      const { out } = await site.baton('plan', 'vault.yml', '--set', 'VERSION=2');
      assert.match(
        out,
        isSubvolume ? /1 SQLite database is settled and checked/ : /1 SQLite database dumped/,
      );
    });

    test('a release that ruins the rows and never gets healthy: all of them are back, with their files, and the program goes on', async () => {
      const rows = await count();
      const was = await site.containers('vault');
      const { code, report, out } = await site.report(
        ...['deploy', 'vault.yml', '--set', 'RUIN=DELETE FROM entries'],
      );
      assert.equal(code, 3, out);
      assert.equal(report['outcome'], 'rolled-back');
      const [only] = report['data'] as Data[];
      assert.equal(only?.did, 'restored');
      const failed = String(only.failedState?.snapshot);
      // The failed release was killed: what it did lies in a log, which must not meet the rows of before.
      const left = await readdir(join(site.data, '.baton-snapshots', 'vault', failed));
      assert.ok(left.includes('vault.db-wal'), left.join(', '));
      await assertSound(rows);
      const now = await site.containers('vault');
      assert.deepEqual(
        now.map(({ id, running }) => [id, running]),
        was.map(({ id }) => [id, true]),
      );
      const own = (await snapshots()).filter((name) => name.endsWith(String(report['operation'])));
      assert.deepEqual(own, [failed]);
    });

    test('a guarded command that ruins them and fails: they are back', async () => {
      const rows = await count();
      const ruin = `require('node:sqlite'); new (require('node:sqlite').DatabaseSync)('${data}/vault.db', { timeout: 5000 }).exec('DROP TABLE entries'); process.exit(3)`;
      const { code, out, err } = await site.baton(
        ...['guard', '--data', data, '--auto-rollback', '--', process.execPath, '-e', ruin],
      );
      assert.equal(code, 3, out + err);
      await assertSound(rows);
    });

    test('a damaged one is refused before anything changes', async () => {
      const old = join(data, 'old.db');
      const database = new DatabaseSync(old);
      database.exec('CREATE TABLE notes (text); CREATE INDEX texts ON notes (text); BEGIN');
      for (let n = 0; n < 500; n += 1)
        database.prepare('INSERT INTO notes VALUES (?)').run(`note ${n} ${'x'.repeat(200)}`);
      database.exec('COMMIT');
      database.close();
      const file = await open(old, 'r+');
      await file.write(Buffer.alloc(4_096, 7), 0, 4_096, 4_096 * 4);
      await file.close();
      const [was, kept] = [await site.containers('vault'), await snapshots()];
      const { code, report, out } = await site.report('deploy', 'vault.yml', '--set', 'VERSION=3');
      assert.notEqual(code, 0, out);
      assert.match(JSON.stringify(report['failure']), /old\.db (?:is damaged|cannot be read)/);
      assert.deepEqual(await site.containers('vault'), was);
      assert.deepEqual(await snapshots(), kept);
      await rm(old);
    });

    // It is put back as snapshots are, whatever takes it.
    if (isSubvolume) return;

    test('a snapshot that is asked for is a dump, and comes back', async () => {
      const rows = await count();
      const { code, out, err } = await site.baton('snapshots', 'take', data);
      assert.equal(code, 0, out + err);
      await inside((database) => {
        database.exec('DELETE FROM entries');
      });
      const taken = (await snapshots()).find((name) => name.includes('.taken.'));
      const restored = await site.baton('snapshots', 'restore', String(taken));
      assert.equal(restored.code, 0, restored.out + restored.err);
      await assertSound(rows);
    });

    test('an undo with data brings the rows of before', async () => {
      const rows = await count();
      const { code, out, err } = await site.report('deploy', 'vault.yml', '--set', 'VERSION=2');
      assert.equal(code, 0, out + err);
      await inside((database) => {
        database.exec('DELETE FROM entries');
      });
      const undone = await site.report('undo', 'vault', '--with-data');
      assert.equal(undone.code, 0, undone.out + undone.err);
      await assertSound(rows);
    });
  });
};
