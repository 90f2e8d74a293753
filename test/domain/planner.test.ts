import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isNoop, isRefused } from '../../domain/plan.ts';
import type { ServiceSpec, StackSpec } from '../../domain/stack.ts';
import { mustLoad } from '../compose/loading.ts';
import { actions, codes, containersOf, emptyWorld, plan, runningWorld } from './worlds.ts';

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

describe('preflight', () => {
  const port = { hostIp: '', hostPort: 8080, protocol: 'tcp' };

  test('names the container that has the port', () => {
    const squatter = {
      ...containersOf(photos)[1],
      id: 'other',
      name: 'blog',
      labels: {},
      ports: [port],
    } as never;
    const made = plan(photos, emptyWorld(photos, { containers: [squatter] }));
    assert.match(made.problems.map(({ message }) => message).join(), /8080.*"blog"/);
  });

  test('refuses a probe that can never be answered', () => {
    const world = emptyWorld(photos);
    const rootless = { ...world, engine: { ...world.engine, canReachContainers: false } };
    const probed = changed(photos, 'db', { probe: { type: 'tcp', port: 5432 } });
    assert.match(
      plan(probed, rootless)
        .problems.map(({ code }) => code)
        .join(),
      /probe-unreachable/,
    );
    assert.equal(isRefused(plan(probed, world)), false);
  });

  test('names the process that has the port', () => {
    const made = plan(photos, emptyWorld(photos, { listeners: { '8080/tcp': 'nginx' } }));
    assert.equal(isRefused(made), true);
  });

  test('refuses data that cannot be put back, until it is declared', () => {
    const facts = {
      ...emptyWorld(photos).paths['/data/db'],
      driver: undefined,
      reason: 'it is a mount point',
    } as never;
    const paths = { ...emptyWorld(photos).paths, '/data/db': facts };
    assert.equal(isRefused(plan(photos, emptyWorld(photos, { paths }))), true);
    const declared = changed(photos, 'db', { data: { '/data': 'external' } });
    assert.equal(isRefused(plan(declared, emptyWorld(declared, { paths }))), false);
  });

  test('says everything that is wrong at once', () => {
    const images = {
      ...emptyWorld(photos).images,
      cache: { state: 'unavailable', why: 'no registry answers' },
    } as never;
    const made = plan(
      { ...photos, requires: ['traefik' as never] },
      emptyWorld(photos, { images, listeners: { '8080/tcp': 'nginx' } }),
    );
    for (const code of ['image-unavailable', 'requires'])
      assert.ok(codes(made).includes(code), codes(made).join());
    assert.ok(made.problems.filter(({ severity }) => severity === 'error').length >= 3);
  });

  test('warns that running alone is weak proof of health', () => {
    const made = plan(photos, emptyWorld(photos));
    assert.ok(codes(made).includes('weak-health'));
  });
});
