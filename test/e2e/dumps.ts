/** Real PostgreSQL, MariaDB and Redis, dumped before a change and restored through their own tools after it fails. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { SetTest } from '../../domain/restore-test.ts';
import { databases, makeImage, mariadb } from './debian-image.ts';
import { Site, until, type Engine } from './site.ts';

/** May stand nowhere but in the databases' containers. */
const canary = 'canary-dump-Zt7Qm4';

/** @param data what the stack itself says of the database's files. */
export const postgresStack = (data: string): string => `
name: vault
services:
  database:
    image: ${databases.name}
    user: postgres
    environment:
      PATH: "/usr/lib/postgresql/15/bin:/usr/bin:/bin"
      PGHOST: /tmp
      POSTGRES_PASSWORD: "\${CANARY}"
    command:
      - sh
      - -c
      - |
        set -e
        if [ ! -f /data/PG_VERSION ]; then
          echo "$$POSTGRES_PASSWORD" > /tmp/password
          initdb -D /data -A scram-sha-256 --pwfile=/tmp/password >/dev/null
          echo "host all all all scram-sha-256" >> /data/pg_hba.conf
        fi
        exec postgres -D /data -k /tmp -c "listen_addresses=*"
    stop_signal: SIGINT
    stop_grace_period: 30s
    volumes: ["\${DATA}/vault:/data"]
    healthcheck: {test: [CMD, pg_isready, -h, /tmp], interval: 60s}
    x-baton: {data: ${data}}
  app:
    image: ${databases.name}
    environment: {PGPASSWORD: "\${CANARY}", PGHOST: database, PGUSER: postgres, SQL: "\${SQL:-select 1}"}
    command: [sh, -c, "psql -v ON_ERROR_STOP=1 -c \\"$$SQL\\" && psql -Atc 'select count(*) from accounts' && exec sleep 100000"]
    stop_signal: SIGKILL
    depends_on: {database: {condition: service_healthy}}
    healthcheck: {test: [CMD, psql, -c, "select count(*) from accounts"]}
x-baton: {min_healthy_time: 500ms, healthy_deadline: 30s}
`;

/** As the image's own user wants it. */
export const makeDatabaseDirectory = async (site: Site, name: string): Promise<void> => {
  const id = await site.cli(
    ...['run', '--rm', '--network', 'none', '--entrypoint', '', databases.name],
    ...['id', '-u', 'postgres'],
  );
  await execa('mkdir', ['-m', '700', join(site.data, name)]);
  await execa('chown', [id.trim(), join(site.data, name)]);
};

export type Data = { path: string; did: string; snapshot?: string; failedState?: { snapshot: string } };

