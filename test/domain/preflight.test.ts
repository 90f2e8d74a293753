/** Everything that can stand in the way of a plan, with the words in which it is told. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isRefused, type Wanted } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import type { StackSpec } from '../../domain/stack.ts';
import type { ContainerFacts, PathFacts, World } from '../../domain/world.ts';
import { mustLoad } from '../compose/loading.ts';
import { containersOf, emptyWorld, imagesBut, plan, release, runningWorld } from './worlds.ts';

/** Nothing stands in the way of this one. */
const web = await mustLoad(
  `
name: web
services:
  db:
    image: pg
    healthcheck: {test: x}
    volumes: ["/data/db:/data"]
  app:
    image: app
    healthcheck: {test: x}
    ports: ["127.0.0.1:8080:80", "81"]
    networks: [front, shared]
    volumes: ["media:/media"]
    depends_on: [db]
networks: {front: , shared: {external: true}}
volumes: {media: {external: true}}
`,
);
const volumes = { media: { mountpoint: '/volumes/media' } };
const emptyHost = (more: Partial<World> = {}): World => emptyWorld(web, { volumes, ...more });
const runningHost = (more: Partial<World> = {}): World => runningWorld(web, { volumes, ...more });

const [db, app] = containersOf(web) as [ContainerFacts, ContainerFacts];
/** A container of nobody's, unless labels say so. */
const stranger = (more: Partial<ContainerFacts>): ContainerFacts => ({
  ...db,
  id: 'stranger',
  name: 'stranger',
  labels: {},
  mounts: [],
  ...more,
});
const ofBlog = { 'dev.baton.stack': 'blog' };

const say = ({ severity, code, at, message, next }: Problem): string =>
  `${severity} ${code}${at ? ` at ${at.line}:${at.column}` : ''}: ${message}${next === undefined ? '' : ` ▸ ${next}`}`;

type Case = { name: string; spec?: StackSpec; world: World; wanted?: Partial<Wanted>; told: string[] };

const check = (cases: Case[]): void => {
  for (const { name, spec = web, world, wanted = {}, told } of cases)
    test(name, () => {
      const made = plan(spec, world, wanted);
      assert.deepEqual(made.problems.map(say), told);
      assert.equal(
        isRefused(made),
        told.some((line) => line.startsWith('error')),
      );
    });
};

/** The stack with other settings of one service. */
const having = (service: string, text: string): Promise<StackSpec> =>
  mustLoad(`name: web\nservices:\n  ${service}:\n    image: app\n    healthcheck: {test: x}\n    ${text}\n`);

const replaced = (spec: StackSpec = web): StackSpec => ({
  ...spec,
  services: spec.services.map((service) => ({ ...service, user: '1' })),
});

describe('nothing stands in the way', () => {
  check([
    { name: 'on an empty host', world: emptyHost(), told: [] },
    { name: 'where the release runs', world: runningHost(), told: [] },
    { name: 'where all of it is replaced', spec: replaced(), world: runningHost(), told: [] },
    {
      name: 'of a removal, whatever is missing around it',
      spec: { ...web, services: [], requires: ['traefik' as never] },
      world: emptyWorld(web, { containers: [db, app], networks: {} }),
      wanted: { kind: 'remove', running: web },
      told: [],
    },
  ]);
});

describe('images', () => {
  const cannot = { state: 'unavailable' as const, why: 'no registry answers' };
  check([
    {
      name: 'one that cannot be had',
      world: emptyHost({ images: imagesBut(web, { app: cannot }) }),
      told: [
        'error image-unavailable at 8:3: Image "app" of "app" cannot be had: no registry answers. Nothing was changed.',
      ],
    },
    {
      name: 'one to be pulled is no problem',
      world: emptyHost({ images: imagesBut(web, { app: { state: 'fetch', how: 'pull' } }) }),
      told: [],
    },
  ]);
});

