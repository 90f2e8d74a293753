/** The real thing: PostgreSQL and Redis. A migration drops a table, the release never gets healthy, and the rows are back. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { databases, makeImage } from './debian-image.ts';
import { fingerprint, Site, type Engine } from './site.ts';

const stack = `
name: bank
services:
  database:
    image: ${databases.name}
    user: postgres
    environment: {PATH: "/usr/lib/postgresql/15/bin:/usr/bin:/bin"}
    command:
      - sh
      - -c
      - |
        set -e
        if [ ! -f /data/PG_VERSION ]; then
          initdb -D /data -A trust >/dev/null
          echo "listen_addresses = '*'" >> /data/postgresql.conf
          echo "host all all all trust" >> /data/pg_hba.conf
        fi
        exec postgres -D /data -k /tmp
    stop_signal: SIGINT
    stop_grace_period: 30s
    volumes: ["\${DATA}/bank:/data"]
    healthcheck: {test: [CMD, /usr/lib/postgresql/15/bin/pg_isready, -h, /tmp], interval: 60s}
  redis:
    image: ${databases.name}
    command: [redis-server, --protected-mode, "no", --save, "", --appendonly, "yes", --dir, /data]
    volumes: ["redis:/data"]
    healthcheck: {test: [CMD, redis-cli, ping], interval: 60s}
  migrate:
    image: ${databases.name}
    command: [sh, -c, "psql -h database -U postgres -v ON_ERROR_STOP=1 -c \\"\${SQL:-select 1}\\" && redis-cli -h redis \${REDIS:-ping}"]
    depends_on: {database: {condition: service_healthy}, redis: {condition: service_healthy}}
  app:
    image: ${databases.name}
    command: [sh, -c, "psql -h database -U postgres -Atc 'select count(*) from accounts' && exec sleep 100000"]
    stop_signal: SIGKILL
    environment: {VERSION: "\${VERSION:-1}"}
    depends_on: {migrate: {condition: service_completed_successfully}}
    healthcheck: {test: [CMD, psql, -h, database, -U, postgres, -c, "select count(*) from accounts"]}
volumes: {redis: }
x-baton: {min_healthy_time: 500ms, healthy_deadline: 30s}
`;

export const describePostgres = (engine: Engine): void => {
  describe(`PostgreSQL and Redis on ${engine}`, () => {
    let site: Site;
    const sql = async (query: string): Promise<string> =>
      (
        await site.cli('exec', 'bank-database-1', 'psql', '-h', '/tmp', '-U', 'postgres', '-Atc', query)
      ).trim();
    const redis = async (...args: string[]): Promise<string> =>
      (await site.cli('exec', 'bank-redis-1', 'redis-cli', ...args)).trim();

    before(async () => {
      site = await Site.open(engine, 'btrfs');
      await makeImage(site, databases);
      await execa('btrfs', ['subvolume', 'create', join(site.data, 'bank')]);
      const { out } = await site.engineCli(
        'run',
        '--rm',
        '--network',
        'none',
        '--entrypoint',
        '',
        databases.name,
        'id',
        '-u',
        'postgres',
      );
      await execa('chown', [out.trim(), join(site.data, 'bank')]);
      await execa('chmod', ['700', join(site.data, 'bank')]);
      await site.write('bank.yml', stack);
    });
    after(async () => {
      await site.close();
    });

    test('a first release makes its table and fills it', async () => {
      const { code, out, err } = await site.report(
        'deploy',
        'bank.yml',
        '--set',
        'SQL=create table accounts as select n as id, n * 10 as balance from generate_series(1, 1000) n',
        '--set',
        'REDIS=set session alive',
      );
      assert.equal(code, 0, out + err);
      assert.equal(await sql('select count(*), sum(balance) from accounts'), '1000|5005000');
      assert.equal(await redis('get', 'session'), 'alive');
    });

    test('a migration that drops the table and never gets healthy is taken back: rows, keys, and the very same containers', async () => {
      await sql('insert into accounts values (1001, 1)');
      const before = await site.containers('bank');
      const { code, report, out, err } = await site.report(
        'deploy',
        'bank.yml',
        '--set',
        'SQL=drop table accounts',
        '--set',
        'REDIS=flushall',
        '--set',
        'VERSION=2',
      );
      assert.equal(code, 3, out + err);
      assert.equal(report['outcome'], 'rolled-back');
      assert.match(JSON.stringify(report['failure']), /accounts/);
      assert.equal(await sql('select count(*), sum(balance) from accounts'), '1001|5005001');
      assert.equal(await redis('get', 'session'), 'alive');
      const now = await site.containers('bank');
      assert.deepEqual(
        now.map(({ id, name, running }) => ({ id, name, running })),
        before.map(({ id, name, running }) => ({ id, name, running })),
      );
    });

    test('the failed state is kept: the table is gone there', async () => {
      const { report } = await site.report('events', 'bank');
      const data = report['data'] as { path: string; failedState?: { snapshot: string } }[];
      const failed = data.find(({ path }) => path.endsWith('/bank'))?.failedState?.snapshot;
      assert.ok(failed);
      const kept = await fingerprint(join(site.data, '.baton-snapshots', 'bank', failed));
      assert.ok(kept.length > 900);
    });

    test('`docker compose` sees the containers that were there before', async () => {
      const labels = await site.cli(
        'inspect',
        '--format',
        '{{index .Config.Labels "com.docker.compose.project"}}',
        'bank-database-1',
      );
      assert.equal(labels.trim(), 'bank');
      const listed = await site.cli(
        'ps',
        '--filter',
        'label=com.docker.compose.project=bank',
        '--format',
        '{{.Names}}',
      );
      assert.deepEqual(listed.trim().split('\n').sort(), ['bank-app-1', 'bank-database-1', 'bank-redis-1']);
    });

    test('a change of the application alone leaves the database server running', async () => {
      const pid = async (): Promise<string> => await sql('select pg_postmaster_start_time()');
      const before = await pid();
      const { code, out, err } = await site.report(
        'deploy',
        'bank.yml',
        '--set',
        'VERSION=3',
        '--set',
        'SQL=create table accounts as select n as id, n * 10 as balance from generate_series(1, 1000) n',
        '--set',
        'REDIS=set session alive',
      );
      assert.equal(code, 0, out + err);
      assert.equal(await pid(), before);
    });
  });
};
