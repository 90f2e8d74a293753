/** Directories that are dumped as SQLite: what a plan does with them, and what stands in the way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sqlitePaths } from '../../domain/mounted-data.ts';
import { asSqlite, isSqliteWish, sqliteProblems, sqliteText, type SqliteFacts } from '../../domain/sqlite.ts';
import type { StackSpec } from '../../domain/stack.ts';
import type { PathFacts, World } from '../../domain/world.ts';
import { mustLoad } from '../compose/loading.ts';
import { emptyWorld, plan } from './worlds.ts';

const MiB = 2 ** 20;

const ofMounts = async (mounts: string, wishes: string): Promise<StackSpec> =>
  await mustLoad(
    `name: web\nservices:\n  a:\n    image: app\n    volumes: [${mounts}]\n    x-baton: {data: {${wishes}}}\nvolumes: {kept: {}}\n`,
  );
const stack = await ofMounts('"/srv/a:/data"', '/data: {dump: sqlite}');

const world = (spec: StackSpec, facts: Partial<PathFacts> = {}, sqlite?: SqliteFacts): World => {
  const empty = emptyWorld(spec);
  const about: PathFacts = {
    type: 'directory',
    realPath: '/srv/a',
    filesystem: 'ext4',
    driver: 'copy',
    reason: 'on ext4, copied in full',
    reflink: false,
    nested: [],
    noCow: false,
    sizeBytes: 10 * MiB,
    sizeExceeded: false,
    freeBytes: 2 ** 40,
    ...facts,
  };
  return {
    ...empty,
    paths: Object.fromEntries(Object.keys(empty.paths).map((path) => [path, about])),
    ...(sqlite ? { sqlite: { '/srv/a': sqlite } } : {}),
  };
};
const found: SqliteFacts = { databases: 2, sizeBytes: 6 * MiB, links: [] };
const codes = (spec: StackSpec, now: World): string[] =>
  plan(spec, now).problems.flatMap(({ code, severity }) => (severity === 'error' ? [code] : []));
const dataOf = (spec: StackSpec, now: World) =>
  plan(spec, now).data.map(({ path, class: kind, driver, sqlite, notes }) => ({
    path,
    kind,
    driver,
    sqlite,
    notes,
  }));

describe('a path that is dumped as SQLite', () => {
  test('is known by what the stack says of it, or a data set, as a directory or a volume', async () => {
    const volume = await ofMounts(
      '"kept:/data", "/srv/b:/b", "/srv/c:/c"',
      '/data: {dump: sqlite}, /c: snapshot',
    );
    const volumes = { web_kept: { mountpoint: '/engine/kept' } };
    const classes = { '/srv/b': { dump: 'sqlite' }, '/srv/c': { dump: 'sqlite' } } as const;
    assert.deepEqual(sqlitePaths(volume, { volumes, classes }), ['/engine/kept', '/srv/b']);
    assert.deepEqual(sqlitePaths(stack, { volumes: {} }), ['/srv/a']);
  });

  test('is a dump that needs no container, by the driver of its files', () => {
    assert.deepEqual(dataOf(stack, world(stack, {}, found)), [
      {
        path: '/srv/a',
        kind: 'dump',
        driver: 'copy',
        sqlite: { databases: 2 },
        notes: ['on ext4, copied in full'],
      },
    ]);
    assert.deepEqual(codes(stack, world(stack, {}, found)), []);
  });

  test('which is not there yet is made by the change, and goes with it', () => {
    const [entry] = dataOf(stack, world(stack, { type: 'missing', driver: undefined }));
    assert.deepEqual([entry?.kind, entry?.sqlite], ['snapshot', undefined]);
  });

  test('tells of databases elsewhere that a link in it leads to', () => {
    const [entry] = dataOf(stack, world(stack, {}, { ...found, links: ['app.db'] }));
    assert.match(String(entry?.notes[1]), /is not dumped: app\.db/);
  });

  test('is refused where it is a file, too much to look through, or where there is no room for copies', () => {
    assert.deepEqual(codes(stack, world(stack, { type: 'file' }, found)), ['sqlite-file']);
    assert.deepEqual(codes(stack, world(stack, {}, { why: 'too many' })), ['sqlite-unread']);
    assert.deepEqual(codes(stack, world(stack, { freeBytes: 80 * MiB }, found)), ['no-space']);
    const reflink = { reflink: true, filesystem: 'xfs', freeBytes: 72 * MiB };
    assert.deepEqual(codes(stack, world(stack, reflink, found)), ['no-space']);
    assert.deepEqual(codes(stack, world(stack, reflink, { ...found, sizeBytes: MiB })), []);
  });

  test('holds what is mounted from below it; below a snapshot of files it is refused', async () => {
    const inner = await ofMounts('"/srv/a:/data", "/srv/a/media:/media"', '/data: {dump: sqlite}');
    assert.deepEqual(
      dataOf(inner, world(inner, {}, found)).map(({ path }) => path),
      ['/srv/a'],
    );
    const outer = await ofMounts('"/srv:/data", "/srv/a:/a"', '/a: {dump: sqlite}');
    assert.deepEqual(codes(outer, world(outer, {}, found)), ['dump-overlap']);
  });
});

test('how it is dumped is said', () => {
  const copy = { driver: 'copy', sizeBytes: MiB } as const;
  assert.equal(
    sqliteText({ databases: 2 }, copy),
    "2 SQLite databases dumped through SQLite's own backup and checked, everything else copied, 1.0 MiB",
  );
  assert.equal(
    sqliteText({ databases: 2 }, { driver: 'btrfs', sizeBytes: 0 }),
    'protected by btrfs snapshot, in which 2 SQLite databases are settled and checked',
  );
  assert.equal(
    sqliteText({ databases: 1 }, { driver: 'btrfs', sizeBytes: 0 }),
    'protected by btrfs snapshot, in which 1 SQLite database is settled and checked',
  );
});

describe('the entry of a plan', () => {
  const entry = {
    class: 'snapshot' as const,
    driver: 'copy' as const,
    existed: true,
    notes: ['a note'],
  };
  const facts = (links: string[]): SqliteFacts => ({ databases: 2, sizeBytes: 9, links });

  test('becomes a dump where there is something that can be put back', () => {
    assert.equal(asSqlite({ ...entry, existed: false }, facts([])).class, 'snapshot');
    const { driver: _none, ...undriven } = entry;
    assert.equal(asSqlite({ ...undriven }, facts([])).class, 'snapshot');
    assert.deepEqual(asSqlite(entry, facts([])), { ...entry, class: 'dump', sqlite: { databases: 2 } });
    for (const unknown of [undefined, { why: 'too many' }])
      assert.deepEqual(asSqlite(entry, unknown), { ...entry, class: 'dump', sqlite: { databases: 0 } });
  });

  test('names three links that lead elsewhere', () => {
    assert.deepEqual(asSqlite(entry, facts(['a', 'b', 'c', 'd'])).notes, [
      'a note',
      'leads to a database elsewhere, which is not dumped: a, b, c',
    ]);
  });

  test('has problems that say what to do', () => {
    const problems = (type: PathFacts['type'], told?: SqliteFacts, sqlite = true) =>
      sqliteProblems({ path: '/srv/a', ...(sqlite ? { sqlite: { databases: 0 } } : {}) }, { type }, told);
    assert.deepEqual(problems('file'), [
      {
        severity: 'error',
        code: 'sqlite-file',
        message:
          '/srv/a is declared as a dump of SQLite and is a file: its log would stay beside it when it is put back, and damage it. Nothing was changed.',
        next: 'Mount the directory that it is in, and declare that; or x-baton.data: { /srv/a: external }.',
      },
    ]);
    assert.deepEqual(problems('directory', { why: 'too many files.' }), [
      {
        severity: 'error',
        code: 'sqlite-unread',
        message: '/srv/a cannot be looked through for SQLite databases: too many files. Nothing was changed.',
        next: 'Mend that, or mount the databases apart; x-baton.data: { /srv/a: snapshot } does without looking.',
      },
    ]);
    assert.deepEqual(problems('file', undefined, false), []);
    assert.deepEqual([problems('directory'), problems('directory', facts([]))], [[], []]);
  });

  test('is asked for by that very kind of dump', () => {
    assert.equal(isSqliteWish({ dump: 'sqlite' }), true);
    for (const wish of [{ dump: 'postgres' }, 'snapshot', undefined] as const)
      assert.equal(isSqliteWish(wish), false);
  });
});
