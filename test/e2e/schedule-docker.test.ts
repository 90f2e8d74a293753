/** What begins by itself, as a person types it, on a real engine: holds, schedules, and what baton.yml lays down for them. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Site, until } from './site.ts';

const page = (version: number): string => `
name: night
services:
  web:
    image: \${IMAGE}
    command: [httpd, -f, -p, "80", -h, /]
    stop_signal: SIGKILL
    environment: {VERSION: "${version}"}
    x-baton: {probe: {tcp: 80}}
x-baton: {min_healthy_time: 100ms}
`;

describe('what begins by itself', () => {
  let site: Site;
  before(async () => {
    site = await Site.open('docker', 'btrfs');
    await site.write('night.yml', page(1));
  });
  after(async () => {
    await site.close();
  });
  const runs = async (): Promise<boolean> => (await site.containers('night')).length > 0;
  const pending = async (): Promise<string> => (await site.baton('pending', '--host', site.host)).out;

  test('a held host keeps back a deploy whose hour has come, says so everywhere, and lets pass what is typed', async () => {
    const { code, out } = await site.baton('hold', '--for', '2h', '--reason', 'the disk is being replaced');
    assert.equal(code, 0);
    assert.match(
      out,
      /is held by \S+ since .*, until .* in (2h|1h 59m).*: the disk is being replaced\n.*baton release/,
    );
    const at = new Date(Date.now() + 15_000).toISOString();
    assert.equal((await site.baton('deploy', 'night.yml', '--at', at)).code, 0);
    await until('the hour', async () => /its host is held: baton release/.test(await pending()));
    assert.equal(await runs(), false);
    assert.match(
      await pending(),
      /the disk is being replaced(?:.|\n)*Held back so far: deploy night \(waits\)/,
    );
    assert.match((await site.baton('status')).out, /^\S+ is held by /);
    assert.match((await site.baton('doctor')).out, /! Hold .* is held by .*\n.*baton release/);
    await site.write('day.yml', page(1).replaceAll('night', 'day'));
    assert.equal((await site.baton('deploy', 'day.yml')).code, 0);
  });

  test('released, it goes on, and the audit log knows who wanted what', async () => {
    const { code, out } = await site.baton('release');
    assert.equal(code, 0, out);
    assert.match(out, /is released; it was held for .*\n {2}Held back meanwhile: deploy night \(waits\)/);
    await until('the deploy', runs);
    assert.equal((await site.baton('events', 'night', '--follow')).code, 0);
    assert.match(
      (await site.baton('audit')).out,
      /hold \S+ \([0-9a-f]{8}\) · \S+: hold until .*, by baton: the disk is being replaced\n.*: release, by baton/,
    );
    const again = await site.baton('release');
    assert.equal(again.code, 1);
    assert.match(again.err, /is not held\. Nothing was changed\./);
  });

  test('a hold counts, and ends, though no worker is there', async () => {
    await site.stopWorker();
    assert.equal((await site.baton('hold')).code, 0);
    assert.match(await pending(), /is held by/);
    assert.match((await site.baton('release')).out, /is released as soon as its worker is back/);
    await site.startWorker();
    await until('the release', async () => !(await pending()).includes('is held'));
  });
});
