/** A real MySQL, dumped before a change and restored through its own tools: after it fails, and when a person asks for it. */
import assert from 'node:assert/strict';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { makeImage, mysql } from './debian-image.ts';
import type { Data } from './dumps.ts';
import { Site } from './site.ts';

/** May stand nowhere but in the databases' containers. */
const canary = 'canary-mysql-Rk2vLd';

/** It makes itself as the official image does: first a server that listens to its socket only, without a password. */
const stack = `
name: market
services:
  goods:
    image: ${mysql.name}
    environment: {MYSQL_ROOT_PASSWORD: "\${CANARY}"}
    command:
      - sh
      - -c
      - |
        set -e
        id mysql >/dev/null 2>&1 || useradd --system mysql
        mkdir -p /run/mysqld && chown mysql /run/mysqld /data
        set -- mysqld --no-defaults --datadir=/data --user=mysql --secure-file-priv=NULL --mysqlx=OFF \\
          --performance-schema=OFF --innodb-flush-log-at-trx-commit=0 --sync-binlog=0 --max-allowed-packet=4M
        if [ ! -d /data/mysql ]; then
          "$$@" --initialize-insecure
          "$$@" --daemonize --skip-networking --log-error=/run/mysqld/first.log
          mysql -uroot <<SQL
        alter user root@localhost identified by '$$MYSQL_ROOT_PASSWORD';
        create user root@'%' identified by '$$MYSQL_ROOT_PASSWORD'; grant all on *.* to root@'%' with grant option;
        create database first;
        SQL
          MYSQL_PWD="$$MYSQL_ROOT_PASSWORD" mysqladmin -uroot shutdown
        fi
        exec "$$@"
    stop_grace_period: 30s
    volumes: ["\${DATA}/goods:/data"]
    healthcheck: {test: [CMD-SHELL, 'MYSQL_PWD="$$MYSQL_ROOT_PASSWORD" mysql -uroot -h127.0.0.1 -e "select 1"'], interval: 60s}
    x-baton: {data: {/data: {dump: mysql}}}
  app:
    image: ${mysql.name}
    environment: {MYSQL_PWD: "\${CANARY}", SQL: "\${SQL:-select 1}"}
    command: [sh, -c, 'mysql -uroot -hgoods -e "$$SQL" && mysql -uroot -hgoods -e "select * from shop.items" && exec sleep 100000']
    stop_signal: SIGKILL
    depends_on: {goods: {condition: service_healthy}}
    healthcheck: {test: [CMD, mysql, -uroot, -hgoods, -e, "select * from shop.items"]}
x-baton: {min_healthy_time: 500ms, healthy_deadline: 60s}
`;

/** Whatever stands before or after the system's own database in a dump, with and without transactions, and owned by somebody. */
const filling = `
drop database first;
create database archive;
create table shop.notes (text text) engine = MyISAM;
insert into shop.notes values ('so');
create table shop.photos (id int primary key, bytes longblob);
insert into shop.photos values (1, repeat('x', 3000000));
create role reader;
create user clerk@'%' identified by 'x';
grant select on shop.* to reader;
grant reader to clerk@'%';
set default role reader to clerk@'%';
grant backup_admin on *.* to clerk@'%';
grant execute, trigger, update on shop.* to clerk@'%';
create definer = clerk@'%' view archive.names as select name from shop.items;
create definer = clerk@'%' function shop.twice (n int) returns int deterministic return n * 2;
create definer = clerk@'%' trigger shop.trimmed before insert on shop.items for each row set new.name = trim(new.name);
create event shop.nightly on schedule every 1 year starts '2100-01-01' do delete from shop.notes;
analyze table shop.items update histogram on name with 4 buckets;
`;

/** Of all that `filling` made, and that must be as it was. */
const questions = `
select group_concat(name, ' ', loud order by id) from shop.items;
select concat(text, ' in ', engine) from shop.notes, information_schema.tables where table_name = 'notes';
select concat(length(bytes), ' ', sha2(bytes, 256)) from shop.photos;
select group_concat(name order by 1) from archive.names;
select concat(definer, ' ', security_type) from information_schema.views where table_schema = 'archive';
select shop.twice(4);
select concat(trigger_name, ' ', definer) from information_schema.triggers where trigger_schema = 'shop';
select concat(event_name, ' ', definer, ' ', starts) from information_schema.events;
select concat(table_name, ' ', column_name) from information_schema.column_statistics;
select concat(user, '@', host, ' ', plugin, ' ', hex(authentication_string)) from mysql.user order by user, host;
show grants for clerk@'%';
select concat(user, ' ', default_role_user) from mysql.default_roles;
select @@global.max_allowed_packet;
select schema_name from information_schema.schemata order by 1;
`;