export const describePostgresDumps = (engine: Engine): void => {
  describe(`PostgreSQL that is dumped, on ${engine}`, () => {
    let site: Site;
    const sql = async (query: string, database = 'postgres'): Promise<string> =>
      (
        await site.cli(
          ...['exec', 'vault-database-1', 'sh', '-c'],
          `PGPASSWORD="$POSTGRES_PASSWORD" psql -U postgres -d ${database} -Atc "${query}"`,
        )
      ).trim();
    const snapshots = async (): Promise<string[]> =>
      (await readdir(join(site.data, '.baton-snapshots', 'vault'))).filter((name) => !name.endsWith('.json'));

    before(async () => {
      site = await Site.open(engine, 'ext4', { CANARY: canary });
      await makeImage(site, databases);
      await makeDatabaseDirectory(site, 'vault');
      await site.write('vault.yml', postgresStack('{/data: {dump: postgres}}'));
      const made =
        'create table if not exists accounts as select n as id, n * 10 as balance from generate_series(1, 1000) n';
      const { code, out: said, err } = await site.report('deploy', 'vault.yml', '--set', `SQL=${made}`);
      assert.equal(code, 0, said + err);
      await sql('create role clerk login');
      await sql('create database archive owner clerk');
      await sql(
        'create table old (id serial primary key, at timestamptz); insert into old values (7)',
        'archive',
      );
      await sql("alter system set work_mem = '7MB'");
    });
    after(async () => {
      await site.close();
      // The disk is small, and databases are not.
      await rm(site.data, { recursive: true, force: true });
    });

    test('the plan says what is dumped, and through what', async () => {
      const { out } = await site.baton('plan', 'vault.yml', '--set', 'SQL=select 2');
      assert.match(out, /vault · database.* · dumped through pg_dump in container "vault-database-1"/);
      assert.match(out, /restored through pg_restore/);
    });

    test('a migration that drops the table and never gets healthy: rows, roles, settings and other databases are as before', async () => {
      await sql('insert into accounts values (1001, 1)');
      const was = await site.containers('vault');
      const { code, report, out, err } = await site.report(
        'deploy',
        'vault.yml',
        '--set',
        'SQL=drop table accounts',
      );
      assert.equal(code, 3, out + err);
      assert.equal(report['outcome'], 'rolled-back');
      assert.equal(await sql('select count(*), sum(balance) from accounts'), '1001|5005001');
      assert.equal(await sql('select id from old', 'archive'), '7');
      assert.equal(
        await sql("select pg_get_userbyid(datdba) from pg_database where datname = 'archive'"),
        'clerk',
      );
      assert.equal(await sql('show work_mem'), '7MB');
      const now = await site.containers('vault');
      assert.deepEqual(
        now.map(({ id, name, running }) => ({ id, name, running })),
        was.map(({ id, name, running }) => ({ id, name, running })),
      );
      const [data] = report['data'] as Data[];
      assert.equal(data?.did, 'restored');
      // The dump is used up, the failed state is kept.
      const own = (await snapshots()).filter((name) => name.endsWith(String(report['operation'])));
      assert.deepEqual(own, [data.failedState?.snapshot]);
    });

    test('an undo with data: the database begins empty, takes in what it held, and that can be undone too', async () => {
      const [, database] = await site.containers('vault');
      const poorer = await site.report(
        'deploy',
        'vault.yml',
        '--set',
        'SQL=delete from accounts where id > 10',
      );
      assert.equal(poorer.code, 0, poorer.out + poorer.err);
      await sql('drop table old', 'archive');
      const back = async (): Promise<string> => {
        const { code, out, err } = await site.report('undo', 'vault', '--with-data');
        assert.equal(code, 0, out + err);
        return await sql('select count(*) from accounts');
      };
      assert.equal(await back(), '1001');
      assert.equal(await sql('select id from old', 'archive'), '7');
      assert.equal(await sql('show work_mem'), '7MB');
      assert.ok((await site.containers('vault')).some(({ id }) => id === database?.id));
      assert.equal(await back(), '10');
      await sql('insert into accounts select n, n * 10 from generate_series(11, 1001) n');
      assert.equal((await snapshots()).filter((name) => name.includes('.undone.')).length, 2);
    });

    test('a dump that cannot begin, or that fails in the middle, ends the deploy before anything changes', async () => {
      const was = await site.containers('vault');
      const files = await snapshots();
      const deploy = async () => await site.report('deploy', 'vault.yml', '--set', 'SQL=drop table accounts');
      const unchanged = async (): Promise<void> => {
        assert.deepEqual(await site.containers('vault'), was);
        assert.deepEqual(await snapshots(), files);
        assert.equal(await sql('select count(*) from accounts'), '1001');
      };
      await sql("alter role postgres password 'another'");
      const { code, out } = await deploy();
      assert.equal(code, 1);
      assert.match(out, /database-silent/);
      assert.ok(!out.includes(canary));
      await site.cli(
        ...['exec', 'vault-database-1', 'sh', '-c'],
        `PGPASSWORD=another psql -U postgres -c "alter role postgres password '$POSTGRES_PASSWORD'"`,
      );
      await unchanged();
      // Fails in the middle: the catalog says that there is a relation, and its file is gone.
      await sql('create table torn as select 1 as a; checkpoint');
      const file = await sql("select pg_relation_filepath('torn')");
      await site.cli('exec', 'vault-database-1', 'sh', '-c', `mv /data/${file} /data/away`);
      const torn = await deploy();
      await site.cli('exec', 'vault-database-1', 'sh', '-c', `mv /data/away /data/${file}`);
      await sql('drop table torn');
      assert.equal(torn.code, 3, torn.out);
      assert.match(JSON.stringify(torn.report['failure']), /pg_dump/);
      await unchanged();
    });

    test('a database that does not run is snapshotted at rest', async () => {
      await site.cli('stop', 'vault-app-1', 'vault-database-1');
      const { out } = await site.baton('plan', 'vault.yml', '--set', 'SQL=select 3');
      assert.match(out, /its database does not run/);
      await site.cli('start', 'vault-database-1', 'vault-app-1');
    });
  });
};

