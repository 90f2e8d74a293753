/** Directories that are dumped as SQLite: what a plan does with them, and what stands in the way. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { sqlitePaths } from '../../domain/mounted-data.ts';
import { sqliteText, type SqliteFacts } from '../../domain/sqlite.ts';
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
