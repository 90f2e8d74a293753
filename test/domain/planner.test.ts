import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  hasBefore,
  isChanging,
  isNoop,
  isRefused,
  makesResources,
  needsImages,
  type Plan,
  type ServicePlan,
} from '../../domain/plan.ts';
import type { ServiceSpec, StackSpec } from '../../domain/stack.ts';
import { mustLoad } from '../compose/loading.ts';
import type { ContainerFacts, ImageFacts, World } from '../../domain/world.ts';
import {
  actions,
  containersOf,
  emptyWorld,
  hashesOf,
  imagesBut,
  plan,
  release,
  runningWorld,
} from './worlds.ts';

const photos = await mustLoad(`
name: photos
services:
  db: {image: pg, volumes: ["/data/db:/data"], healthcheck: {test: x}}
  cache: {image: redis}
  migrate: {image: app, depends_on: {db: {condition: service_healthy}}}
  app:
    image: app
    ports: ["8080:80"]
    volumes: ["/data/library:/library", "/etc/localtime:/etc/localtime:ro"]
    depends_on:
      db: {condition: service_healthy}
      cache: {condition: service_started}
      migrate: {condition: service_completed_successfully}
`);
const changed = (spec: StackSpec, name: string, change: Partial<ServiceSpec>): StackSpec => ({
  ...spec,
  services: spec.services.map((service) => (service.name === name ? { ...service, ...change } : service)),
});

describe('a plan', () => {
  test('creates everything on an empty host, in phases', () => {
    const made = plan(photos, emptyWorld(photos));
    assert.deepEqual(actions(made), { db: 'create', cache: 'create', migrate: 'create', app: 'create' });
    assert.deepEqual(
      made.services.map(({ service, phase }) => `${phase} ${service}`),
      ['1 db', '1 cache', '2 migrate', '3 app'],
    );
    assert.equal(isRefused(made), false);
  });

  test('changes nothing where the release runs, the finished migration included', () => {
    const world = runningWorld(photos);
    const containers = world.containers.map((container) =>
      container.name.includes('migrate')
        ? { ...container, running: false, status: 'exited', exitCode: 0 }
        : container,
    );
    assert.equal(isNoop(plan(photos, { ...world, containers })), true);
  });

  test('replaces the service that changed, and no other', () => {
    const made = plan(changed(photos, 'app', { user: '1' }), runningWorld(photos));
    assert.deepEqual(actions(made), { db: 'keep', cache: 'keep', migrate: 'keep', app: 'replace' });
  });

  test('starts what is there but stopped', () => {
    const world = runningWorld(photos);
    const containers = world.containers.map((container) =>
      container.name.includes('cache')
        ? { ...container, running: false, status: 'exited', exitCode: 1 }
        : container,
    );
    assert.deepEqual(actions(plan(photos, { ...world, containers }))['cache'], 'start');
  });

  test('removes what the stack no longer has', () => {
    const smaller = {
      ...photos,
      services: photos.services
        .filter(({ name }) => name !== 'cache')
        .map((service) => ({
          ...service,
          dependsOn: service.dependsOn.filter((need) => need.service !== 'cache'),
        })),
    };
    assert.equal(actions(plan(smaller, runningWorld(photos)))['cache'], 'remove');
  });

  test('keeps the data with a removal, unless told', () => {
    const nothing = { ...photos, services: [] };
    const removal = { kind: 'remove' as const, running: photos };
    const world = runningWorld(photos);
    assert.deepEqual(plan(nothing, world, removal).restore, []);
    const paths = plan(nothing, world, { ...removal, discard: true }).restore;
    assert.deepEqual(paths, [{ path: '/data/db' }, { path: '/data/library' }]);
  });

  test('protects the data of all that a changed service can reach, not only its own', () => {
    const made = plan(changed(photos, 'migrate', { user: '1' }), runningWorld(photos));
    assert.deepEqual(
      made.data.map(({ path, class: kind, driver }) => [path, kind, driver]),
      [['/data/db', 'snapshot', 'btrfs']],
    );
    const all = plan(changed(photos, 'app', { user: '1' }), runningWorld(photos));
    assert.deepEqual(
      all.data.map(({ path }) => path),
      ['/data/db', '/data/library'],
    );
  });

  test('of any stack whose release runs is empty: planning twice changes nothing the second time', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const stack = fc.uniqueArray(
      fc.record({ name, user: fc.constantFrom('0', '1'), needs: fc.array(fc.nat(4), { maxLength: 3 }) }),
      {
        selector: (service) => service.name,
        minLength: 1,
      },
    );
    fc.assert(
      fc.property(stack, (services) => {
        const spec: StackSpec = {
          ...photos,
          networks: {},
          services: services.map(({ name: own, user, needs }, index) => ({
            ...(photos.services[1] as ServiceSpec),
            name: own as ServiceSpec['name'],
            containerName: `photos-${own}-1`,
            user,
            network: { mode: 'none' },
            dependsOn: [...new Set(needs.map((need) => need % services.length))]
              .filter((need) => need < index)
              .map((need) => ({
                service: services[need]?.name as ServiceSpec['name'],
                condition: 'service_started',
                restart: false,
                required: true,
              })),
          })),
        };
        const first = plan(spec, emptyWorld(spec));
        assert.ok(first.services.every(({ action }) => action === 'create'));
        assert.ok(isNoop(plan(spec, runningWorld(spec))));
        const phaseOf = new Map(first.services.map(({ service, phase }) => [service, phase]));
        for (const { service, needs } of first.services)
          for (const need of needs) assert.ok((phaseOf.get(need.service) ?? 0) < (phaseOf.get(service) ?? 0));
      }),
      { numRuns: 200 },
    );
  });
});