const others = `
name: market
services:
  goods:
    image: ${mariadb.name}
    environment: {MARIADB_ROOT_PASSWORD: "\${CANARY}"}
    command:
      - sh
      - -c
      - |
        set -e
        mkdir -p /run/mysqld && chown mysql /run/mysqld
        if [ ! -d /data/mysql ]; then
          mariadb-install-db --datadir=/data --user=mysql --auth-root-authentication-method=normal >/dev/null
          mariadbd --datadir=/data --user=mysql --skip-networking & first=$$!
          until mariadb -e "alter user root@localhost identified by '$$MARIADB_ROOT_PASSWORD'" 2>/dev/null; do sleep 0.2; done
          kill $$first; wait $$first
        fi
        exec mariadbd --datadir=/data --user=mysql --skip-networking=0 --bind-address=0.0.0.0
    stop_grace_period: 30s
    volumes: ["\${DATA}/goods:/data"]
    healthcheck: {test: [CMD-SHELL, 'mariadb -uroot -p"$$MARIADB_ROOT_PASSWORD" -e "select 1"'], interval: 60s}
    x-baton: {data: {/data: {dump: mariadb}}}
  sessions:
    image: ${databases.name}
    environment: {REDIS_PASSWORD: "\${CANARY}"}
    command: [sh, -c, 'exec redis-server --requirepass "$$REDIS_PASSWORD" --save "" --appendonly yes --dir /data']
    volumes: ["\${DATA}/sessions:/data"]
    healthcheck: {test: [CMD-SHELL, 'REDISCLI_AUTH="$$REDIS_PASSWORD" redis-cli ping | grep -q PONG'], interval: 60s}
    x-baton: {data: {/data: {dump: redis}}}
  queue:
    image: ${databases.name}
    environment: {REDIS_PASSWORD: "\${CANARY}"}
    command: [sh, -c, 'exec redis-server --requirepass "$$REDIS_PASSWORD" --save 60 1 --dir /data']
    volumes: ["\${DATA}/queue:/data"]
    healthcheck: {test: [CMD-SHELL, 'REDISCLI_AUTH="$$REDIS_PASSWORD" redis-cli ping | grep -q PONG'], interval: 60s}
    x-baton: {data: {/data: {dump: redis}}}
  app:
    image: ${databases.name}
    environment: {REDISCLI_AUTH: "\${CANARY}", DO: "\${DO:-true}"}
    command: [sh, -c, 'eval "$$DO"; redis-cli -h queue get job | grep -q . && exec sleep 100000']
    stop_signal: SIGKILL
    depends_on: {goods: {condition: service_healthy}, sessions: {condition: service_healthy}, queue: {condition: service_healthy}}
    healthcheck: {test: [CMD-SHELL, "redis-cli -h queue get job | grep -q ."]}
x-baton: {min_healthy_time: 500ms, healthy_deadline: 60s}
`;

