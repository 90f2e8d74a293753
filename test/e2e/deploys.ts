/** What a person does with one stack, and what must be true after it: the same on every engine and filesystem. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, writeFile, chmod, chown } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../setup/local.ts';
import { after, before, describe, test } from 'node:test';
import { fingerprint, get, Site, until, type Container, type Engine, type Filesystem } from './site.ts';

/** A database, a cache that nothing touches, a migration and an application: five-line programs on busybox. */
const stackFile = (stack: string, port: number): string => `
name: ${stack}
services:
  db:
    image: \${IMAGE}
    command: [httpd, -f, -p, "5432", -h, /data]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/db:/data"]
    x-baton: { probe: { http: ":5432/rows" } }
  cache:
    image: \${IMAGE}
    command: [httpd, -f, -p, "6379", -h, /tmp]
    stop_signal: SIGKILL
    restart: always
    x-baton: { probe: { tcp: 6379 } }
  migrate:
    image: \${IMAGE}
    command: [sh, -c, "\${MIGRATE:-true}"]
    volumes: ["\${DATA}/db:/data"]
    depends_on: { db: { condition: service_healthy } }
  app:
    image: \${APP_IMAGE:-\${IMAGE}}
    command: [sh, -c, "mkdir -p /www; echo version \${VERSION:-1} > /www/index.html; \${BREAK:-true}; exec httpd -f -p 80 -h /www"]
    stop_signal: SIGKILL
    restart: unless-stopped
    pull_policy: missing
    depends_on:
      db: { condition: service_healthy }
      cache: { condition: service_started }
      migrate: { condition: service_completed_successfully }
    ports: ["127.0.0.1:${port}:80"]
    x-baton: { probe: { http: ":80/" } }
x-baton:
  min_healthy_time: \${SOAK:-500ms}
  healthy_deadline: 6s
  validate:
    - { service: app, http: ":80/", contains: "\${EXPECT:-version}" }
`;

type Picture = { containers: Omit<Container, 'startedAt' | 'pid'>[]; data: string[] };

