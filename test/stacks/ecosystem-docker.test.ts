/** All the stacks that Baton ships go up together, with stand-ins for images that come from registries. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { loadEcosystem } from '../../compose/ecosystem.ts';
import { freePort } from '../../setup/local.ts';
import { Site } from '../e2e/site.ts';
import { makeStandIns } from './stand-ins.ts';
import { directory, ecosystem, secrets } from './shipped.ts';

describe('the whole ecosystem, with stand-ins for its images', () => {
  let site: Site;

  before(async () => {
    const ports = await Promise.all(Array.from({ length: 9 }, async () => String(await freePort())));
    const [immich, grafana, authelia, jellyfin, paperless, nextcloud, http, https, ping] = ports as [
      string, string, string, string, string, string, string, string, string,
    ];
    site = await Site.open('docker', 'btrfs', {
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