export const describeOtherDumps = (engine: Engine): void => {
  describe(`MariaDB and Redis that are dumped, on ${engine}`, () => {
    let site: Site;
    const inside = async (service: string, script: string): Promise<string> =>
      (await site.cli('exec', `market-${service}-1`, 'sh', '-c', script)).trim();
    const sql = async (query: string): Promise<string> =>
      await inside('goods', `MYSQL_PWD="$MARIADB_ROOT_PASSWORD" mariadb -uroot -N -B -e "${query}"`);
    const redis = async (service: string, command: string): Promise<string> =>
      await inside(service, `REDISCLI_AUTH="$REDIS_PASSWORD" redis-cli ${command}`);

    before(async () => {
      site = await Site.open(engine, 'ext4', { CANARY: canary });
      await makeImage(site, databases);
      await makeImage(site, mariadb);
      for (const name of ['goods', 'sessions', 'queue']) await mkdir(join(site.data, name));
      await site.write('market.yml', others);
      const { code, out, err } = await site.report(
        'deploy',
        'market.yml',
        '--set',
        'DO=redis-cli -h queue set job 1',
      );
      assert.equal(code, 0, out + err);
      await sql(
        'create database shop; create table shop.items (id int primary key, name varchar(20)) engine=InnoDB',
      );
      await sql(
        "insert into shop.items values (1, 'pen'), (2, 'ink'); create table shop.notes (t text) engine=Aria; insert into shop.notes values ('so')",
      );
      // As SQL it is longer than its server takes in one packet.
      await sql(
        "create table shop.photos (bytes longblob); insert into shop.photos values (repeat('x', 9000000))",
      );
      await sql(
        "create user clerk@'%' identified by 'x'; grant select on shop.* to clerk@'%'; create view shop.names as select name from shop.items",
      );
      await redis('sessions', 'mset a 1 b 2');
      await redis('queue', 'set soon 1 EX 1000');
    });
    after(async () => {
      await site.close();
      // The disk is small, and databases are not.
      await rm(site.data, { recursive: true, force: true });
    });

    test('a release that loses all of it and never gets healthy is taken back: rows, users, views and keys', async () => {
      const { code, report, out, err } = await site.report(
        ...['deploy', 'market.yml', '--set'],
        'DO=redis-cli -h queue flushall; redis-cli -h sessions flushall; redis-cli -h sessions set new 1',
      );
      assert.equal(code, 3, out + err);
      assert.deepEqual(
        (report['data'] as Data[]).map(({ did }) => did),
        ['restored', 'restored', 'restored'],
      );
      assert.equal(await sql('select group_concat(name order by id) from shop.items'), 'pen,ink');
      assert.equal(await sql('select count(*) from shop.notes'), '1');
      assert.equal(await sql('select length(bytes) from shop.photos'), '9000000');
      assert.equal(await sql('select count(*) from shop.names'), '2');
      assert.match(await sql("show grants for clerk@'%'"), /GRANT SELECT ON `shop`/);
      assert.equal(await redis('sessions', 'mget a b new'), '1\n2');
      assert.equal(await redis('queue', 'get job'), '1');
      assert.ok(Number(await redis('queue', 'ttl soon')) > 0);
      // It is on the disk too, in the server's own way.
      await site.cli('restart', 'market-sessions-1', 'market-queue-1');
      await until('Redis', async () => (await redis('sessions', 'get a').catch(() => '')) === '1');
      await until('Redis', async () => (await redis('queue', 'get job').catch(() => '')) === '1');
    });

    test('an undo with data brings rows and keys of before', async () => {
      const poorer = await site.report(
        ...['deploy', 'market.yml', '--set'],
        'DO=redis-cli -h sessions flushall; redis-cli -h queue set job 2',
      );
      assert.equal(poorer.code, 0, poorer.out + poorer.err);
      await sql('delete from shop.items');
      const { code, out, err } = await site.report('undo', 'market', '--with-data');
      assert.equal(code, 0, out + err);
      assert.equal(await sql('select group_concat(name order by id) from shop.items'), 'pen,ink');
      assert.equal(await redis('sessions', 'mget a b'), '1\n2');
      assert.equal(await redis('queue', 'get job'), '1');
    });

    test('their newest dumps are brought up without a network, and hold what they should', async () => {
      const sets = Object.entries({ goods: 'mariadb', sessions: 'redis', queue: 'redis' }).map(
        ([name, kind]) =>
          `  ${name}: { path: ${join(site.data, name)}, class: { dump: ${kind} }, keep: { daily: 7 } }\n`,
      );
      await site.write('.config/baton/baton.yml', `data:\n${sets.join('')}`);
      const { code, report, out, err } = await site.report('data', 'test');
      assert.equal(code, 0, out + err);
      const tests = report['tests'] as SetTest[];
      assert.deepEqual(tests.map(({ set, result }) => `${set}: ${result}`).sort(), [
        'goods: proven',
        'queue: proven',
        'sessions: proven',
      ]);
    });

    test('MariaDB that is said to be MySQL is refused before anything changes', async () => {
      await site.write('said.yml', others.replace('{dump: mariadb}', '{dump: mysql}'));
      const { code, out } = await site.baton('plan', 'said.yml', '--set', 'DO=false');
      assert.equal(code, 1, out);
      assert.match(out, /cannot be dumped through mysqldump: .*It is no MySQL 8\.0/);
    });

    test('no password is in a report, in what happened, or in a log', async () => {
      const { out } = await site.baton('events', 'market', '--json');
      assert.ok(!out.includes(canary));
      assert.ok(!site.workerLog.includes(canary));
    });
  });
};
