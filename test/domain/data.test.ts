/** Which data a change puts at stake, and what is done with each path. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dumpedData, protectedData, type DataPlan } from '../../domain/data.ts';
import type { StackSpec } from '../../domain/stack.ts';
import type { ContainerFacts, PathFacts, World } from '../../domain/world.ts';
import { mustLoad } from '../compose/loading.ts';
import { containersOf, emptyWorld, plan, runningWorld } from './worlds.ts';

const facts = (more: Partial<PathFacts> = {}): PathFacts => ({
  type: 'directory',
  realPath: '/',
  filesystem: 'btrfs',
  driver: 'btrfs',
  reason: 'a btrfs subvolume',
  reflink: true,
  nested: [],
  noCow: false,
  sizeBytes: 7,
  sizeExceeded: false,
  freeBytes: 2 ** 40,
  ...more,
});

/** `path class by services ← reachedBy (notes)` */
const say = ({ path, volume, class: kind, driver, services, reachedBy, notes, existed }: DataPlan): string =>
  `${path}${volume === undefined ? '' : ` (volume ${volume})`} ${kind}${driver === undefined ? '' : ` by ${driver}`} of ${services.join('+')}, reached by ${reachedBy.join('+') || 'none'}: ${notes.join('; ')}${existed ? '' : ', new'}`;

const dataOf = (spec: StackSpec, world: World): string[] => plan(spec, world).data.map(say);

const ofA = async (text: string): Promise<StackSpec> =>
  await mustLoad(`name: web\nservices:\n  a:\n    image: app\n    ${text}\n`);

const change = (spec: StackSpec, ...names: string[]): StackSpec => ({
  ...spec,
  services: spec.services.map((service) =>
    names.includes(service.name) ? { ...service, user: '1' } : service,
  ),
});

describe('paths at stake', async () => {
  const chain = await mustLoad(`
name: web
services:
  db: {image: pg, volumes: ["/data/db:/data", "/data/shared:/shared"]}
  app: {image: app, depends_on: [db], volumes: ["/data/app:/data", "/data/shared:/shared"]}
  proxy: {image: proxy, depends_on: [app], volumes: ["/data/log:/log", "/data/ro:/ro:ro"], tmpfs: [/tmp]}
  other: {image: other, volumes: ["/data/other:/data"]}
`);
  const snapshot = 'snapshot by btrfs';
  const why = 'a btrfs subvolume';

  test('are all writable ones on an empty host', () => {
    assert.deepEqual(dataOf(chain, emptyWorld(chain)), [
      `/data/app ${snapshot} of app, reached by app+proxy: ${why}`,
      `/data/db ${snapshot} of db, reached by db+app+proxy: ${why}`,
      `/data/log ${snapshot} of proxy, reached by proxy: ${why}`,
      `/data/other ${snapshot} of other, reached by other: ${why}`,
      `/data/shared ${snapshot} of db+app, reached by db+app+proxy: ${why}`,
    ]);
  });

  test('are those of what changes and of all that it depends on', () => {
    assert.deepEqual(dataOf(change(chain, 'app'), runningWorld(chain)), [
      `/data/app ${snapshot} of app, reached by app: ${why}`,
      `/data/db ${snapshot} of db, reached by app: ${why}`,
      `/data/shared ${snapshot} of db+app, reached by app: ${why}`,
    ]);
    assert.deepEqual(dataOf(change(chain, 'other'), runningWorld(chain)), [
      `/data/other ${snapshot} of other, reached by other: ${why}`,
    ]);
  });

  test('are none where nothing changes, or a service is only started', () => {
    assert.deepEqual(dataOf(chain, runningWorld(chain)), []);
    const stopped = containersOf(chain, { running: false, status: 'exited' });
    assert.deepEqual(dataOf(chain, runningWorld(chain, { containers: stopped })), []);
  });

  test('are those of a service that is removed, as its container has them', () => {
    const without = { ...chain, services: chain.services.filter(({ name }) => name !== 'other') };
    const containers = containersOf(chain).map((container) => ({
      ...container,
      mounts: [
        ...container.mounts,
        { type: 'tmpfs' as const, source: '', target: '/tmp', readOnly: false },
        { type: 'bind' as const, source: '/data/ro', target: '/ro', readOnly: true },
        { type: 'volume' as const, source: '/volumes/v', volume: 'v', target: '/v', readOnly: false },
      ],
    }));
    assert.deepEqual(dataOf(without, { ...runningWorld(chain), containers }), [
      `/data/other ${snapshot} of other, reached by other: ${why}`,
      '/volumes/v (volume v) snapshot of other, reached by other: does not exist yet, new',
    ]);
  });

  test('of a service that is removed are told as volumes only where they are', () => {
    const without = { ...chain, services: chain.services.filter(({ name }) => name !== 'other') };
    const [data] = plan(without, runningWorld(chain)).data;
    assert.ok(data && !('volume' in data), data?.path);
  });

  test('that a removed and a changed service share are one', () => {
    const without = { ...chain, services: chain.services.filter(({ name }) => name === 'db') };
    assert.deepEqual(
      dataOf(change(without, 'db'), runningWorld(chain)).filter((line) => line.includes('shared')),
      [`/data/shared ${snapshot} of db+app, reached by db+app: ${why}`],
    );
  });
});