describe('a release that a playbook took back', () => {
  const because = 'undo-recent-deploy: slower-since-deploy (baton decisions 47c985b4)';
  const takenBack = (id: string) => [{ release: id as typeof release, because, at: '2026-11-26T18:37:27Z' }];
  check([
    {
      name: 'is told of where it is deployed again',
      world: emptyHost({ takenBack: takenBack(release) }),
      told: [`warning taken-back: Release ${release} was taken back at 2026-11-26T18:37:27Z: ${because}.`],
    },
    {
      name: 'is nothing to another one',
      world: emptyHost({ takenBack: takenBack('ba9876543210') }),
      told: [],
    },
  ]);
});

describe('containers', () => {
  const aside = { ...app, id: 'aside', name: 'web-app-1.baton-0123abcd', running: false };
  check([
    {
      name: 'one that an operation set aside and did not end',
      world: runningHost({ containers: [db, app, aside] }),
      told: [
        'error unfinished-operation: Container "web-app-1.baton-0123abcd" was set aside by an operation that did not end. Nothing was changed. ▸ Look at it, then rename it back or remove it: baton doctor',
      ],
    },
    {
      name: 'one that only waits to be dropped is none',
      world: runningHost({ containers: [db, app, aside], committed: ['0123abcd'] }),
      told: [],
    },
    {
      name: 'one that another stack set aside is not ours',
      world: runningHost({ containers: [db, app, { ...aside, labels: ofBlog }] }),
      told: [],
    },
    {
      name: 'two of services of the same name, of which one is another stack’s',
      world: runningHost({
        containers: [
          db,
          app,
          {
            ...app,
            id: 'theirs',
            name: 'blog-app-1',
            labels: { ...ofBlog, 'dev.baton.service': 'app' },
            ports: [],
          },
        ],
      }),
      told: [],
    },
    {
      name: 'that only have to be started',
      world: runningHost({
        containers: [db, app].map((container) => ({ ...container, running: false, status: 'exited' })),
      }),
      told: [],
    },
    {
      name: 'one that bears a service’s name and no service’s label',
      world: runningHost({
        containers: [
          db,
          app,
          stranger({ name: 'app', labels: { 'dev.baton.stack': 'web' }, running: false }),
        ],
      }),
      told: [],
    },
    {
      name: 'two of one service',
      world: runningHost({ containers: [db, app, { ...app, id: 'second', name: 'web-app-2' }] }),
      told: [
        'error several-containers at 8:3: Service "app" has 2 containers (web-app-1, web-app-2); Baton runs one per service. Nothing was changed. ▸ Remove all but one of them.',
      ],
    },
    {
      name: 'two of one service that the stack does not have any more',
      world: runningHost({
        containers: [
          db,
          app,
          ...['web-old-1', 'web-old-2'].map((name) => ({
            ...app,
            id: name,
            name,
            labels: { ...app.labels, 'dev.baton.service': 'old' },
          })),
        ],
      }),
      told: [
        'error several-containers: Service "old" has 2 containers (web-old-1, web-old-2); Baton runs one per service. Nothing was changed. ▸ Remove all but one of them.',
      ],
    },
    {
      name: 'a name that another stack has taken',
      world: emptyHost({ containers: [stranger({ name: 'web-app-1', labels: ofBlog })] }),
      told: [
        'error name-taken at 8:3: The name "web-app-1" is taken by a container of stack blog. Nothing was changed. ▸ Rename or remove that container, or change container_name of "app".',
      ],
    },
    {
      name: 'a name that no stack has taken',
      world: emptyHost({ containers: [stranger({ name: 'web-app-1' })] }),
      told: [
        'error name-taken at 8:3: The name "web-app-1" is taken by a container of no stack. Nothing was changed. ▸ Rename or remove that container, or change container_name of "app".',
      ],
    },
    {
      name: 'a name that another service gives up in the same operation',
      spec: {
        ...web,
        services: web.services.map((service) => ({
          ...service,
          containerName: service.name === 'db' ? 'web-app-1' : 'web-db-1',
          user: '1',
        })),
      },
      world: runningHost(),
      told: [],
    },
    {
      name: 'a name of a service that is removed in the same operation',
      spec: {
        ...web,
        services: web.services
          .filter(({ name }) => name === 'db')
          .map((service) => ({ ...service, containerName: 'web-app-1', user: '1' })),
      },
      world: runningHost(),
      told: [],
    },
    {
      name: 'a name that another service keeps',
      spec: {
        ...web,
        services: web.services.map((service) =>
          service.name === 'app' ? { ...service, containerName: 'web-db-1', user: '1' } : service,
        ),
      },
      world: runningHost(),
      told: [
        'error name-taken at 8:3: The name "web-db-1" is taken by a container of stack web. Nothing was changed. ▸ Rename or remove that container, or change container_name of "app".',
      ],
    },
    {
      name: 'a name in which Baton would set one aside',
      spec: replaced(),
      world: runningHost({
        containers: [db, app, stranger({ name: 'web-app-1.baton-0123abcd', labels: ofBlog })],
      }),
      told: [
        'error name-taken: Container "web-app-1.baton-0123abcd" has a name that Baton uses to set containers aside. Nothing was changed.',
      ],
    },
    {
      name: 'such a name of the stack’s own, which only waits to be dropped, is in nobody’s way',
      spec: replaced(),
      world: runningHost({ containers: [db, app, aside], committed: ['0123abcd'] }),
      told: [],
    },
    {
      name: 'such a name is in nobody’s way where nothing is set aside',
      world: runningHost({
        containers: [db, app, stranger({ name: 'web-app-1.baton-0123abcd', labels: ofBlog })],
      }),
      told: [],
    },
  ]);
});

