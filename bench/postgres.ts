/**
 * A Temporal server on PostgreSQL, as people run it who outgrow the dev server: built from its Go module, since no registry
 * that is reached here has a binary of it. Everything lies below one directory and goes when it is closed.
 */
import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isFree } from '../setup/local.ts';
import { until } from '../test/e2e/site.ts';
import { needed } from '../test/host/environment.ts';
import { interrupt, postgresUser as user, startPostgres } from '../test/host/postgres-server.ts';
import { exists, goModule } from './peers.ts';

/** The server that the dev server of the Temporal CLI 1.9.1 holds too. */
const version = 'v1.32.0';
const databases = { temporal: 'temporal', temporal_visibility: 'visibility' } as const;

export type PostgresServer = { address: string; about: string; close: () => Promise<void> };

export const startOnPostgres = async (cache: string): Promise<PostgresServer> => {
  const programs = await buildServer(cache);
  const directory = await mkdtemp(join(tmpdir(), 'baton-postgres-'));
  const postgres = await startPostgres(join(directory, 'data'));
  const { port } = postgres;
  const close = async (server?: ChildProcess): Promise<void> => {
    await interrupt(server);
    await postgres.close();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    await createSchemas(programs, port);
    const { address, server } = await startServer(programs, directory, port);
    return {
      address,
      about: `Temporal server ${version} on ${postgres.version}`,
      close: () => close(server),
    };
  } catch (error) {
    await close();
    throw error;
  }
};

type Programs = { server: string; sqlTool: string; schemas: string };

const buildServer = async (cache: string): Promise<Programs> => {
  const directory = join(cache, 'peers', `temporal-server-${version}`);
  const programs = {
    server: join(directory, 'temporal-server'),
    sqlTool: join(directory, 'temporal-sql-tool'),
    schemas: join(directory, 'schema'),
  };
  if (await exists(programs.schemas)) return programs;
  const module = await goModule(`go.temporal.io/server@${version}`);
  await mkdir(directory, { recursive: true });
  for (const [to, from] of [
    [programs.server, './cmd/server'],
    [programs.sqlTool, './cmd/tools/sql'],
  ] as const)
    await execa('go', ['build', '-o', to, from], { cwd: module });
  // Last, so that it tells that all is there.
  await cp(join(module, 'schema', 'postgresql', 'v12'), programs.schemas, { recursive: true });
  return programs;
};

const createSchemas = async ({ sqlTool, schemas }: Programs, port: number): Promise<void> => {
  for (const [database, schema] of Object.entries(databases)) {
    const where = [
      ...['--plugin', 'postgres12', '--ep', '127.0.0.1', '--port', String(port)],
      ...['--user', user, '--password', user, '--db', database],
    ];
    await execa(sqlTool, [...where, 'create']);
    await execa(sqlTool, [...where, 'setup-schema', '-v', '0.0']);
    await execa(sqlTool, [...where, 'update-schema', '-d', join(schemas, schema, 'versioned')]);
  }
};

/** The server keeps its ports in the database as 16 bits with a sign; the system gives out higher ones. */
const lowPort = async (): Promise<number> => {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if (await isFree(port)) return port;
  }
};

const startServer = async (
  { server }: Programs,
  directory: string,
  postgresPort: number,
): Promise<{ address: string; server: ChildProcess }> => {
  const services = ['frontend', 'matching', 'history', 'worker'] as const;
  const ports = new Map<string, number>();
  for (const service of services)
    for (const what of ['grpcPort', 'membershipPort']) ports.set(`${service} ${what}`, await lowPort());
  const rpc = Object.fromEntries(
    services.map((service) => [
      service,
      {
        rpc: {
          grpcPort: ports.get(`${service} grpcPort`),
          membershipPort: ports.get(`${service} membershipPort`),
          bindOnLocalHost: true,
        },
      },
    ]),
  );
  const address = `127.0.0.1:${ports.get('frontend grpcPort') ?? 0}`;
  const store = (databaseName: string): object => ({
    sql: {
      pluginName: 'postgres12',
      databaseName,
      connectAddr: `127.0.0.1:${postgresPort}`,
      connectProtocol: 'tcp',
      user,
      password: user,
      maxConns: 20,
      maxIdleConns: 20,
    },
  });
  await mkdir(join(directory, 'config'));
  // JSON is YAML.
  await writeFile(
    join(directory, 'config', 'bench.yaml'),
    JSON.stringify({
      log: { stdout: true, level: 'error' },
      persistence: {
        defaultStore: 'default',
        visibilityStore: 'visibility',
        numHistoryShards: 4,
        datastores: { default: store('temporal'), visibility: store('temporal_visibility') },
      },
      global: { membership: { maxJoinDuration: '30s', broadcastAddress: '127.0.0.1' } },
      services: rpc,
      clusterMetadata: {
        enableGlobalNamespace: false,
        failoverVersionIncrement: 10,
        masterClusterName: 'active',
        currentClusterName: 'active',
        clusterInformation: {
          active: { enabled: true, initialFailoverVersion: 1, rpcName: 'frontend', rpcAddress: address },
        },
      },
    }),
  );
  const child = spawn(server, ['--root', directory, '--env', 'bench', 'start'], { stdio: 'ignore' });
  const cli = needed('BATON_TEST_TEMPORAL_BIN');
  const create = ['operator', 'namespace', 'create', '-n', 'default', '--address', address];
  await until(
    'Temporal on PostgreSQL',
    async () => (await execa(cli, create, { reject: false })).exitCode === 0,
  );
  return { address, server: child };
};