describe('volumes', async () => {
  const spec = await mustLoad(`
name: web
services:
  a: {image: app, volumes: ["named:/named", "/anonymous", "gone:/gone", "ro:/ro:ro"]}
volumes: {named: , gone: , ro: }
`);
  const world = (mounts: ContainerFacts['mounts']): World =>
    runningWorld(spec, {
      containers: containersOf(spec, { mounts }),
      volumes: { web_named: { mountpoint: '/volumes/named' }, web_ro: { mountpoint: '/volumes/ro' } },
      paths: { '/volumes/named': facts(), '/volumes/1f': facts({ driver: 'copy', reason: 'copied' }) },
    });
  const anonymous = {
    type: 'volume' as const,
    source: '/volumes/1f',
    volume: '1f',
    target: '/anonymous',
    readOnly: false,
  };

  test('are protected where the engine has them, those without a name as the container before had them', () => {
    assert.deepEqual(dataOf(change(spec, 'a'), world([anonymous])), [
      '/volumes/1f (volume 1f) snapshot by copy of a, reached by a: copied',
      '/volumes/named (volume web_named) snapshot by btrfs of a, reached by a: a btrfs subvolume',
    ]);
  });

  test('are not carried over where they are read-only, have no name, are no volumes or lie under another mount', () => {
    const others: ContainerFacts['mounts'] = [
      { ...anonymous, readOnly: true },
      { type: 'volume', source: '/volumes/1f', target: '/anonymous', readOnly: false },
      { ...anonymous, type: 'bind' },
      { ...anonymous, target: '/named' },
    ];
    for (const mount of others)
      assert.deepEqual(dataOf(change(spec, 'a'), world([mount])), [
        '/volumes/named (volume web_named) snapshot by btrfs of a, reached by a: a btrfs subvolume',
      ]);
  });

  test('without a name are left behind where a path of the host takes their place', async () => {
    const bound = await ofA('volumes: ["/d:/anonymous"]');
    const containers = containersOf(bound, { mounts: [anonymous] });
    assert.deepEqual(dataOf(change(bound, 'a'), runningWorld(bound, { containers })), [
      '/d snapshot by btrfs of a, reached by a: a btrfs subvolume',
    ]);
  });

  test('without a name are what the stack says of their path in the container', async () => {
    const discarded = await ofA('volumes: ["/anonymous"]\n    x-baton: {data: {/anonymous: discard}}');
    const containers = containersOf(discarded, { mounts: [anonymous] });
    assert.deepEqual(dataOf(change(discarded, 'a'), runningWorld(discarded, { containers })), [
      '/volumes/1f (volume 1f) discard of a, reached by a: as the stack says, new',
    ]);
  });

  test('that the stack does not list go by the name they have', async () => {
    const external = await mustLoad(`
name: web
services: {a: {image: app, volumes: ["v:/v"]}}
volumes: {v: {external: true, name: media}}
`);
    const volumes = { media: { mountpoint: '/volumes/media' } };
    assert.deepEqual(dataOf(external, emptyWorld(external, { volumes })), [
      '/volumes/media (volume media) snapshot of a, reached by a: does not exist yet, new',
    ]);
  });
});