describe('ports', async () => {
  const everywhere = await having('app', 'ports: ["8080:80"]');
  const taken = { hostIp: '', hostPort: 8080, protocol: 'tcp' };
  const byStranger = (port: Partial<typeof taken>, more: Partial<ContainerFacts> = {}): World =>
    emptyHost({ containers: [stranger({ ports: [{ ...taken, ...port }], ...more })] });
  const takenBy = (whom: string): string[] => [
    `error port-taken at 11:13: Port 8080/tcp is taken by ${whom}. Nothing was changed. ▸ Free it, or change ports: of "app".`,
  ];
  check([
    { name: 'of a container', world: byStranger({}), told: takenBy('container "stranger" (no stack)') },
    {
      name: 'of a container on the same address',
      world: byStranger({ hostIp: '127.0.0.1' }, { labels: ofBlog }),
      told: takenBy('container "stranger" (stack blog)'),
    },
    {
      name: 'of a container on all addresses, IPv4',
      world: byStranger({ hostIp: '0.0.0.0' }),
      told: takenBy('container "stranger" (no stack)'),
    },
    {
      name: 'of a container on all addresses, IPv6',
      world: byStranger({ hostIp: '::' }),
      told: takenBy('container "stranger" (no stack)'),
    },
    {
      name: 'of a container on one address, where all are asked for',
      spec: everywhere,
      world: emptyWorld(everywhere, {
        containers: [stranger({ ports: [{ ...taken, hostIp: '127.0.0.1' }] })],
      }),
      told: [
        'error port-taken at 6:13: Port 8080/tcp is taken by container "stranger" (no stack). Nothing was changed. ▸ Free it, or change ports: of "app".',
      ],
    },
    { name: 'free on another address', world: byStranger({ hostIp: '10.0.0.1' }), told: [] },
    { name: 'free with another protocol', world: byStranger({ protocol: 'udp' }), told: [] },
    { name: 'free with another number', world: byStranger({ hostPort: 8081 }), told: [] },
    { name: 'free where the container is stopped', world: byStranger({}, { running: false }), told: [] },
    {
      name: 'of a process',
      world: emptyHost({ listeners: { '8080/tcp': 'nginx' } }),
      told: takenBy('a process on this host (nginx)'),
    },
    {
      name: 'of a process with another protocol',
      world: emptyHost({ listeners: { '8080/udp': 'dns' } }),
      told: [],
    },
    {
      name: 'of the engine’s own proxy for the container that is replaced',
      spec: replaced(),
      world: runningHost({ listeners: { '8080/tcp': 'conmon' } }),
      told: [],
    },
    {
      name: 'of a process, where the container that had it is stopped',
      spec: replaced(),
      world: runningHost({
        containers: [db, { ...app, running: false }],
        listeners: { '8080/tcp': 'nginx' },
      }),
      told: takenBy('a process on this host (nginx)'),
    },
    ...[{ hostPort: 8081 }, { protocol: 'udp' }].map((other): Case => ({
      name: `of a process, where a container has another: ${JSON.stringify(other)}`,
      world: { ...byStranger(other), listeners: { '8080/tcp': 'nginx' } },
      told: takenBy('a process on this host (nginx)'),
    })),
    {
      name: 'of its own container, which is started again with the data that is put back',
      world: runningHost({
        containers: [
          db,
          {
            ...app,
            mounts: [
              {
                type: 'volume',
                source: '/volumes/media',
                volume: 'media',
                target: '/media',
                readOnly: false,
              },
            ],
          },
        ],
      }),
      wanted: { kind: 'undo', restore: [{ path: '/volumes/media' }] },
      told: [],
    },
    {
      name: 'of a service that is removed in the same operation',
      spec: {
        ...web,
        services: web.services
          .filter(({ name }) => name === 'db')
          .map((service) => ({ ...service, ports: web.services[1]?.ports ?? [] })),
      },
      world: runningHost(),
      told: [],
    },
    {
      name: 'handed from one service to another',
      spec: {
        ...replaced(),
        services: replaced().services.map((service) => ({
          ...service,
          ports: service.name === 'db' ? (web.services[1]?.ports ?? []) : [],
        })),
      },
      world: runningHost(),
      told: [],
    },
  ]);
});