const serviceOf = (made: Plan, name: string): ServicePlan => {
  const found = made.services.find(({ service }) => service === name);
  assert.ok(found, name);
  return found;
};

/** One service `a` with these lines, and what is planned for it on an empty host. */
const planOf = async (text: string, world: (spec: StackSpec) => World = emptyWorld): Promise<ServicePlan> => {
  const spec = await mustLoad(`name: web\nservices:\n  a:\n    image: app\n    ${text}\n`);
  return serviceOf(plan(spec, world(spec)), 'a');
};

/** The stack's containers, some of them otherwise. */
const runningBut = (spec: StackSpec, other: (container: ContainerFacts) => Partial<ContainerFacts>): World =>
  runningWorld(spec, {
    containers: containersOf(spec).map((container) => ({ ...container, ...other(container) })),
  });

describe('reasons', () => {
  const reasonsFor = (world: World, spec = photos): string[] => serviceOf(plan(spec, world), 'cache').reasons;
  const cacheBut = (more: Partial<ContainerFacts>): World =>
    runningBut(photos, ({ name }) => (name.includes('cache') ? more : {}));
  const image = (cache: ImageFacts): World => runningWorld(photos, { images: imagesBut(photos, { cache }) });

  test('are none where nothing changes', () => {
    assert.deepEqual(reasonsFor(runningWorld(photos)), []);
  });

  test('are one for what is new', () => {
    assert.deepEqual(reasonsFor(emptyWorld(photos)), ['new']);
  });

  test('tell an image from a configuration', () => {
    assert.deepEqual(reasonsFor(cacheBut({ imageId: 'sha256:old' })), ['image changed']);
    assert.deepEqual(reasonsFor(runningWorld(photos), changed(photos, 'cache', { user: '1' })), [
      'configuration changed',
    ]);
    assert.deepEqual(reasonsFor(cacheBut({ imageId: 'o' }), changed(photos, 'cache', { user: '1' })), [
      'image changed',
    ]);
  });

  test('tell an image that is to come', () => {
    assert.deepEqual(reasonsFor(image({ state: 'fetch', how: 'pull' })), ['image is pulled']);
    assert.deepEqual(reasonsFor(image({ state: 'fetch', how: 'build' })), ['image is built']);
    assert.deepEqual(reasonsFor(image({ state: 'unavailable', why: 'no' })), []);
  });

  test('tell a container that Compose made', () => {
    const labels = { 'com.docker.compose.project': 'photos', 'com.docker.compose.service': 'cache' };
    assert.deepEqual(reasonsFor(cacheBut({ labels })), ['was not made by Baton']);
    assert.deepEqual(reasonsFor(cacheBut({ labels, imageId: 'o' })), [
      'image changed',
      'was not made by Baton',
    ]);
  });

  test('tell what is only started', () => {
    const stopped = serviceOf(plan(photos, cacheBut({ running: false, status: 'exited' })), 'cache');
    assert.deepEqual([stopped.action, stopped.reasons], ['start', ['is exited']]);
    const ended = cacheBut({ running: false, status: 'exited', exitCode: 0 });
    assert.deepEqual(reasonsFor(ended), ['is exited']);
  });

  test('tell a migration that failed from one that ended', () => {
    const after = (exitCode: number): string[] => {
      const world = runningBut(photos, ({ name }) =>
        name.includes('migrate') ? { running: false, status: 'exited', exitCode } : {},
      );
      const { action, reasons } = serviceOf(plan(photos, world), 'migrate');
      return [action, ...reasons];
    };
    assert.deepEqual(after(0), ['keep']);
    assert.deepEqual(after(1), ['start', 'is exited']);
  });

  test('a container that was set aside is not the service’s', () => {
    assert.deepEqual(reasonsFor(cacheBut({ name: 'photos-cache-1.baton-0123abcd' })), ['new']);
  });

  test('a service whose data is put back is started again, others are not', () => {
    const restore = [{ path: '/data/db', snapshot: 's' as never }];
    const made = plan(photos, runningWorld(photos), { restore });
    const told = made.services.map(({ service, action, reasons }) => [service, action, ...reasons]);
    assert.deepEqual(told, [
      ['db', 'start', 'its data is put back'],
      ['cache', 'keep'],
      ['migrate', 'keep'],
      ['app', 'keep'],
    ]);
    assert.deepEqual(made.restore, restore);
    const stopped = runningBut(photos, () => ({ running: false, status: 'exited' }));
    assert.deepEqual(serviceOf(plan(photos, stopped, { restore }), 'db').reasons, ['is exited']);
  });
});