describe('volumes without a name of two services', async () => {
  const two = await mustLoad(`
name: web
services:
  a: {image: app, volumes: ["/anonymous"]}
  b: {image: app, volumes: ["/anonymous", "/data:/data"]}
`);
  const world = runningWorld(two, {
    containers: containersOf(two).map((container) => ({
      ...container,
      mounts: [
        {
          type: 'volume' as const,
          source: `/volumes/${container.name}`,
          volume: container.name,
          target: '/anonymous',
          readOnly: false,
        },
        { type: 'bind' as const, source: '/data', target: '/data', readOnly: false },
      ],
    })),
    paths: { '/volumes/web-a-1': facts(), '/volumes/web-b-1': facts(), '/data': facts() },
  });

  test('are told apart', () => {
    assert.deepEqual(dataOf(change(two, 'a'), world), [
      '/volumes/web-a-1 (volume web-a-1) snapshot by btrfs of a, reached by a: a btrfs subvolume',
    ]);
    assert.deepEqual(dataOf(change(two, 'a', 'b'), world), [
      '/data snapshot by btrfs of b, reached by b: a btrfs subvolume',
      '/volumes/web-a-1 (volume web-a-1) snapshot by btrfs of a, reached by a: a btrfs subvolume',
      '/volumes/web-b-1 (volume web-b-1) snapshot by btrfs of b, reached by b: a btrfs subvolume',
    ]);
  });

  test('and only those that are volumes are told as such', () => {
    const [data] = plan(change(two, 'b'), world).data;
    assert.ok(data && !('volume' in data), data?.path);
  });
});

describe('classes', () => {
  const classOf = async (text: string, path: string, more: Partial<PathFacts> = {}): Promise<string> => {
    const spec = await ofA(text);
    const [told = ''] = dataOf(spec, emptyWorld(spec, { paths: { [path]: facts(more) } }));
    return told.replace(`${path} `, '').replace('of a, reached by a: ', '');
  };

  for (const path of [
    '/',
    '/etc',
    '/dev',
    '/dev/dri',
    '/proc',
    '/sys/fs/cgroup',
    '/run',
    '/run/user/1000/podman.sock',
    '/var/run/docker.sock',
    '/boot',
    '/lib/modules',
    '/etc/localtime',
    '/etc/timezone',
  ])
    test(`${path} belongs to the host`, async () => {
      assert.equal(await classOf(`volumes: ["${path}:/x"]`, path), 'external belongs to the host');
    });

  for (const path of ['/developers', '/etc/app', '/running', '/srv', '/lib', '/bootstrap'])
    test(`${path} is data`, async () => {
      assert.equal(await classOf(`volumes: ["${path}:/x"]`, path), 'snapshot by btrfs a btrfs subvolume');
    });

  for (const type of ['socket', 'device'] as const)
    test(`a ${type} belongs to the host`, async () => {
      assert.equal(await classOf('volumes: ["/d:/x"]', '/d', { type }), 'external belongs to the host');
    });

  test('the stack says otherwise, by the path in the container or on the host', async () => {
    const data = (key: string, kind: string): string =>
      `volumes: ["/d:/x"]\n    x-baton: {data: {${key}: ${kind}}}`;
    assert.equal(await classOf(data('/x', 'discard'), '/d'), 'discard as the stack says');
    assert.equal(await classOf(data('/d', 'external'), '/d'), 'external as the stack says');
    const host = 'volumes: ["/etc:/x"]\n    x-baton: {data: {/x: snapshot}}';
    assert.equal(await classOf(host, '/etc'), 'snapshot by btrfs a btrfs subvolume');
  });

  test('a data set says it where the stack says nothing, for exactly its path', async () => {
    const told = async (text: string, classes: World['classes']): Promise<string> => {
      const spec = await ofA(text);
      const world = emptyWorld(spec, { paths: { '/d': facts() }, ...(classes ? { classes } : {}) });
      return dataOf(spec, world).join().replace('/d ', '').replace('of a, reached by a: ', '');
    };
    const mounts = 'volumes: ["/d:/x"]';
    assert.equal(await told(mounts, { '/d': 'discard' }), 'discard as the data set says');
    assert.equal(
      await told(mounts, { '/': 'discard', '/d/e': 'discard' }),
      `snapshot by btrfs a btrfs subvolume`,
    );
    const own = `${mounts}\n    x-baton: {data: {/x: snapshot}}`;
    assert.equal(await told(own, { '/d': 'discard' }), 'snapshot by btrfs a btrfs subvolume');
  });

  test('NOCOW is told', async () => {
    assert.equal(
      await classOf('volumes: ["/d:/x"]', '/d', { noCow: true }),
      'snapshot by btrfs a btrfs subvolume; is NOCOW: its snapshot holds the data, without checksums',
    );
  });

  test('what is missing is told', async () => {
    assert.equal(
      await classOf('volumes: ["/d:/x"]', '/d', { type: 'missing', driver: undefined }),
      'snapshot does not exist yet, new',
    );
  });

  test('where no driver can, there is none', async () => {
    assert.equal(
      await classOf('volumes: ["/d:/x"]', '/d', { driver: undefined, reason: 'it is a mount point' }),
      'snapshot it is a mount point',
    );
  });

  test('its size is known', async () => {
    const spec = await ofA('volumes: ["/d:/x", "/e:/y"]');
    const made = plan(spec, emptyWorld(spec, { paths: { '/d': facts() } }));
    assert.deepEqual(
      made.data.map(({ sizeBytes }) => sizeBytes),
      [7, 0],
    );
  });
});