describe('probes of a rootless Docker', async () => {
  const rootless = (spec: StackSpec): World => {
    const world = emptyWorld(spec);
    return { ...world, engine: { ...world.engine, canReachContainers: false } };
  };
  const probing = async (probe: string, more = ''): Promise<StackSpec> =>
    await having('app', `x-baton: {probe: ${probe}}${more}`);
  const tcp = await probing('{tcp: 5432}');
  const reached = {
    'where the port is published': await probing('{tcp: 5432}', '\n    ports: ["5432"]'),
    'where another host is asked': await probing('{http: "http://example.test:80/"}'),
    'inside the container': await probing('{exec: ["true"]}'),
    'on the host’s own network': await probing('{tcp: 5432}', '\n    network_mode: host'),
  };
  const unreachable =
    'error probe-unreachable at 3:3: Port 5432 of "app" cannot be probed: a rootless Docker\'s containers are reached by their published ports only. Nothing was changed. ▸ Publish the port, or use an exec probe.';
  const udp = await probing('{tcp: 5432}', '\n    ports: ["5432/udp"]');
  const another = await probing('{tcp: 5432}', '\n    ports: ["5433"]');
  check([
    { name: 'never answer', spec: tcp, world: rootless(tcp), told: [unreachable] },
    { name: 'never answer by another protocol', spec: udp, world: rootless(udp), told: [unreachable] },
    { name: 'never answer at another port', spec: another, world: rootless(another), told: [unreachable] },
    { name: 'answer where containers are reached', spec: tcp, world: emptyWorld(tcp), told: [] },
    ...Object.entries(reached).map(([name, spec]): Case => ({
      name: `answer ${name}`,
      spec,
      world: rootless(spec),
      told: [],
    })),
  ]);
});