describe('MySQL that is dumped', () => {
  let site: Site;
  const client = async (script: string): Promise<string> =>
    (
      await site.cli(
        ...['exec', 'market-goods-1', 'sh', '-c'],
        `MYSQL_PWD="$MYSQL_ROOT_PASSWORD" mysql -uroot -N -B <<'SQL'\n${script}\nSQL\n`,
      )
    ).trim();
  const standing = async (): Promise<string[]> => (await client(questions)).split('\n');
  const goods = (): string => join(site.data, 'goods');

  before(async () => {
    site = await Site.open('docker', 'ext4', { CANARY: canary });
    await makeImage(site, mysql);
    await mkdir(goods());
    await site.write('market.yml', stack);
    const made =
      'create database if not exists shop; ' +
      'create table if not exists shop.items (id int primary key, name varchar(20), loud varchar(20) as (upper(name)) stored); ' +
      "insert ignore into shop.items (id, name) values (1, 'Pen'), (2, 'Ink')";
    const { code, out, err } = await site.report('deploy', 'market.yml', '--set', `SQL=${made}`);
    assert.equal(code, 0, out + err);
    await client(filling);
  });
  after(async () => {
    await site.close();
    // The disk is small, and databases are not.
    await rm(site.data, { recursive: true, force: true });
  });

  test('a release that loses all of it and never gets healthy is taken back: rows, accounts, roles, code, and rows larger than a packet', async () => {
    const was = await standing();
    const { code, report, out, err } = await site.report(
      ...['deploy', 'market.yml', '--set'],
      "SQL=drop database shop; drop database archive; drop user clerk@'%'; drop role reader",
    );
    assert.equal(code, 3, out + err);
    assert.deepEqual(
      (report['data'] as Data[]).map(({ did }) => did),
      ['restored'],
    );
    assert.deepEqual(await standing(), was);
    assert.equal(was[0], 'Pen PEN,Ink INK');
  });

  test('a dump is brought back when a person asks for it', async () => {
    const { code, report, out, err } = await site.report('snapshots', 'take', goods());
    assert.equal(code, 0, out + err);
    const [{ snapshot = '' } = {}] = report['data'] as Data[];
    const was = await standing();
    await client('delete from shop.items; drop view archive.names; drop user clerk@"%"');
    const { out: plan } = await site.baton('snapshots', 'restore', snapshot, '--dry-run');
    assert.match(plan, /"market-goods-1" begins empty and takes it in through mysql\b/);
    const restored = await site.report('snapshots', 'restore', snapshot);
    assert.equal(restored.code, 0, restored.out + restored.err);
    assert.deepEqual(await standing(), was);
    const kept = await readdir(join(site.data, '.baton-snapshots', 'goods'));
    assert.ok(
      kept.some((name) => name.includes('.undone.')),
      kept.join(' '),
    );
  });

  test('an undo with data brings all of it back, and can be undone too', async () => {
    const was = await standing();
    const { code, out, err } = await site.report(
      ...['deploy', 'market.yml', '--set'],
      'SQL=delete from shop.items where id = 2; delete from shop.photos; drop event if exists shop.nightly',
    );
    assert.equal(code, 0, out + err);
    const poorer = await standing();
    assert.notDeepEqual(poorer, was);
    const undo = async (): Promise<string[]> => {
      const undone = await site.report('undo', 'market', '--with-data');
      assert.equal(undone.code, 0, undone.out + undone.err);
      return await standing();
    };
    assert.deepEqual(await undo(), was);
    assert.deepEqual(await undo(), poorer);
  });

  test('no password is in a report, in what happened, or in a log', async () => {
    const { out } = await site.baton('events', 'market', '--json');
    assert.ok(!out.includes(canary));
    assert.ok(!site.workerLog.includes(canary));
  });
});
