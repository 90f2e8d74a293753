/** Which databases are dumped, and what a plan does with them. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  databaseOf,
  dumpTools,
  isDumpWish,
  kindOf,
  recognise,
  runningDatabases,
  standingDatabases,
} from '../../domain/database.ts';
import type { Plan, Wanted, WantedExchange } from '../../domain/plan.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';
import type { DataWish, StackSpec } from '../../domain/stack.ts';
import type { ContainerFacts, DatabaseFacts, PathFacts, World } from '../../domain/world.ts';
import { mustLoad } from '../compose/loading.ts';
import { containersOf, emptyWorld, plan, runningWorld } from './worlds.ts';

const MiB = 2 ** 20;

const stack = await mustLoad(`
name: web
services:
  db:
    image: postgres:17
    volumes: ["/data/db:/var/lib/postgresql/data"]
    x-baton: {data: {/var/lib/postgresql/data: dump}}
  app: {image: app, depends_on: [db]}
  proxy: {image: proxy, depends_on: [app]}
  other: {image: other}
`);

const database = (more: Partial<DatabaseFacts> = {}): DatabaseFacts =>
  ({
    path: '/data/db',
    kind: 'postgres',
    service: 'db',
    container: { id: 'id-web-db', name: 'web-db-1' },
    answers: true,
    sizeBytes: 100 * MiB,
    ...more,
  }) as DatabaseFacts;

const changed = (spec: StackSpec): StackSpec => ({
  ...spec,
  services: spec.services.map((service) => (service.name === 'app' ? { ...service, user: '1' } : service)),
});

const at = (facts: Partial<PathFacts>, world: World): World => ({
  ...world,
  paths: { '/data/db': { ...(world.paths['/data/db'] as PathFacts), ...facts } },
});

const running = (more: Partial<DatabaseFacts> = {}): World => ({
  ...runningWorld(stack),
  databases: { '/data/db': database(more) },
});

const problemsOf = (spec: StackSpec, world: World): string[] =>
  plan(spec, world)
    .problems.map(({ code }) => code)
    .filter((code) => code !== 'weak-health');

test('a database is recognised by the name of its image, whoever made it', () => {
  const images: [string, string | undefined][] = [
    ['postgres:17', 'postgres'],
    ['ghcr.io/immich-app/postgres:14-vectorchord0.4.3', 'postgres'],
    ['docker.io/bitnami/postgresql@sha256:0f', 'postgres'],
    ['registry:5000/mariadb', 'mariadb'],
    ['valkey/valkey:8', 'redis'],
    ['redis', 'redis'],
    ['mysql:8.4', 'mysql'],
    ['mysql/mysql-server:8.0', 'mysql'],
    ['percona', 'mysql'],
    ['percona/percona-server:8.4', 'mysql'],
    // Neither the database, nor its tools.
    ['percona/percona-server-mongodb:7.0', undefined],
    ['mysql-router:8', undefined],
    ['postgres-exporter:1', undefined],
    ['mongo:7', undefined],
  ];
  assert.deepEqual(
    images.map(([image]) => [image, recognise(image)]),
    images,
  );
});

test('an image that is only called like one is none', () => {
  for (const image of [
    ...['my-postgres', 'postgres-exporter', 'pgadmin/pgvector2', 'mariadb-tools', 'old-mariadb', 'mysql-x'],
    ...['our-mysql', 'redis-commander', 'not-redis', 'postgres/app', 'valkey-cli', 'x@sha256:redis'],
  ])
    assert.equal(recognise(image), undefined, image);
  for (const image of ['timescale/timescaledb-ha:pg17', 'timescaledb', 'postgis@sha256:abc', 'postgresql'])
    assert.equal(recognise(image), 'postgres', image);
});

test('what a path is declared to be says through which database it is dumped', () => {
  assert.equal(kindOf('dump', 'redis'), 'redis');
  assert.equal(kindOf('snapshot', 'redis'), undefined);
  assert.equal(kindOf(undefined, 'redis'), undefined);
  assert.equal(kindOf({ dump: 'postgres' }, 'redis'), 'postgres');
  assert.equal(kindOf({ dump: 'sqlite' }, 'redis'), undefined, 'which needs no server');
  assert.deepEqual(
    ['dump', 'snapshot', { dump: 'sqlite' }, undefined].map((wish) => isDumpWish(wish as DataWish)),
    [true, false, true, false],
  );
});

test('each kind names its own tools', () => {
  assert.deepEqual(dumpTools, {
    postgres: { dump: 'pg_dump', restore: 'pg_restore' },
    mariadb: { dump: 'mariadb-dump', restore: 'mariadb' },
    mysql: { dump: 'mysqldump', restore: 'mysql' },
    redis: { dump: 'redis-cli --rdb', restore: 'its start on that file' },
  });
});

describe('the databases of a stack', () => {
  const mounts = [
    { type: 'bind' as const, source: '/data/db', target: '/var/lib/postgresql/data', readOnly: false },
  ];
  const [container] = containersOf(stack, { mounts });
  assert.ok(container);
  const found = (...containers: ContainerFacts[]) => standingDatabases(stack, containers);
  const database = {
    path: '/data/db',
    kind: 'postgres',
    service: 'db',
    container: { id: container.id, name: container.name },
  };

  test('are those of its own containers, whatever else mounts the same', () => {
    assert.deepEqual(found(container), [database]);
    const labels = (more: Record<string, string>) => ({
      ...container,
      labels: { ...container.labels, ...more },
    });
    assert.deepEqual(found(labels({ 'dev.baton.stack': 'other' })), []);
    assert.deepEqual(found(labels({ 'dev.baton.service': 'app' })), []);
    assert.deepEqual(found({ ...container, name: `${container.name}.baton-1f0c9a2e` }), [], 'set aside');
    assert.deepEqual(
      found({ ...container, mounts: mounts.map((mount) => ({ ...mount, target: '/x', source: '/y' })) }),
      [],
    );
  });

  test('run, or only stand there', () => {
    const stopped = { ...container, status: 'exited' as const };
    assert.deepEqual(found(stopped), [database]);
    assert.deepEqual(runningDatabases(stack, [stopped]), []);
    assert.deepEqual(runningDatabases(stack, [container]), [database]);
  });
});

describe('where several services have the same files', () => {
  const spec = async (first: string, second: string): Promise<StackSpec> =>
    await mustLoad(`
name: web
services:
  a: {image: "${first}", volumes: ["/data/db:/data"], x-baton: {data: {/data: {dump: postgres}}}}
  b: {image: "${second}", volumes: ["/data/db:/data"], x-baton: {data: {/data: {dump: postgres}}}}
`);
  const mounts = [{ type: 'bind' as const, source: '/data/db', target: '/data', readOnly: false }];
  const found = async (first: string, second: string): Promise<string[]> => {
    const stack = await spec(first, second);
    return standingDatabases(stack, containersOf(stack, { mounts })).map(({ service }) => service);
  };

  test('the database is the one whose image is that of one, else the first', async () => {
    assert.deepEqual(await found('backup-tool', 'postgres:17'), ['b']);
    assert.deepEqual(await found('postgres:17', 'backup-tool'), ['a']);
    assert.deepEqual(await found('postgres:17', 'postgres:17'), ['a']);
    assert.deepEqual(await found('own-1', 'own-2'), ['a']);
  });

  test('none of them is one to whom they are read-only, or memory', async () => {
    const stack = await spec('postgres:17', 'postgres:17');
    for (const odd of [{ readOnly: true }, { type: 'tmpfs' as const }])
      assert.deepEqual(
        standingDatabases(
          stack,
          containersOf(stack, { mounts: mounts.map((mount) => ({ ...mount, ...odd })) }),
        ),
        [],
      );
  });
});

test('the database of a service is by what its files are declared to be, else by its image, while it runs', async () => {
  const spec = await mustLoad(`
name: web
services:
  own: {image: ours, volumes: ["/a:/data"], x-baton: {data: {/data: {dump: redis}}}}
  plain: {image: "postgres:17", volumes: ["/b:/data"], x-baton: {data: {/data: snapshot}}}
  app: {image: app}
`);
  const containers = containersOf(spec);
  const [own] = containers;
  assert.deepEqual(databaseOf(spec, 'own' as DatabaseFacts['service'], containers), {
    ...{ kind: 'redis', service: 'own' },
    container: { id: own?.id, name: own?.name },
  });
  const kindIn = (service: string, among = containers): string | undefined =>
    databaseOf(spec, service as DatabaseFacts['service'], among)?.kind;
  assert.deepEqual(
    ['own', 'plain', 'app', 'nobody'].map((name) => kindIn(name)),
    ['redis', 'postgres', undefined, undefined],
  );
  const stopped = containers.map((one) => ({ ...one, status: 'exited' as const }));
  assert.equal(kindIn('plain', stopped), undefined);
  const elsewhere = containers.map((one) => ({ ...one, labels: { ...one.labels, 'dev.baton.stack': 'x' } }));
  assert.equal(kindIn('plain', elsewhere), undefined);
});

describe('a path that is declared as a dump', () => {
  test('is dumped through its database, which what depends on it waits for', () => {
    const [entry] = plan(changed(stack), running()).data;
    assert.equal(entry?.class, 'dump');
    assert.equal(entry.driver, 'dump');
    assert.equal(entry.sizeBytes, 100 * MiB);
    assert.deepEqual(entry.dump, {
      kind: 'postgres',
      service: 'db',
      container: { id: 'id-web-db', name: 'web-db-1' },
      clients: ['app', 'proxy'],
    });
  });

  test('is snapshotted at rest where its database does not run, and says so', () => {
    const world = {
      ...runningWorld(stack),
      containers: containersOf(stack, { running: false, status: 'exited' }),
    };
    const [entry] = plan(changed(stack), world).data;
    assert.equal(entry?.class, 'snapshot');
    assert.equal(entry.driver, 'btrfs');
    assert.equal(entry.cold, true);
    assert.match(entry.notes.join(), /does not run/);
  });

  test('that does not exist yet is as any other', () => {
    const [entry] = plan(stack, at({ type: 'missing', driver: undefined }, emptyWorld(stack))).data;
    assert.deepEqual([entry?.class, entry?.existed, entry?.cold], ['snapshot', false, undefined]);
  });

  test('of any size needs no room for a copy, but room for the dump and what it is restored into', () => {
    const spec = changed(stack);
    const world = (freeBytes: number): World =>
      at({ driver: 'copy', reflink: false, sizeBytes: 2 ** 40, sizeExceeded: true, freeBytes }, running());
    assert.deepEqual(problemsOf(spec, world(264 * MiB)), []);
    assert.deepEqual(problemsOf(spec, world(264 * MiB - 1)), ['no-space']);
  });

  test('is refused where its database does not answer, or its files cannot be exchanged', () => {
    const silent = running({ answers: false, why: 'psql: no.' });
    assert.deepEqual(problemsOf(changed(stack), silent), ['database-silent']);
    assert.deepEqual(
      problemsOf(changed(stack), at({ driver: undefined, reason: 'it is a mount point' }, running())),
      ['data-unprotected'],
    );
  });

  test('is refused where another protected path holds it, or lies in it', async () => {
    for (const path of ['/data', '/data/db/more']) {
      const spec = await mustLoad(`
name: web
services:
  db:
    image: postgres:17
    volumes: ["/data/db:/var/lib/postgresql/data", "${path}:/more"]
    x-baton: {data: {/var/lib/postgresql/data: dump}}
`);
      const world = { ...runningWorld(spec), databases: { '/data/db': database() } };
      const wanted = { ...spec, services: spec.services.map((service) => ({ ...service, user: '1' })) };
      assert.deepEqual(problemsOf(wanted, world), ['dump-overlap']);
    }
  });
});

describe('a dump that an undo brings back', () => {
  const snapshot = 'web.before.20261126T180000Z.00000001' as SnapshotName;
  const restore: WantedExchange[] = [{ path: '/data/db', snapshot, kind: 'postgres' }];
  const undone = (spec: StackSpec, world: World, more: Partial<Wanted> = {}) =>
    plan(spec, world, { kind: 'undo', restore, ...more });
  const told = ({ services }: Plan): string[][] =>
    services.map(({ service, action, reasons }) => [service, action, ...reasons]);

  test('is taken in by the database of that release; what reaches it starts again', () => {
    const made = undone(stack, running());
    assert.deepEqual(made.restore, [
      {
        path: '/data/db',
        snapshot,
        dump: { kind: 'postgres', service: 'db', clients: ['app', 'proxy'] },
      },
    ]);
    assert.deepEqual(told(made), [
      ['db', 'start', 'its data is put back'],
      ['other', 'keep'],
      ['app', 'start', 'the data of its database is put back'],
      ['proxy', 'start', 'the data of its database is put back'],
    ]);
  });

  test('is protected, as what it takes the place of is', () => {
    const [entry] = undone(stack, running()).data;
    assert.deepEqual([entry?.path, entry?.driver, entry?.reachedBy], ['/data/db', 'dump', ['db']]);
  });

  test('is taken in by a database that has no container, and by one whose volume has no name', async () => {
    assert.equal(undone(stack, emptyWorld(stack)).restore[0]?.dump?.service, 'db');
    const anonymous = await mustLoad('{name: web, services: {db: {image: "postgres:17"}}}');
    const mounts = [
      {
        type: 'volume' as const,
        source: '/data/db',
        target: '/var/lib/postgresql/data',
        readOnly: false,
        volume: 'f00',
      },
    ];
    const world = {
      ...runningWorld(anonymous),
      containers: containersOf(anonymous, { mounts }),
    };
    assert.equal(undone(anonymous, world).restore[0]?.dump?.service, 'db');
  });

  test('is taken in by the one whose files lie there, where a stack has two', async () => {
    const two = await mustLoad(`
name: web
services:
  db: {image: "postgres:17", volumes: ["/data/db:/var/lib/postgresql/data"]}
  old: {image: "postgres:16", volumes: ["/data/old:/var/lib/postgresql/data"]}
`);
    const ofOld: WantedExchange[] = [{ path: '/data/old', snapshot, kind: 'postgres' }];
    assert.equal(undone(two, emptyWorld(two), { restore: ofOld }).restore[0]?.dump?.service, 'old');
  });

  test('is refused where no database of its kind is there to take it in', async () => {
    const other = await mustLoad(`
name: web
services:
  db: {image: "our-database:1", volumes: ["/data/db:/data"]}
`);
    const problems = (spec: StackSpec, databases: World['databases'] = {}): string[] =>
      undone(spec, { ...runningWorld(spec), databases }).problems.flatMap(({ code, severity }) =>
        severity === 'error' ? [code] : [],
      );
    assert.deepEqual(problems(other), ['no-database']);
    const declared = await mustLoad(`
name: web
services:
  db:
    image: our-database:1
    volumes: ["/data/db:/data"]
    x-baton: {data: {/data: {dump: postgres}}}
`);
    assert.deepEqual(problems(declared, { '/data/db': database() }), []);
  });
});

test('data that is exchanged is protected, though nothing that changes reaches it, and nothing mounts it', () => {
  const restore = [{ path: '/data/db' }, { path: '/data/old' }].map((one) => ({
    ...one,
    snapshot: 'web.before.20261126T180000Z.00000001' as SnapshotName,
  }));
  const world = running();
  const paths = { ...world.paths, '/data/old': world.paths['/data/db'] as PathFacts };
  assert.deepEqual(
    plan(stack, { ...world, paths }, { kind: 'undo', restore }).data.map(({ path, services }) => [
      path,
      services,
    ]),
    [
      ['/data/db', ['db']],
      ['/data/old', []],
    ],
  );
});