describe('what is outside the stack', () => {
  check([
    {
      name: 'an external network that is missing',
      world: emptyHost({ networks: {} }),
      told: [
        'error network-missing at 15:21: External network "shared" does not exist. Nothing was changed. ▸ Create it: podman network create shared',
      ],
    },
    {
      name: 'an external volume that is missing',
      world: emptyHost({ volumes: {} }),
      told: [
        'error volume-missing at 16:11: External volume "media" does not exist. Nothing was changed. ▸ Create it: podman volume create media',
      ],
    },
    {
      name: 'a stack that it requires and that does not run',
      spec: { ...web, requires: ['traefik', 'authelia'] as never[] },
      world: emptyHost({ runningStacks: ['authelia'] }),
      told: [
        'error requires: Stack "web" requires stack "traefik", which is not running. Nothing was changed. ▸ Deploy "traefik" first.',
      ],
    },
    {
      name: 'a file that cannot be written',
      spec: {
        ...web,
        files: ['/etc/a', '/etc/b', '/etc/c'].map((path) => ({
          path,
          content: 'x',
          at: { file: '', line: 1, column: 1 },
        })),
      },
      world: emptyHost({
        files: {
          '/etc/a': { exists: true, sameAsWanted: false, writable: false },
          '/etc/b': { exists: true, sameAsWanted: true, writable: false },
          '/etc/c': { exists: true, sameAsWanted: false, writable: true },
        },
      }),
      told: [
        'error file-not-writable: The file /etc/a cannot be written by this worker. Nothing was changed.',
      ],
    },
  ]);
});

describe('memory', () => {
  const limited = (...bytes: number[]): StackSpec => ({
    ...web,
    services: web.services.map((service, index) => ({
      ...service,
      resources: bytes[index] === undefined ? {} : { memoryBytes: bytes[index] },
    })),
  });
  const GiB = 2 ** 30;
  check([
    {
      name: 'one limit above what the host has',
      spec: limited(17 * GiB, 2 * GiB),
      world: emptyHost(),
      told: [
        'error memory at 4:3: "db" is limited to 17 GiB, but this host has 16 GiB. Nothing was changed.',
      ],
    },
    { name: 'a limit of all that the host has', spec: limited(16 * GiB), world: emptyHost(), told: [] },
    {
      name: 'all limits together above it',
      spec: limited(10 * GiB, 7 * GiB),
      world: emptyHost(),
      told: ['warning memory: The memory limits add up to 17 GiB; this host has 16 GiB.'],
    },
    {
      name: 'all limits together as much as it has',
      spec: limited(8 * GiB, 8 * GiB),
      world: emptyHost(),
      told: [],
    },
  ]);
});

describe('health', async () => {
  const weak = await mustLoad('name: web\nservices:\n  a: {image: app}\nx-baton: {min_healthy_time: 2s}\n');
  check([
    {
      name: 'of a service that is only seen to run is weak',
      spec: weak,
      world: emptyWorld(weak),
      told: [
        'warning weak-health at 3:3: "a" has no healthcheck and no probe: it counts as healthy after running 2 s without a restart. ▸ Add healthcheck: or x-baton.probe.',
      ],
    },
    { name: 'is not asked where nothing changes', spec: weak, world: runningWorld(weak), told: [] },
  ]);
});