describe('what follows another service', async () => {
  const tunnel = await mustLoad(`
name: web
services:
  vpn: {image: vpn}
  app: {image: app, network_mode: "service:vpn"}
  worker: {image: worker, depends_on: {vpn: {condition: service_started, restart: true}}}
  reader: {image: reader, depends_on: [vpn]}
`);
  const told = (world: World, spec = tunnel): string[][] =>
    plan(spec, world)
      .services.filter(isChanging)
      .map(({ service, action, reasons }) => [service, action, ...reasons]);

  test('is replaced with it', () => {
    assert.deepEqual(told(runningWorld(tunnel), changed(tunnel, 'vpn', { user: '1' })), [
      ['vpn', 'replace', 'configuration changed'],
      ['app', 'replace', 'network owner "vpn" is replaced'],
      ['worker', 'replace', '"vpn" is replaced and asks for a restart'],
    ]);
  });

  test('gets the new network where its owner is made anew or started again', () => {
    const without = runningWorld(tunnel, {
      containers: containersOf(tunnel).filter(({ name }) => name !== 'web-vpn-1'),
    });
    assert.deepEqual(told(without)[1], ['app', 'replace', 'network owner "vpn" is replaced']);
    const stopped = runningBut(tunnel, ({ name }) =>
      name === 'web-vpn-1' ? { running: false, status: 'exited' } : {},
    );
    assert.deepEqual(told(stopped), [
      ['vpn', 'start', 'is exited'],
      ['app', 'replace', 'network owner "vpn" is started again'],
    ]);
  });

  test('waits for the new one', () => {
    const made = plan(changed(tunnel, 'vpn', { user: '1' }), runningWorld(tunnel));
    assert.deepEqual(serviceOf(made, 'app').needs, [
      { service: 'vpn', condition: 'service_started', renewed: true },
    ]);
    assert.deepEqual(serviceOf(made, 'app').phase, 2);
    assert.deepEqual(serviceOf(plan(tunnel, runningWorld(tunnel)), 'reader').needs, [
      { service: 'vpn', condition: 'service_started', renewed: false },
    ]);
  });

  test('needs the owner of its network beside all else', async () => {
    const both = await mustLoad(`
name: web
services:
  vpn: {image: vpn}
  db: {image: db}
  app: {image: app, network_mode: "service:vpn", depends_on: [db]}
`);
    assert.deepEqual(
      serviceOf(plan(both, emptyWorld(both)), 'app').needs.map(({ service }) => service),
      ['db', 'vpn'],
    );
  });

  test('needs the owner of its network once, where it says so itself', async () => {
    const both = await mustLoad(`
name: web
services:
  vpn: {image: vpn, healthcheck: {test: x}}
  app: {image: app, network_mode: "service:vpn", depends_on: {vpn: {condition: service_healthy}}}
`);
    assert.deepEqual(serviceOf(plan(both, emptyWorld(both)), 'app').needs, [
      { service: 'vpn', condition: 'service_healthy', renewed: true },
    ]);
  });
});

