/** Data sets as a person uses them: a real PostgreSQL whose class a set tells, and plain files. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needed } from '../host/environment.ts';
import { databases, makeImage } from './debian-image.ts';
import { makeDatabaseDirectory, postgresStack, type Data } from './dumps.ts';
import type { SetStatus } from '../../domain/data-set.ts';
import type { SetTest } from '../../domain/restore-test.ts';
import { fingerprint, Site, until, type Engine } from './site.ts';

/** Reaches for the network, and for what else it mounts, when it starts. */
const notesStack = `
name: notes
services:
  web:
    image: \${IMAGE}
    command: [sh, -c, "ls /sys/class/net > /srv/networks; date > /other/written; exec httpd -f -p 80 -h /srv"]
    stop_signal: SIGKILL
    environment: {VERSION: "\${VERSION:-1}"}
    ports: ["127.0.0.1::80"]
    volumes: ["\${DATA}/notes:/srv", "\${DATA}/other:/other"]
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 100ms}
`;

/** May stand nowhere but in the database's containers. */
const canary = 'canary-sets-Pq3Vx9';

export const describeDataSets = (engine: Engine): void => {
  describe(`data sets on ${engine}`, () => {
    let site: Site;
    const vault = (): string => join(site.data, 'vault');
    const notes = (): string => join(site.data, 'notes');
    /** Everything that a restore test may have made. */
    const throwaways = async (): Promise<string[]> =>
      [
        ...(await site.cli('ps', '-aq', '--filter', `label=dev.baton.restore-test=${site.host}`)).split('\n'),
        ...(await Promise.all(['vault', 'notes'].map(snapshots))).flat(),
      ].filter((name) => name !== '' && !/^(?:vault|notes)\./.test(name));
    const tested = async (...args: string[]) => {
      const answer = await site.report('data', 'test', ...args);
      return { ...answer, tests: (answer.report['tests'] ?? []) as SetTest[] };
    };
    const shown = async (): Promise<Record<string, SetStatus>> => {
      const { out } = await site.baton('data', '--json');
      const sets = out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as SetStatus);
      return Object.fromEntries(sets.map((set) => [set.name, set]));
    };
    const inside = (query: string): string[] => [
      ...['exec', 'vault-database-1', 'sh', '-c'],
      `PGPASSWORD="$POSTGRES_PASSWORD" psql -U postgres -d postgres -Atc "${query}"`,
    ];
    const sql = async (query: string): Promise<string> => (await site.cli(...inside(query))).trim();
    const snapshots = async (of: string): Promise<string[]> =>
      (await readdir(join(site.data, '.baton-snapshots', of)).catch(() => []))
        .filter((name) => !name.endsWith('.json'))
        .sort();
    const engineCommand = [engine, '-H', `unix://${needed('BATON_TEST_DOCKER_SOCKET')}`];

    before(async () => {
      site = await Site.open(engine, 'ext4', { CANARY: canary });
      await makeImage(site, databases);
      await makeDatabaseDirectory(site, 'vault');
      await mkdir(join(site.data, 'notes'));
      await mkdir(join(site.data, 'other'));
      await writeFile(join(site.data, 'notes', 'index.html'), 'three notes\n');
      await site.write('vault.yml', postgresStack('{}'));
      await site.write(
        '.config/baton/baton.yml',
        `data:
  vault: { path: ${vault()}, class: { dump: postgres }, keep: { daily: 7, minimum: 2 } }
  notes: { path: ${notes()}, class: snapshot, restore_test: { exec: 'cat /srv/index.html && test "$(ls /sys/class/net)" = lo', contains: three, timeout: 20s } }
`,
      );
      await site.write('notes.yml', notesStack);
      assert.equal((await site.report('deploy', 'notes.yml')).code, 0);
      const made =
        'create table if not exists accounts as select n as id, n * 10 as balance from generate_series(1, 1000) n';
      const { code, out, err } = await site.report('deploy', 'vault.yml', '--set', `SQL=${made}`);
      assert.equal(code, 0, out + err);
    });
    after(async () => {
      await site.close();
      // The disk is small, and databases are not.
      await rm(site.data, { recursive: true, force: true });
    });

    test('the class of a set counts where the stack says nothing: a deploy would dump the path', async () => {
      const { out } = await site.baton('plan', 'vault.yml', '--set', 'SQL=select 2');
      assert.match(out, /vault · database.* · dumped through pg_dump/);
    });

    test('a guarded command that ruins the database and fails: rows are as before, and so are the containers', async () => {
      const was = await site.containers('vault');
      const { code, out, err } = await site.baton(
        ...['guard', '--data', vault(), '--auto-rollback', '--json', '--shell', '--'],
        [...engineCommand, ...inside('drop table accounts').map((word) => `'${word}'`), '&& exit 3'].join(
          ' ',
        ),
      );
      const report = JSON.parse(out.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
      assert.equal(code, 3, out + err);
      assert.equal(report['outcome'], 'rolled-back');
      assert.equal(await sql('select count(*), sum(balance) from accounts'), '1000|5005000');
      const [data] = report['data'] as Data[];
      assert.equal(data?.did, 'restored');
      const now = await site.containers('vault');
      assert.deepEqual(
        now.map(({ id, running }) => ({ id, running })),
        was.map(({ id, running }) => ({ id, running })),
      );
      // The dump is used up, the failed state is kept.
      const own = (await snapshots('vault')).filter((name) => name.endsWith(String(report['operation'])));
      assert.deepEqual(own, [data.failedState?.snapshot]);
      assert.ok(!out.includes(canary));
    });

    test('a snapshot of it is a dump', async () => {
      const { code, report, out, err } = await site.report('snapshots', 'take', vault());
      assert.equal(code, 0, out + err);
      const [data] = report['data'] as Data[];
      const kept = await readdir(join(site.data, '.baton-snapshots', 'vault', data?.snapshot ?? ''));
      assert.ok(kept.includes('roles.sql'), kept.join(' '));
    });

    test('a dump is brought back when asked for: the plan says through what, and what was there is kept', async () => {
      const { report: taken } = await site.report('snapshots', 'take', vault());
      const [{ snapshot = '' } = {}] = taken['data'] as Data[];
      await sql('delete from accounts where id > 10');
      const was = await site.containers('vault');
      const { out: plan } = await site.baton('snapshots', 'restore', snapshot, '--dry-run');
      assert.match(
        plan,
        /"vault-database-1" begins empty and takes it in through pg_restore.* app is stopped/,
      );
      assert.equal(await sql('select count(*) from accounts'), '10');

      const { code, report, out, err } = await site.report('snapshots', 'restore', snapshot);
      assert.equal(code, 0, out + err);
      assert.equal(await sql('select count(*), sum(balance) from accounts'), '1000|5005000');
      const now = await site.containers('vault');
      assert.deepEqual(
        now.map(({ id, running }) => ({ id, running })),
        was.map(({ id, running }) => ({ id, running })),
      );
      const own = (await snapshots('vault')).filter((name) => name.endsWith(String(report['operation'])));
      assert.deepEqual(
        own.map((name) => name.split('.')[1]),
        ['undone'],
      );
      assert.ok(!out.includes(canary));

      // Which can be brought back in turn: files, as they were.
      const back = await site.report('snapshots', 'restore', own[0] ?? '');
      assert.equal(back.code, 0, back.out);
      assert.equal(await sql('select count(*) from accounts'), '10');
    });

    test('a check that says no puts back what was there, and a database that is down takes a dump in all the same', async () => {
      const dump = (await snapshots('vault')).find((name) => name.includes('.taken.')) ?? '';
      const was = await site.containers('vault');
      const no = await site.report(
        'snapshots',
        'restore',
        dump,
        '--validate',
        'exec::false',
        '--validate-within',
        '1s',
      );
      assert.equal(no.code, 3, no.out + no.err);
      assert.equal(await sql('select count(*) from accounts'), '10');
      assert.deepEqual(
        (await site.containers('vault')).map(({ id, running }) => ({ id, running })),
        was.map(({ id, running }) => ({ id, running })),
      );

      await site.cli('stop', 'vault-app-1', 'vault-database-1');
      const down = await site.report('snapshots', 'restore', dump);
      assert.equal(down.code, 0, down.out + down.err);
      // As it ran before: not at all.
      assert.ok((await site.containers('vault')).every(({ running }) => !running));
      await site.cli('start', 'vault-database-1');
      await until('the database', async () => (await sql('select 1').catch(() => '')) === '1');
      assert.equal(await sql('select count(*) from accounts'), '1000');
      await site.cli('start', 'vault-app-1');
    });

    test('an operation on data whose restore was never proven says so, in its plan and in its report', async () => {
      const { out } = await site.baton('plan', 'notes.yml', '--set', 'VERSION=2');
      assert.match(out, /was never proven/);
      const sets = await shown();
      assert.equal(sets['vault']?.restore?.state, 'never');
      assert.equal((await site.baton('data')).code, 1);
    });

    test('what is kept of each set is brought up, without a network, and proven; nothing of it stays', async () => {
      assert.equal((await site.report('snapshots', 'take', notes())).code, 0);
      const was = [await fingerprint(notes()), await fingerprint(join(site.data, 'other'))];
      const running = [await site.containers('vault'), await site.containers('notes')];
      const { code, tests, out, err } = await tested();
      assert.equal(code, 0, out + err);
      assert.deepEqual(tests.map(({ set, result }) => `${set} ${result}`).sort(), [
        'notes proven',
        'vault proven',
      ]);
      assert.deepEqual([await fingerprint(notes()), await fingerprint(join(site.data, 'other'))], was);
      assert.deepEqual([await site.containers('vault'), await site.containers('notes')], running);
      assert.deepEqual(await throwaways(), []);
      const sets = await shown();
      assert.deepEqual([sets['vault']?.wrong, sets['notes']?.wrong], [[], []]);
      assert.ok(!out.includes(canary));
      const { out: listed } = await site.baton('snapshots', 'notes');
      assert.match(listed, /restore proven/);
      const { out: plan } = await site.baton('plan', 'notes.yml', '--set', 'VERSION=2');
      assert.ok(!plan.includes('never proven'));
    });

    test('a snapshot that does not hold what is asked for, and a dump that is damaged, fail it, and it is told everywhere', async () => {
      await writeFile(join(notes(), 'index.html'), 'no notes\n');
      assert.equal((await site.report('snapshots', 'take', notes())).code, 0);
      const { newest } = (await shown())['vault'] ?? {};
      const part = join(site.data, '.baton-snapshots', 'vault', newest?.name ?? '', 'roles.sql');
      await writeFile(part, 'nothing');
      const { code, tests, out } = await tested();
      assert.equal(code, 1, out);
      assert.deepEqual(tests.map(({ set, result }) => `${set} ${result}`).sort(), [
        'notes failed',
        'vault failed',
      ]);
      assert.deepEqual(await throwaways(), []);
      const sets = await shown();
      assert.equal(sets['notes']?.restore?.state, 'failed');
      // The proof of before is still known.
      assert.ok(sets['notes'].restore.proven);
      assert.match((await site.baton('doctor')).out, /Restore.*notes/);
      assert.match((await site.baton('status')).out, /notes.* failed/);
    });
  });
};