export const describeDeploys = (engine: Engine, filesystem: Filesystem): void => {
  describe(`deploys on ${engine} and ${filesystem}`, () => {
    // Other tests deploy to the same engine at the same time.
    const stack = `shop-${filesystem}`;
    let site: Site;
    let port: number;
    let url: string;
    const data = (): string => join(site.data, 'db');
    const deploy = async (...more: string[]) => await site.report('deploy', 'shop.yml', ...more);
    const picture = async (): Promise<Picture> => ({
      containers: (await site.containers(stack)).map(({ startedAt: _s, pid: _p, ...rest }) => rest),
      data: await fingerprint(data()),
    });
    /** Runs a deploy that must fail, and checks that everything is as it was before. */
    const mustRollBack = async (...settings: string[]): Promise<Record<string, unknown>> => {
      const before = await picture();
      const untouched = await started();
      const { code, report, out, err } = await deploy(...settings.flatMap((setting) => ['--set', setting]));
      assert.equal(code, 3, `${out}\n${err}`);
      assert.equal(report['outcome'], 'rolled-back');
      assert.deepEqual(await picture(), before);
      assert.equal(
        (await started())[`${stack}-cache-1`],
        untouched[`${stack}-cache-1`],
        'the cache was restarted',
      );
      assert.match(await get(url), /^version 1/);
      return report;
    };
    const started = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await site.containers(stack)).map(({ name, startedAt }) => [name, startedAt]));

    before(async () => {
      site = await Site.open(engine, filesystem);
      port = await freePort();
      url = `http://127.0.0.1:${port}/`;
      if (filesystem === 'btrfs') await execa('btrfs', ['subvolume', 'create', data()]);
      else await mkdir(data());
      await writeFile(join(data(), 'rows'), 'one two three\n');
      await writeFile(join(data(), 'private'), 'secret\n');
      await chmod(join(data(), 'private'), 0o640);
      await chown(join(data(), 'private'), 999, 998);
      await site.write('shop.yml', stackFile(stack, port));
    });
    after(async () => {
      await site.close();
    });

    test('a plan says what would be created, and changes nothing', async () => {
      const { code, out } = await site.baton('plan', 'shop.yml', '--detailed-exitcode');
      assert.equal(code, 2, out);
      for (const service of ['db', 'cache', 'migrate', 'app'])
        assert.match(out, new RegExp(`create +${service}`));
      assert.deepEqual(await site.containers(stack), []);
    });

    test('a first deploy brings every service up, in order', async () => {
      const { code, report, out, err } = await deploy();
      assert.equal(code, 0, `${out}\n${err}`);
      assert.equal(report['outcome'], 'done');
      assert.equal(await get(url), 'version 1\n');
      const names = (await site.containers(stack)).map(({ name, running }) => `${name} ${running}`);
      assert.deepEqual(names, [
        `${stack}-app-1 true`,
        `${stack}-cache-1 true`,
        `${stack}-db-1 true`,
        `${stack}-migrate-1 false`,
      ]);
    });

    test('the status names each image as the file does, whatever else the engine calls it', async () => {
      await site.cli('tag', String(site.environment['IMAGE']), 'localhost/another/name:9');
      const { code, out } = await site.baton('status', stack, '--json');
      assert.equal(code, 0, out);
      const { services } = JSON.parse(out) as { services: { image: string }[] };
      await site.cli('rmi', 'localhost/another/name:9');
      assert.deepEqual([...new Set(services.map(({ image }) => image))], [String(site.environment['IMAGE'])]);
    });

    test('the same deploy again touches nothing', async () => {
      const before = await site.containers(stack);
      const { code, report } = await deploy();
      assert.equal(code, 0);
      assert.equal(report['outcome'], 'unchanged');
      assert.deepEqual(await site.containers(stack), before);
      assert.equal((await site.baton('plan', 'shop.yml', '--detailed-exitcode')).code, 0);
    });

    test('an image that cannot be had is refused before anything is touched', async () => {
      const before = await site.containers(stack);
      const { code, report } = await deploy('--set', 'APP_IMAGE=localhost/baton/not-there:1');
      assert.equal(code, 1);
      assert.equal(report['outcome'], 'refused');
      assert.deepEqual(await site.containers(stack), before);
    });

    test('health that never comes puts everything back', async () => {
      const report = await mustRollBack('VERSION=2', 'BREAK=sleep 1000');
      assert.match(JSON.stringify(report['failure']), /app/);
    });

    test('a crash loop puts everything back, with the tail of its log', async () => {
      const report = await mustRollBack('VERSION=2', 'BREAK=echo went wrong; exit 7');
      assert.match(JSON.stringify(report['failure']), /went wrong/);
    });

    test('a failing validation puts everything back', async () => {
      await mustRollBack('VERSION=2', 'EXPECT=version 3');
    });

    test('a migration that ruins the data and then fails puts the old data back', async () => {
      await mustRollBack('VERSION=2', 'MIGRATE=rm -r /data/*; echo ruined > /data/rows; exit 1');
    });

    test('a migration that ruins the data before health never comes puts the old data back', async () => {
      const report = await mustRollBack(
        'VERSION=2',
        'MIGRATE=rm -r /data/*; echo ruined > /data/rows',
        'BREAK=exit 1',
      );
      assert.match(JSON.stringify(report['data']), /restored/);
    });

    test('a cancel halfway puts everything back', async () => {
      const before = await picture();
      const running = deploy('--set', 'VERSION=2', '--set', 'SOAK=60s');
      await until('the new version', async () => (await get(url).catch(() => '')) === 'version 2\n');
      const busy = await deploy();
      assert.equal(busy.code, 1);
      assert.match(busy.err, /busy/);
      const cancelled = await site.baton('cancel', stack);
      assert.equal(cancelled.code, 3, cancelled.out + cancelled.err);
      assert.equal((await running).report['outcome'], 'cancelled');
      assert.deepEqual(await picture(), before);
    });

    test('a container of someone else on the port is refused by name', async () => {
      const other = await freePort();
      await site.cli(
        'run',
        '-d',
        '--name',
        `squatter-${site.host}`,
        '-p',
        `127.0.0.1:${other}:80`,
        site.environment['IMAGE'] ?? '',
        'sleep',
        '1000',
      );
      const before = await site.containers(stack);
      await site.write('moved.yml', stackFile(stack, other));
      const { code, report } = await site.report('deploy', 'moved.yml');
      assert.equal(code, 1);
      assert.match(JSON.stringify(report['problems']), new RegExp(`squatter-${site.host}`));
      assert.deepEqual(await site.containers(stack), before);
      await site.cli('rm', '-f', ...(engine === 'podman' ? ['-t', '0'] : []), `squatter-${site.host}`);
    });

    test('a change of one service replaces that service only', async () => {
      const before = await started();
      const { code, report } = await deploy('--set', 'VERSION=2');
      assert.equal(code, 0);
      assert.equal(report['outcome'], 'done');
      assert.equal(await get(url), 'version 2\n');
      const now = await started();
      for (const name of [`${stack}-db-1`, `${stack}-cache-1`, `${stack}-migrate-1`])
        assert.equal(now[name], before[name], name);
      assert.notEqual(now[`${stack}-app-1`], before[`${stack}-app-1`]);
    });

    test('an undo brings the release before, and an undo of the undo the newer one', async () => {
      assert.equal((await site.baton('undo', stack)).code, 0);
      assert.equal(await get(url), 'version 1\n');
      assert.equal((await site.baton('undo', stack)).code, 0);
      assert.equal(await get(url), 'version 2\n');
      assert.equal((await site.baton('releases', stack)).out.trim().split('\n').length, 4);
    });

    test('a removal takes the containers and keeps the data', async () => {
      const kept = await fingerprint(data());
      const { code, out, err } = await site.baton('remove', stack);
      assert.equal(code, 0, out + err);
      assert.deepEqual(await site.containers(stack), []);
      assert.deepEqual(await site.volumesAndNetworks(stack), []);
      assert.deepEqual(await fingerprint(data()), kept);
      assert.equal((await deploy()).code, 0);
      assert.equal(await get(url), 'version 1\n');
    });
  });
};