describe('how health is known', () => {
  const healthOf = async (text: string, hasHealthcheck = false): Promise<string> => {
    const { health } = await planOf(text, (spec) =>
      emptyWorld(spec, {
        images: imagesBut(spec, { a: { state: 'present', id: 'i', hasHealthcheck, volumes: [] } }),
      }),
    );
    return health;
  };
  for (const [text, health] of [
    ['x-baton: {probe: {tcp: 80}}', 'probe'],
    ['healthcheck: {test: x}', 'healthcheck'],
    ['healthcheck: {disable: true}', 'running'],
    ['healthcheck: {interval: 1s}', 'running'],
    ['user: "1"', 'running'],
    ['healthcheck: {test: x}\n    x-baton: {probe: {tcp: 80}}', 'probe'],
  ] as const)
    test(`${health}: ${text.replaceAll('\n    ', ', ')}`, async () => {
      assert.equal(await healthOf(text), health);
    });

  test('an image brings its own healthcheck, unless it is disabled', async () => {
    assert.equal(await healthOf('user: "1"', true), 'healthcheck');
    assert.equal(await healthOf('healthcheck: {interval: 1s}', true), 'healthcheck');
    assert.equal(await healthOf('healthcheck: {disable: true}', true), 'running');
  });

  test('of an image that is not here yet is not known', async () => {
    const { health } = await planOf('user: "1"', (spec) =>
      emptyWorld(spec, { images: imagesBut(spec, { a: { state: 'fetch', how: 'pull' } }) }),
    );
    assert.equal(health, 'running');
  });

  test('a migration is healthy when it has completed', () => {
    const made = plan(photos, emptyWorld(photos));
    assert.equal(serviceOf(made, 'migrate').health, 'completion');
    assert.equal(serviceOf(made, 'db').health, 'healthcheck');
  });
});

describe('the old container stops first', () => {
  const first: Record<string, string> = {
    'with a fixed name': 'container_name: fixed',
    'with a host port': 'ports: ["80:80"]',
    'with writable data': 'volumes: ["/d:/d"]',
    'with an anonymous volume': 'volumes: ["/d"]',
    'with a device': 'devices: ["/dev/dri:/dev/dri"]',
    'with a GPU': 'gpus: all',
    'with a MAC address': 'mac_address: "02:42:ac:11:00:02"',
    'with an IPv4 address': 'networks: {default: {ipv4_address: 10.0.0.2}}',
    'with an IPv6 address': 'networks: {default: {ipv6_address: "fd00::2"}}',
    'with a MAC address on a network': 'networks: {default: {mac_address: "02:42:ac:11:00:02"}}',
    'on the host’s network': 'network_mode: host',
    'without a network': 'network_mode: none',
  };
  test('with an address on one of its networks', async () => {
    const spec = await mustLoad(`
name: web
services: {a: {image: app, networks: {x: {ipv4_address: 10.0.0.2}, y: }}}
networks: {x: , y: }
`);
    assert.equal(serviceOf(plan(spec, emptyWorld(spec)), 'a').order, 'stop-first');
  });

  for (const [what, text] of Object.entries(first))
    test(what, async () => {
      assert.equal((await planOf(text)).order, 'stop-first');
    });

  const beside: Record<string, string> = {
    'nothing of its own': 'user: "1"',
    'a port that the engine picks': 'ports: ["80"]',
    'read-only data': 'volumes: ["/d:/d:ro"]',
    memory: 'tmpfs: [/tmp]',
    'a network': 'networks: {default: {aliases: [b]}}',
  };
  for (const [what, text] of Object.entries(beside))
    test(`but not with ${what}`, async () => {
      assert.equal((await planOf(text)).order, 'start-first');
    });
});

