/** The stacks that Baton ships: each is read, each says what it protects, and all of them go up together. */
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadEcosystem } from '../../compose/ecosystem.ts';
import { loadStack } from '../../compose/load.ts';
import { freePort } from '../../setup/local.ts';
import { Site } from '../e2e/site.ts';
import { makeStandIns } from './stand-ins.ts';

const directory = join(import.meta.dirname, '..', '..', 'stacks');
const ecosystem = 'complete-app-ecosystem.yml';
const files = globSync('*.yml', { cwd: directory }).filter((name) => name !== ecosystem).sort();
const secrets = Object.fromEntries(
  [
    'DB_PASSWORD', 'GRAFANA_PASSWORD', 'PAPERLESS_DB_PASSWORD', 'PAPERLESS_SECRET_KEY', 'NEXTCLOUD_DB_PASSWORD',
    'POSTGRES_PASSWORD', 'AUTHELIA_JWT_SECRET', 'AUTHELIA_SESSION_SECRET', 'AUTHELIA_STORAGE_KEY',
  ].map((name) => [name, `${name.toLowerCase()}-value`]),
);

describe('shipped stacks', () => {
  for (const name of files)
    test(`${name} is read, names its schema, and every service says how it is healthy`, async () => {
      const file = join(directory, name);
      const loaded = await loadStack({ file, environment: { ...secrets, DEMO_DATA: '/srv/demo' } });
      assert.ok(loaded.ok, loaded.ok ? '' : JSON.stringify(loaded.problems));
      assert.deepEqual(loaded.warnings, []);
      assert.match(await readFile(file, 'utf8'), /^# yaml-language-server: \$schema=\.\.\/docs\/stack\.schema\.json\n/);
      for (const service of loaded.stack.services) {
        const oneShot = loaded.stack.services.some(({ dependsOn }) =>
          dependsOn.some((need) => need.service === service.name && need.condition === 'service_completed_successfully'),
        );
        const healthcheck = service.healthcheck !== undefined && service.healthcheck !== 'disabled';
        assert.ok(service.probe !== undefined || healthcheck || oneShot, service.name);
        assert.match(service.image, /:[^:]*\d/, `${service.name} has no version`);
      }
    });

  test('a password that is missing is asked for, by name', async () => {
    const loaded = await loadStack({ file: join(directory, 'paperless.yml'), environment: {} });
    // Passwords stay references; only the worker resolves them.
    assert.ok(loaded.ok);
  });
});

describe('the whole ecosystem, with stand-ins for its images', () => {
  let site: Site;

  before(async () => {
    const ports = await Promise.all(Array.from({ length: 9 }, async () => String(await freePort())));
    const [immich, grafana, authelia, jellyfin, paperless, nextcloud, http, https, ping] = ports as [
      string, string, string, string, string, string, string, string, string,
    ];
    site = await Site.open('podman', 'btrfs', {
      ...secrets,
      IMMICH_PORT: immich,
      GRAFANA_PORT: grafana,
      AUTHELIA_PORT: authelia,
      JELLYFIN_PORT: jellyfin,
      PAPERLESS_PORT: paperless,
      NEXTCLOUD_PORT: nextcloud,
      HTTP_PORT: http,
      HTTPS_PORT: https,
      PING_PORT: ping,
    });
    Object.assign(site.environment, {
      DATA_ROOT: join(site.data, 'data'),
      MEDIA_ROOT: join(site.data, 'media'),
      TRAEFIK_DYNAMIC: join(site.data, 'dynamic'),
    });
    await site.stopWorker();
    await site.startWorker();
    const loaded = await loadEcosystem({ file: join(directory, ecosystem), environment: site.environment });
    assert.ok(loaded.ok);
    const stacks = loaded.ecosystem.phases.flatMap((phase) => phase.stacks);
    await makeStandIns(site, stacks.flatMap(({ stack }) => stack.services.map(({ image }) => image)));
  });
  after(async () => {
    await site.close();
  });

  test('goes up, in phases', async () => {
    const { code, report, out, err } = await site.report('deploy', join(directory, ecosystem));
    assert.equal(code, 0, out + err);
    assert.equal(report['outcome'], 'done');
    const routes = await readdir(join(site.data, 'dynamic'));
    assert.deepEqual(routes.sort(), ['authelia.yml', 'grafana.yml', 'immich.yml']);
  });

  test('is healthy, and a second deploy changes nothing', async () => {
    const { out } = await site.baton('status', '--json');
    const stacks = out.split('\n').map((line) => JSON.parse(line) as { stack: string; services: { healthy: string }[] });
    const own = stacks.filter(({ stack }) => ['immich', 'traefik', 'nextcloud', 'monitoring'].includes(stack));
    assert.equal(own.length, 4);
    for (const { stack, services } of own) assert.ok(services.every(({ healthy }) => healthy === 'healthy'), stack);
    const { report } = await site.report('deploy', join(directory, ecosystem));
    assert.equal(report['outcome'], 'unchanged');
  });
});
