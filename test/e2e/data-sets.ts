/** Data sets as a person uses them: a real PostgreSQL whose class a set tells, and plain files. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needed } from '../host/environment.ts';
import { databases, makeImage } from './database-image.ts';
import { makeDatabaseDirectory, postgresStack, type Data } from './dumps.ts';
import { Site, type Engine } from './site.ts';

/** May stand nowhere but in the database's containers. */
const canary = 'canary-sets-Pq3Vx9';

export const describeDataSets = (engine: Engine): void => {
  describe(`data sets on ${engine}`, () => {
    let site: Site;
    const vault = (): string => join(site.data, 'vault');
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
      await writeFile(join(site.data, 'notes', 'index.html'), 'three notes\n');
      await site.write('vault.yml', postgresStack('{}'));
      await site.write(
        '.config/baton/baton.yml',
        `data:
  vault: { path: ${vault()}, class: { dump: postgres }, keep: { daily: 7, minimum: 2 } }
`,
      );
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
  });
};