describe('times', () => {
  const timesOf = async (text: string): Promise<number[]> => {
    const { healthyDeadlineMs, minHealthyTimeMs, stopGraceMs } = await planOf(text);
    return [healthyDeadlineMs, minHealthyTimeMs, stopGraceMs];
  };

  test('are Nomad’s and Compose’s unless said', async () => {
    assert.deepEqual(await timesOf('user: "1"'), [300_000, 10_000, 10_000]);
  });

  test('are the service’s before the stack’s', async () => {
    assert.deepEqual(
      await timesOf('stop_grace_period: 3s\n    x-baton: {min_healthy_time: 1s, healthy_deadline: 20s}'),
      [20_000, 1_000, 3_000],
    );
    assert.deepEqual(
      await timesOf('user: "1"\nx-baton: {min_healthy_time: 2s, healthy_deadline: 30s}'),
      [30_000, 2_000, 10_000],
    );
  });

  test('no service waits longer than the roll-out may stand still', async () => {
    assert.deepEqual(await timesOf('user: "1"\nx-baton: {progress_deadline: 7s}'), [7_000, 10_000, 10_000]);
    assert.deepEqual(
      await timesOf('x-baton: {healthy_deadline: 20s}\nx-baton: {progress_deadline: 7s}'),
      [7_000, 10_000, 10_000],
    );
  });
});

describe('what is removed', () => {
  const without = (spec: StackSpec, name: string): StackSpec => ({
    ...spec,
    services: spec.services
      .filter((service) => service.name !== name)
      .map((service) => ({
        ...service,
        dependsOn: service.dependsOn.filter((need) => need.service !== name),
      })),
  });

  test('is told whole', () => {
    const made = plan(without(photos, 'app'), runningWorld(photos), { running: photos });
    assert.deepEqual(serviceOf(made, 'app'), {
      service: 'app',
      action: 'remove',
      reasons: ['is not in the stack any more'],
      phase: 0,
      containerName: 'photos-app-1',
      image: { reference: 'sha256:app', id: 'sha256:app' },
      previous: { id: 'id-photos-app', name: 'photos-app-1', running: true, imageId: 'sha256:app' },
      needs: [
        { service: 'db', condition: 'service_healthy' },
        { service: 'cache', condition: 'service_started' },
        { service: 'migrate', condition: 'service_completed_successfully' },
      ],
      health: 'running',
      order: 'stop-first',
      healthyDeadlineMs: 300_000,
      minHealthyTimeMs: 10_000,
      stopGraceMs: 10_000,
    });
  });

  test('needs nothing where its release is not known', () => {
    const made = plan(without(photos, 'app'), runningWorld(photos));
    assert.deepEqual(serviceOf(made, 'app').needs, []);
    const other = plan(without(photos, 'app'), runningWorld(photos), { running: without(photos, 'app') });
    assert.deepEqual(serviceOf(other, 'app').needs, []);
  });

  test('goes by its container’s name where no label names the service', () => {
    const world = runningBut(photos, ({ name, labels }) =>
      name === 'photos-app-1' ? { labels: { 'dev.baton.stack': labels['dev.baton.stack'] ?? '' } } : {},
    );
    const made = plan(without(photos, 'app'), world);
    assert.equal(serviceOf(made, 'photos-app-1').action, 'remove');
  });

  test('is not what an operation set aside, nor another stack’s', () => {
    const world = runningBut(photos, ({ name, labels }) =>
      name === 'photos-app-1'
        ? { name: 'photos-app-1.baton-0123abcd' }
        : name === 'photos-cache-1'
          ? { labels: { ...labels, 'dev.baton.stack': 'blog' } }
          : {},
    );
    const made = plan(without(without(photos, 'app'), 'cache'), world);
    assert.ok(made.services.every(({ action }) => action !== 'remove'));
  });
});

