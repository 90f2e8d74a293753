/** Records in a PostgreSQL database: the contract. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { Client } from 'pg';
import { postgresUser, startPostgres, type PostgresServer } from '../host/postgres-server.ts';
import { recordsContract } from './records-contract.ts';

describe('records in PostgreSQL', () => {
  let directory: string;
  let server: PostgresServer;
  let databases = 0;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-records-'));
    server = await startPostgres(join(directory, 'data'));
  });
  after(async () => {
    await server.close();
    await rm(directory, { recursive: true });
  });

  const urlOf = (database: string): string =>
    `postgres://${postgresUser}@127.0.0.1:${server.port}/${database}`;

  recordsContract(async () => {
    databases += 1;
    const client = new Client({ connectionString: urlOf('postgres') });
    await client.connect();
    await client.query(`CREATE DATABASE records${databases}`);
    await client.end();
    return urlOf(`records${databases}`);
  });
});
