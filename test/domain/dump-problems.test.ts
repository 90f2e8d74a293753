/** What stands in the way of a dump, in words that say what to do. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dumpProblems, noTaker, unknownDatabase, writesTo } from '../../domain/dump-problems.ts';
import { minimumFreeBytes, type SnapshotName } from '../../domain/snapshot.ts';
import type { ContainerFacts } from '../../domain/world.ts';

const mebibyte = 2 ** 20;
const dump = { container: { name: 'shop-db-1' }, kind: 'postgres' } as never;
const plan = (sizeBytes: number) => ({ path: '/srv/db', sizeBytes, dump });
const answers = { answers: true } as never;

describe('a dump', () => {
  test('of a database that is silent cannot be made', () => {
    const [problem, ...more] = dumpProblems(plan(0), { freeBytes: Infinity }, {
      answers: false,
      why: 'Connection refused.',
    } as never);
    assert.deepEqual(more, []);
    assert.deepEqual(problem, {
      severity: 'error',
      code: 'database-silent',
      message:
        'The database in container "shop-db-1" cannot be dumped through pg_dump: Connection refused. Nothing was changed.',
      next: 'Mend that, or stop "shop-db-1": the files of a database at rest are snapshotted. x-baton.data: { /srv/db: snapshot } does that while it runs, too.',
    });
  });

  test('needs room for itself, and for the database that is made from it', () => {
    const enough = 200 * mebibyte + minimumFreeBytes;
    assert.deepEqual(dumpProblems(plan(100 * mebibyte), { freeBytes: enough }, answers), []);
    const [problem] = dumpProblems(plan(100 * mebibyte), { freeBytes: enough - 1 }, answers);
    assert.equal(problem?.code, 'no-space');
    assert.match(
      problem.message,
      /^Dumping the database in container "shop-db-1", and restoring it, may take 200 MiB; the filesystem of \/srv\/db has \d+ MiB left\. Nothing was changed\.$/,
    );
    assert.ok(!('next' in problem));
  });

  test('that nobody asked for, or of what does not run, has no problems', () => {
    assert.deepEqual(dumpProblems({ path: '/srv/db', sizeBytes: 0 }, { freeBytes: 0 }, answers), []);
    assert.deepEqual(dumpProblems(plan(1), { freeBytes: 0 }, undefined), []);
  });
});

const container = (name: string, status: string, mounts: object[] = []): ContainerFacts =>
  ({ name, status, mounts }) as unknown as ContainerFacts;

test('a database that nobody knows is told once, and only where it runs', () => {
  const writers = [container('old', 'exited'), container('one', 'running'), container('two', 'running')];
  const problems = unknownDatabase('/srv/db', writers);
  assert.deepEqual(
    problems.map(({ code, message }) => [code, message]),
    [
      [
        'unknown-database',
        '/srv/db is declared as a dump. Container "one" writes to it, and is no database that Baton knows to run there. Nothing was changed.',
      ],
    ],
  );
  assert.match(
    problems[0]?.next ?? '',
    /^Say which database it is, class: \{ dump: [a-z]+ \| .*\}, or stop it; or use snapshot\.$/,
  );
  assert.deepEqual(unknownDatabase('/srv/db', writers.slice(0, 1)), []);
});

describe('a dump that is to go back', () => {
  const snapshot = { path: '/srv/db', snapshot: 's1' as SnapshotName };
  const taker = (kind: string) =>
    ({ kind: 'postgres', database: { kind, container: { name: 'db' } } }) as never;

  test('needs a container of its kind', () => {
    assert.deepEqual(noTaker(snapshot, taker('postgres')), []);
    assert.deepEqual(noTaker(snapshot, undefined), []);
    const [other] = noTaker(snapshot, taker('redis'));
    const [none] = noTaker(snapshot, { kind: 'postgres' });
    const begin =
      's1 of /srv/db is a dump of a postgres database, which a container of that kind has to take in.';
    assert.equal(other?.message, `${begin} Container "db" there is a redis. Nothing was changed.`);
    assert.equal(none?.message, `${begin} No container there is known as its database. Nothing was changed.`);
    assert.match(
      none.next ?? '',
      /^Bring one up whose x-baton\.data has \{ \/srv\/db: \{ dump: postgres \} \}/,
    );
    assert.equal(none.code, 'no-database');
  });
});

test('what writes to a path has mounted that very path to write to', () => {
  const mount = (more: object) => ({ type: 'bind', source: '/srv/db', readOnly: false, ...more });
  const writes = (...mounts: object[]): boolean => writesTo('/srv/db')(container('c', 'running', mounts));
  assert.equal(writes(mount({})), true);
  assert.equal(writes(mount({ source: '/other' }), mount({})), true);
  for (const more of [{ source: '/srv' }, { readOnly: true }, { type: 'tmpfs' }])
    assert.equal(writes(mount(more)), false, JSON.stringify(more));
  assert.equal(writes(), false);
});