describe('networks, volumes and files', async () => {
  const spec = await mustLoad(`
name: web
services:
  a: {image: app, networks: [front, shared], volumes: ["media:/m", "theirs:/t"]}
networks: {front: , shared: {external: true}}
volumes: {media: , theirs: {external: true}}
x-baton: {files: [{path: /etc/web.conf, content: x}, {path: /etc/same.conf, content: x}]}
`);
  const files = {
    '/etc/web.conf': { exists: true, sameAsWanted: false, writable: true },
    '/etc/same.conf': { exists: true, sameAsWanted: true, writable: true },
  };
  const told = ({ networks, volumes }: Plan): string[] =>
    [...networks, ...volumes].map(({ key, name, action }) => `${action} ${key} ${name}`);

  test('are made where they are missing', () => {
    const made = plan(spec, emptyWorld(spec, { files, volumes: { theirs: { mountpoint: '/t' } } }));
    assert.deepEqual(told(made), ['create front web_front', 'create media web_media']);
    assert.deepEqual(made.files, [
      { path: '/etc/web.conf', action: 'write' },
      { path: '/etc/same.conf', action: 'keep' },
    ]);
    assert.ok(!('previousRelease' in made));
  });

  test('are kept where they are', () => {
    const made = plan(spec, runningWorld(spec, { files }));
    assert.deepEqual(told(made), ['keep front web_front', 'keep media web_media']);
    assert.equal(made.previousRelease, release);
  });

  test('go with the stack, except for its data', () => {
    const removal = { kind: 'remove' as const, obsoleteFiles: ['/etc/web.conf'] };
    const made = plan({ ...spec, services: [], files: [] }, runningWorld(spec), removal);
    assert.deepEqual(told(made), ['remove front web_front']);
    assert.deepEqual(made.files, [{ path: '/etc/web.conf', action: 'remove' }]);
    const gone = plan({ ...spec, services: [], files: [] }, emptyWorld(spec), removal);
    assert.deepEqual(told(gone), []);
  });
});

