/** Maintenance of a real PostgreSQL, as a playbook: through its own tools, in its own container, and measured by itself. */
import assert from 'node:assert/strict';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { manifestName } from '../../domain/dump.ts';
import type { PlaybookReport } from '../../domain/playbook.ts';
import { databases, makeImage } from './debian-image.ts';
import { makeDatabaseDirectory, postgresStack } from './dumps.ts';
import { Site, until } from './site.ts';

const canary = 'canary-maintenance-W3pL';

const rebuild = `
name: rebuild
title: Build indexes anew
target: service
protects: stack
steps:
  - maintain: database-and-indexes
success:
  all:
    - { measure: database-bytes, falls_by: 100K }
undo: { possible: false, how: Every row is as it was. }
risk: low
cooldown: 1h
needs: { time: 5m }
`;

describe('maintenance of PostgreSQL', () => {
  let site: Site;
  const psql = (query: string, database: string): string[] => [
    ...['exec', 'vault-database-1', 'sh', '-c'],
    `PGPASSWORD="$POSTGRES_PASSWORD" PGDATABASE='${database}' psql -U postgres -Atc "${query}"`,
  ];
  const sql = async (query: string, database = 'postgres'): Promise<string> =>
    (await site.cli(...psql(query, database))).trim();
  const run = async (name: string, target: string): Promise<{ code: number; report: PlaybookReport }> => {
    const { code, out, err } = await site.baton('playbook', 'run', name, target, '--yes', '--json');
    const lines = out.trim().split('\n');
    const found = lines
      .map((line) => JSON.parse(line) as { type: string })
      .findLast(({ type }) => type === 'report');
    assert.ok(found, out + err);
    return { code, report: found as unknown as PlaybookReport };
  };
  const figure = ({ figures }: PlaybookReport, name: string): { before: number; after: number } => {
    const { before: was = NaN, after: is = NaN } = figures.find(({ what }) => what === name) ?? {};
    return { before: was, after: is };
  };

  /** Nothing tends it but what is tried here. */
  const bloat = async (table: string, database?: string): Promise<void> => {
    await sql(
      `create table ${table} (id int primary key, text text) with (autovacuum_enabled = false)`,
      database,
    );
    await sql(`insert into ${table} select n, repeat('x', 50) from generate_series(1, 20000) n`, database);
    await sql(`delete from ${table} where id % 10 <> 0`, database);
  };
  const odd = 'odd=name of one';

  before(async () => {
    site = await Site.open('docker', 'ext4', { CANARY: canary });
    await makeImage(site, databases);
    await makeDatabaseDirectory(site, 'vault');
    await site.write('vault.yml', postgresStack('{/data: {dump: postgres}}'));
    const made = 'create table if not exists accounts as select 1 as id';
    const { code, out, err } = await site.report('deploy', 'vault.yml', '--set', `SQL=${made}`);
    assert.equal(code, 0, out + err);
    await sql(`create database \\"${odd}\\"`);
    await bloat('logs');
    await bloat('logs', odd);
  });
  after(async () => {
    await site.close();
    // The disk is small, and databases are not.
    await rm(site.data, { recursive: true, force: true });
  });

  test('what is no database is refused, and nothing is done', async () => {
    const { code, report } = await run('database-maintenance', 'vault/app');
    assert.equal(code, 1, JSON.stringify(report));
    assert.equal(report.outcome, 'refused');
  });

  test('dead rows of every database go, every other is as it was, and an earlier one that still holds a lock is ended', async () => {
    const [, ...rest] = psql('begin; lock table logs; select pg_sleep(600)', 'postgres');
    const [name = '', ...command] = rest;
    await site.cli('exec', '-d', '-e', 'PGAPPNAME=baton-maintenance', name, ...command);
    const held = "select count(*) from pg_locks where mode = 'AccessExclusiveLock' and granted";
    await until('the lock', async () => (await sql(held)) !== '0');
    const { code, report } = await run('database-maintenance', 'vault/database');
    assert.equal(code, 0, JSON.stringify(report));
    assert.equal(report.measurement?.held, true);
    const dead = figure(report, 'dead-percent');
    assert.ok(dead.before > 80 && dead.after <= 5, JSON.stringify(report.figures));
    assert.ok(figure(report, 'database-bytes').after > 0, JSON.stringify(report.figures));
    for (const database of ['postgres', odd]) {
      assert.equal(await sql('select count(*), sum(id) from logs', database), '2000|20010000');
      const vacuumed =
        "select count(last_vacuum), count(last_analyze) from pg_stat_user_tables where relname = 'logs'";
      assert.equal(await sql(vacuumed, database), '1|1');
    }
  });

  test('indexes are built anew and smaller, after a dump where the playbook protects', async () => {
    await site.write('.config/baton/playbooks/rebuild.yml', rebuild);
    const { code, report } = await run('rebuild', 'vault/database');
    assert.equal(code, 0, JSON.stringify(report));
    assert.equal(report.measurement?.held, true, JSON.stringify(report.figures));
    assert.deepEqual(
      report.steps.map(({ outcome }) => outcome),
      ['done', 'done'],
    );
    const snapshots = join(site.data, '.baton-snapshots', 'vault');
    const names = await readdir(snapshots, { recursive: true });
    assert.ok(
      names.some((name) => name.includes('.taken.') && name.endsWith(manifestName)),
      names.join(' '),
    );
  });

  test('no password is in what happened, or in a log', async () => {
    const { out } = await site.baton('events', 'vault', '--json');
    assert.ok(!out.includes(canary));
    assert.ok(!site.workerLog.includes(canary));
  });
});