describe('data', () => {
  const MiB = 2 ** 20;
  const on = (facts: Partial<PathFacts>): World =>
    emptyHost({
      paths: { '/data/db': { ...(emptyHost().paths['/data/db'] as PathFacts), ...facts } },
    });
  const copied: Partial<PathFacts> = {
    driver: 'copy',
    filesystem: 'ext4',
    reflink: false,
    sizeBytes: 100 * MiB,
  };
  const tooLarge = (size: string): string =>
    `error copy-too-large: Data path /data/db of db is ${size} on ext4: protecting it takes a full copy, above the limit of 99 MiB. Nothing was changed. ▸ Put it on a btrfs subvolume, raise the limit with --copy-limit, or declare x-baton.data: { /data/db: external }.`;
  const nested = (list: string, count: number): string =>
    `warning nested: /data/db holds ${count} nested subvolumes or mounts that its snapshot does not include: ${list}.`;
  check([
    {
      name: 'that no driver can put back',
      world: on({ driver: undefined, reason: 'it is a mount point' }),
      told: [
        'error data-unprotected: Data path /data/db of db cannot be snapshotted: it is a mount point. Nothing was changed. ▸ Make it possible, or declare x-baton.data: { /data/db: external } to go without.',
      ],
    },
    { name: 'that does not exist yet', world: on({ type: 'missing', driver: undefined }), told: [] },
    {
      name: 'on a filesystem with no room for a snapshot',
      world: on({ freeBytes: 64 * MiB - 1 }),
      told: [
        'error no-space: The filesystem of /data/db has 64 MiB left; a snapshot needs at least 64 MiB. Nothing was changed.',
      ],
    },
    { name: 'on a filesystem with just enough', world: on({ freeBytes: 64 * MiB }), told: [] },
    {
      name: 'that holds other subvolumes',
      world: on({ nested: ['/data/db/a', '/data/db/b', '/data/db/c'] }),
      told: [nested('/data/db/a, /data/db/b, /data/db/c', 3)],
    },
    {
      name: 'that holds many mounts, copied',
      world: on({ ...copied, nested: ['/data/db/a', '/data/db/b', '/data/db/c', '/data/db/d'] }),
      told: [nested('/data/db/a, /data/db/b, /data/db/c, …', 4)],
    },
    {
      name: 'of a subvolume is of no size',
      world: on({ reflink: false, sizeBytes: 2 ** 40, sizeExceeded: true }),
      told: [],
    },
    {
      name: 'larger than copies may be',
      world: on(copied),
      wanted: { copyLimitBytes: 99 * MiB },
      told: [tooLarge('100 MiB')],
    },
    {
      name: 'that was not counted to its end',
      world: on({ ...copied, sizeBytes: 99 * MiB, sizeExceeded: true }),
      wanted: { copyLimitBytes: 99 * MiB },
      told: [tooLarge('more than 99 MiB')],
    },
    {
      name: 'just as large as copies may be',
      world: on(copied),
      wanted: { copyLimitBytes: 100 * MiB },
      told: [],
    },
    {
      name: 'of any size, where copies share blocks',
      world: on({ ...copied, reflink: true }),
      wanted: { copyLimitBytes: 99 * MiB },
      told: [],
    },
    {
      name: 'without room for two copies',
      world: on({ ...copied, freeBytes: 264 * MiB - 1 }),
      told: [
        'error no-space: Copies of the data need 200 MiB (now, and to put it back); 264 MiB are free. Nothing was changed.',
      ],
    },
    {
      name: 'with room for just two copies',
      world: on({ ...copied, freeBytes: 264 * MiB }),
      told: [],
    },
    {
      name: 'that shares blocks needs no room',
      world: on({ ...copied, reflink: true, freeBytes: 65 * MiB }),
      told: [],
    },
  ]);

  test('of two paths on one filesystem needs room for both', async () => {
    const two = await having('app', 'volumes: ["/data/a:/a", "/data/b:/b"]');
    const facts = { ...(emptyHost().paths['/data/db'] as PathFacts), ...copied };
    const told = (free: number): string[] =>
      plan(
        two,
        emptyWorld(two, {
          paths: { '/data/a': { ...facts, freeBytes: free }, '/data/b': { ...facts, freeBytes: free } },
        }),
      ).problems.map(say);
    assert.deepEqual(told(463 * MiB), [
      'error no-space: Copies of the data need 400 MiB (now, and to put it back); 463 MiB are free. Nothing was changed.',
    ]);
    assert.deepEqual(told(464 * MiB), []);
  });

  test('of two paths on two filesystems needs room on each for its own', async () => {
    const two = await having('app', 'volumes: ["/data/a:/a", "/data/b:/b"]');
    const facts = { ...(emptyHost().paths['/data/db'] as PathFacts), ...copied, freeBytes: 264 * MiB };
    for (const other of [{ filesystem: 'xfs' }, { freeBytes: 265 * MiB }]) {
      const world = emptyWorld(two, { paths: { '/data/a': facts, '/data/b': { ...facts, ...other } } });
      assert.deepEqual(plan(two, world).problems.map(say), [], JSON.stringify(other));
    }
  });

  test('of two services is told as of both', async () => {
    const two = await mustLoad(`
name: web
services:
  a: {image: app, healthcheck: {test: x}, volumes: ["/data:/data"]}
  b: {image: app, healthcheck: {test: x}, volumes: ["/data:/data"]}
`);
    const facts = emptyHost().paths['/data/db'] as PathFacts;
    const unprotected = { ...facts, driver: undefined, reason: 'it is a mount point' };
    assert.deepEqual(plan(two, emptyWorld(two, { paths: { '/data': unprotected } })).problems.map(say), [
      'error data-unprotected: Data path /data of a, b cannot be snapshotted: it is a mount point. Nothing was changed. ▸ Make it possible, or declare x-baton.data: { /data: external } to go without.',
    ]);
  });

  const shared = stranger({
    mounts: [{ type: 'bind', source: '/data', target: '/all', readOnly: true }],
    labels: ofBlog,
  });
  const removal = { kind: 'remove' as const, running: web };
  const gone = { ...web, services: [] };
  check([
    {
      name: 'that another container uses too is not taken away',
      spec: gone,
      world: runningHost({ containers: [db, app, shared] }),
      wanted: { ...removal, discard: true },
      told: [
        'error data-shared: /data/db is used by container "stranger" (stack blog) too. Nothing was changed. ▸ Remove that first, or keep the data: baton remove web',
      ],
    },
    {
      name: 'that another container uses too is kept with a removal anyway',
      spec: gone,
      world: runningHost({ containers: [db, app, shared] }),
      wanted: removal,
      told: [],
    },
    {
      name: 'that another container uses too may be put back',
      world: runningHost({ containers: [db, app, shared] }),
      wanted: { restore: [{ path: '/data/db' }] },
      told: [],
    },
    {
      name: 'that another container uses beside other things is not taken away',
      spec: gone,
      world: runningHost({
        containers: [
          db,
          app,
          {
            ...shared,
            mounts: [
              { type: 'bind', source: '/else', target: '/else', readOnly: false },
              { type: 'bind', source: '/data/db', target: '/db', readOnly: false },
            ],
          },
        ],
      }),
      wanted: { ...removal, discard: true },
      told: [
        'error data-shared: /data/db is used by container "stranger" (stack blog) too. Nothing was changed. ▸ Remove that first, or keep the data: baton remove web',
      ],
    },
    {
      name: 'of which another container uses nothing is taken away',
      spec: gone,
      world: runningHost({ containers: [db, app, { ...shared, mounts: [] }] }),
      wanted: { ...removal, discard: true },
      told: [],
    },
    {
      name: 'that only the stack itself uses is taken away',
      spec: gone,
      world: runningHost(),
      wanted: { ...removal, discard: true },
      told: [],
    },
  ]);
});

test('errors are told before warnings, whichever is found first, and otherwise as they are found', async () => {
  const large = await mustLoad(`
name: web
services:
  a: {image: app, mem_limit: 10g, ports: ["8080:80"]}
  b: {image: app, mem_limit: 10g, healthcheck: {test: x}}
x-baton: {requires: [traefik]}
`);
  const world = emptyWorld(large, { listeners: { '8080/tcp': 'nginx' } });
  assert.deepEqual(
    plan(large, world).problems.map(({ severity, code }) => `${severity} ${code}`),
    ['error port-taken', 'error requires', 'warning memory', 'warning weak-health'],
  );
  const both = await mustLoad('name: web\nservices:\n  a: {image: app, ports: ["8080:80"]}\n');
  const made = plan(both, emptyWorld(both, { listeners: { '8080/tcp': 'nginx' } }));
  assert.deepEqual(
    made.problems.map(({ severity }) => severity),
    ['error', 'warning'],
  );
});