describe('a plan as a whole', async () => {
  const spec = await mustLoad(`
name: web
services:
  a: {image: app, networks: [front], volumes: ["media:/m"], x-baton: {validate: [{tcp: 80}, {tcp: 81}]}}
networks: {front: }
volumes: {media: }
x-baton: {validate: [{http: "http://example.test/"}], files: [{path: /etc/web.conf, content: x}]}
`);
  const same = { files: { '/etc/web.conf': { exists: true, sameAsWanted: true, writable: true } } };
  const quiet = runningWorld(spec, same);

  test('says what it is of', () => {
    const { format, kind, stack, host, engine, checks, policy, file } = plan(spec, quiet);
    assert.deepEqual([format, kind, stack, host, engine, checks], [1, 'deploy', 'web', 'host', 'podman', 3]);
    assert.equal(policy, spec.policy);
    assert.equal(file, spec.file);
    assert.equal(plan(spec, quiet).release, release);
  });

  test('says that only how it is looked after changes, and not of a removal', () => {
    const [first, ...others] = photos.services;
    assert.ok(first);
    const running: StackSpec = {
      ...photos,
      services: [{ ...first, minHealthyTimeMs: 1_234 }, ...others],
    };
    const world = runningWorld(photos);
    const restated = (more: Parameters<typeof plan>[2]) => plan(photos, world, more).restated;
    assert.equal(restated({ running }), true);
    assert.equal(restated({ running: photos }), undefined);
    assert.equal(restated({ kind: 'remove', running }), undefined);
  });

  test('names the image that was decided on, where one was', () => {
    const images = { app: 'sha256:decided' } as NonNullable<Parameters<typeof plan>[2]>['images'];
    const made = plan(photos, runningWorld(photos), images ? { images } : {});
    assert.deepEqual(
      made.services.map(({ service, image }) => [service, image.exactly]),
      made.services.map(({ service }) => [service, service === 'app' ? 'sha256:decided' : undefined]),
    );
  });

  test('is not empty where one of several services changes, or one goes', () => {
    assert.equal(isNoop(plan(changed(photos, 'cache', { user: '1' }), runningWorld(photos))), false);
    const [cache] = photos.services.filter(({ name }) => name === 'cache');
    assert.ok(cache);
    const alone = { ...photos, networks: {}, services: [{ ...cache, network: { mode: 'none' as const } }] };
    const both = {
      ...alone,
      services: [...alone.services, { ...cache, name: 'b' as never, containerName: 'b' }],
    };
    assert.equal(isNoop(plan(alone, runningWorld(both))), false);
  });

  test('names the image of each service', () => {
    assert.deepEqual(serviceOf(plan(spec, quiet), 'a').image, { reference: 'app', id: 'sha256:app' });
    const images = imagesBut(photos, { cache: { state: 'fetch', how: 'pull' } });
    assert.equal(needsImages(plan(photos, runningWorld(photos, { images }))), true);
  });

  test('is empty only where nothing at all would change', () => {
    assert.equal(isNoop(plan(spec, quiet)), true);
    const changes: [string, World, Parameters<typeof plan>[2]?][] = [
      ['a container', { ...quiet, containers: [] }],
      ['a network', { ...quiet, networks: {} }],
      ['a volume', { ...quiet, volumes: {} }],
      ['a file', { ...quiet, files: {} }],
      ['data', quiet, { restore: [{ path: '/d' }] }],
    ];
    for (const [what, world, wanted] of changes) assert.equal(isNoop(plan(spec, world, wanted)), false, what);
  });

  test('is not empty where only what is asked of it is another', async () => {
    const text = (keys: string, before = '') =>
      `${before}name: web\nservices:\n  a: {image: app, x-baton: {probe: {tcp: 80}${keys}}}\n`;
    const running = await mustLoad(text(''));
    const world = runningWorld(running);
    const cases: [string, string, boolean][] = [
      ['the same', text(''), true],
      ['the same at another line', text('', '# shop\n'), true],
      ['another check', text(', validate: [{tcp: 81}]'), false],
      ['another deadline', text(', healthy_deadline: 3s'), false],
      ['a changelog', text(', changelog: "https://a"'), false],
      ['a check of the stack', `${text('')}x-baton: {validate: [{disk-below: 90%}]}\n`, false],
    ];
    for (const [what, wanted, isEmpty] of cases)
      assert.equal(
        isNoop(plan(await mustLoad(wanted), world, { running, hashes: hashesOf(running) })),
        isEmpty,
        what,
      );
    assert.equal(isNoop(plan(running, world)), true);
  });

  test('has something before it where a release, a container or data is there already', async () => {
    const two = await mustLoad('name: web\nservices:\n  a: {image: app}\n  b: {image: app}\n');
    const [one] = containersOf(two) as [ContainerFacts];
    const data = await mustLoad('name: web\nservices:\n  a: {image: app, volumes: ["/d:/d"]}\n');
    const cases: [string, Plan, boolean][] = [
      ['nothing', plan(two, emptyWorld(two)), false],
      ['a release', plan(two, emptyWorld(two, { runningRelease: release })), true],
      ['one of two containers', plan(two, emptyWorld(two, { containers: [one] })), true],
      ['data', plan(data, emptyWorld(data)), true],
    ];
    for (const [what, made, before] of cases) assert.equal(hasBefore(made), before, what);
  });

  test('makes resources only where a network or a volume is missing', () => {
    const bare = { ...spec, networks: {}, volumes: {} };
    const removal = { kind: 'remove' as const, running: spec };
    const cases: [string, Plan, boolean][] = [
      ['none is missing', plan(spec, quiet), false],
      ['the network is missing', plan(spec, { ...quiet, networks: {} }), true],
      ['the volume is missing', plan(spec, { ...quiet, volumes: {} }), true],
      ['the stack has none', plan(bare, quiet), false],
      ['the network goes', plan({ ...spec, services: [] }, quiet, removal), false],
    ];
    for (const [what, made, makes] of cases) assert.equal(makesResources(made), makes, what);
  });

  test('waits for images where one must be fetched for a service that stays', () => {
    assert.equal(needsImages(plan(spec, quiet)), false);
    const images = imagesBut(spec, { a: { state: 'fetch', how: 'build' } });
    const made = plan(spec, { ...quiet, images });
    assert.equal(needsImages(made), true);
    assert.deepEqual(serviceOf(made, 'a').image, { reference: 'app', fetch: 'build' });
    const removed = made.services.map((service) => ({ ...service, action: 'remove' as const }));
    assert.equal(needsImages({ ...made, services: removed }), false);
  });
});