describe('another stack’s container that writes to the same path', async () => {
  const spec = await ofA('volumes: ["/d:/x"]');
  const mount = { type: 'bind' as const, source: '/d', target: '/x', readOnly: false };
  const [own] = containersOf(spec) as [ContainerFacts];
  const dataBeside = (more: Partial<ContainerFacts>, asked = spec): string[] => {
    const other: ContainerFacts = { ...own, id: 'o', name: 'other', labels: {}, mounts: [mount], ...more };
    return dataOf(asked, emptyWorld(asked, { containers: [other] }));
  };
  const protectedPath = ['/d snapshot by btrfs of a, reached by a: a btrfs subvolume'];

  test('makes it external', () => {
    assert.deepEqual(dataBeside({}), [
      '/d external of a, reached by a: container "other" of another stack writes here too',
    ]);
  });

  test('makes it external whatever else that one has mounted', () => {
    const [told] = dataBeside({ mounts: [{ ...mount, source: '/e' }, mount] });
    assert.match(told ?? '', / external /);
  });

  test('does not where it is stopped, only reads, writes elsewhere, or is the stack’s own', () => {
    const none: Partial<ContainerFacts>[] = [
      { running: false },
      { mounts: [{ ...mount, readOnly: true }] },
      { mounts: [{ ...mount, source: '/e' }] },
      { labels: { 'dev.baton.stack': 'web', 'dev.baton.service': 'a' } },
      { labels: { 'com.docker.compose.project': 'web', 'com.docker.compose.service': 'a' } },
    ];
    for (const more of none) assert.deepEqual(dataBeside(more), protectedPath, JSON.stringify(more));
  });

  test('does not where the stack says what it is', async () => {
    const declared = await ofA('volumes: ["/d:/x"]\n    x-baton: {data: {/x: snapshot}}');
    assert.deepEqual(dataBeside({}, declared), protectedPath);
  });

  test('changes nothing of what is external anyway', async () => {
    const host = await ofA('volumes: ["/etc:/x"]');
    const [told] = dataBeside({ mounts: [{ ...mount, source: '/etc' }] }, host);
    assert.equal(told, '/etc external of a, reached by a: belongs to the host');
  });
});

describe('one path inside another', async () => {
  const spec = await mustLoad(`
name: web
services:
  inner: {image: app, volumes: ["/d/a/b:/x"]}
  outer: {image: app, volumes: ["/d/a:/x"]}
  beside: {image: app, volumes: ["/d/ab:/x"]}
  external: {image: app, volumes: ["/d/a/c:/x"], x-baton: {data: {/x: external}}}
`);

  test('is part of the outer one’s snapshot', () => {
    assert.deepEqual(dataOf(spec, emptyWorld(spec)), [
      '/d/a snapshot by btrfs of outer+inner, reached by outer+inner: a btrfs subvolume',
      '/d/a/c external of external, reached by external: as the stack says',
      '/d/ab snapshot by btrfs of beside, reached by beside: a btrfs subvolume',
    ]);
  });

  test('stands alone where the outer one is not snapshotted', async () => {
    const outside = await mustLoad(`
name: web
services:
  outer: {image: app, volumes: ["/d/a:/x"], x-baton: {data: {/x: external}}}
  inner: {image: app, volumes: ["/d/a/b:/x"]}
`);
    assert.deepEqual(dataOf(outside, emptyWorld(outside)), [
      '/d/a external of outer, reached by outer: as the stack says',
      '/d/a/b snapshot by btrfs of inner, reached by inner: a btrfs subvolume',
    ]);
  });
});

test('protected is what is there and can be put back', () => {
  const entry: DataPlan = {
    path: '/d',
    class: 'snapshot',
    driver: 'btrfs',
    existed: true,
    services: [],
    reachedBy: [],
    notes: [],
    sizeBytes: 0,
  };
  const { driver: _driver, ...without } = entry;
  assert.deepEqual(protectedData([entry]), [entry]);
  assert.deepEqual(
    protectedData([{ ...entry, class: 'external' }, { ...entry, existed: false }, without]),
    [],
  );
});

test('dumped is what is declared so, and has a database to dump it', () => {
  const dump = { kind: 'postgres' } as unknown as NonNullable<DataPlan['dump']>;
  const dumped = { class: 'dump', dump } as const;
  assert.deepEqual(dumpedData([dumped, { class: 'dump' }, { class: 'snapshot', dump }]), [dumped]);
});
