/** A service in the network namespace of another, as behind a VPN: the two are replaced, and put back, together. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { get, Site, type Engine } from './site.ts';

export const describeNamespaces = (engine: Engine): void => {
  describe(`network_mode: service on ${engine}`, () => {
    let site: Site;
    let port: number;
    const deploy = async (...variables: string[]) =>
      await site.report('deploy', 'vpn.yml', ...variables.flatMap((variable) => ['--set', variable]));
    const containers = async (): Promise<string[]> =>
      (await site.containers('vpn')).map(({ name, id, running }) => `${name} ${id} ${running}`);

    before(async () => {
      site = await Site.open(engine, 'btrfs');
      port = await freePort();
      await site.write(
        'vpn.yml',
        `
services:
  tunnel:
    image: \${IMAGE}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
    environment: {VERSION: "\${VERSION:-1}"}
    ports: ["127.0.0.1:${port}:80"]
  client:
    image: \${IMAGE}
    command: [sh, -c, "mkdir /www; echo \${VERSION:-1} > /www/index.html; \${BREAK:-true}; exec httpd -f -p 80 -h /www"]
    stop_signal: SIGKILL
    network_mode: service:tunnel
    x-baton: {probe: {http: "http://127.0.0.1:${port}/"}}
  bystander:
    image: \${IMAGE}
    command: [sleep, "1000"]
    stop_signal: SIGKILL
x-baton: {min_healthy_time: 200ms, healthy_deadline: 8s}
`,
      );
    });
    after(async () => {
      await site.close();
    });

    test('both come up, the guest in the owner’s network', async () => {
      const { code, out, err } = await deploy();
      assert.equal(code, 0, out + err);
      assert.equal(await get(`http://127.0.0.1:${port}/`), '1\n');
    });

    test('a guest that fails puts owner and guest back, the very same', async () => {
      const before = await containers();
      const { code, out, err } = await deploy('VERSION=2', 'BREAK=exit 1');
      assert.equal(code, 3, out + err);
      assert.deepEqual(await containers(), before);
      assert.equal(await get(`http://127.0.0.1:${port}/`), '1\n');
    });

    test('a new owner takes its guest along, and leaves others alone', async () => {
      const before = await site.containers('vpn');
      const { code, report, out, err } = await deploy('VERSION=2');
      assert.equal(code, 0, out + err);
      assert.equal(await get(`http://127.0.0.1:${port}/`), '2\n');
      assert.match(JSON.stringify(report['changes']), /bystander","action":"keep/);
      const bystander = (all: typeof before) => all.find(({ name }) => name.includes('bystander'))?.startedAt;
      assert.equal(bystander(await site.containers('vpn')), bystander(before));
    });

    test('both are removed', async () => {
      const { code, out, err } = await site.baton('remove', 'vpn');
      assert.equal(code, 0, out + err);
      assert.deepEqual(await containers(), []);
    });
  });
};
