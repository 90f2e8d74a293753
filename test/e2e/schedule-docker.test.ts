/** What begins by itself, as a person types it, on a real engine: holds, schedules, and what baton.yml lays down for them. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { oneService, Site, until } from './site.ts';

describe('what begins by itself', () => {
  let site: Site;
  before(async () => {
    site = await Site.open('docker', 'btrfs');
    await site.write('night.yml', oneService('night', 1));
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
    await site.write('day.yml', oneService('day', 1));
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

  const schedules = async (): Promise<Record<string, unknown>[]> =>
    (await site.baton('schedule', '--json', '--host', site.host)).out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const outcomeOf = async (name: string): Promise<unknown> =>
    (await schedules()).find((one) => one['name'] === name)?.['outcome'];
  const snapshotsOf = async (path: string): Promise<string[]> =>
    (await site.baton('snapshots', '--json')).out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { path: string; name: string })
      .filter((one) => one.path === path)
      .map(({ name }) => name);

  test('a snapshot is taken for its own sake, and nothing else is done', async () => {
    const path = join(site.data, 'photos');
    await mkdir(path);
    await writeFile(join(path, 'one'), '1');
    const dry = await site.baton('snapshots', 'take', path, '--dry-run');
    assert.match(dry.out, /^Snapshot: asked for by hand/);
    assert.doesNotMatch(dry.out, /Validate|If that fails/);
    assert.deepEqual(await snapshotsOf(path), []);
    const { code, out } = await site.baton('snapshots', 'take', path, '--reason', 'before the import');
    assert.equal(code, 0, out);
    const [name = ''] = await snapshotsOf(path);
    assert.match(name, /^photos\.taken\./);
    assert.match(
      (await site.baton('snapshots', 'show', name)).out,
      /asked for(?:.|\n)*: before the import(?:.|\n)*done/,
    );
    await writeFile(join(path, 'one'), '2');
    assert.equal((await site.baton('snapshots', 'restore', name)).code, 0);
    assert.equal(await readFile(join(path, 'one'), 'utf8'), '1');
    const none = await site.baton('snapshots', 'take', join(site.data, 'nowhere'));
    assert.equal(none.code, 1);
    assert.match(none.out, /There is no .*nowhere on this host\. Nothing was changed\./);
  });

  test('a schedule is added, shown, begun, paused and removed', async () => {
    const path = join(site.data, 'photos');
    const before = (await snapshotsOf(path)).length;
    const add = ['schedule', 'add', 'nightly', '--cron', '30 2 * * *', '--time-zone', 'Europe/Berlin'];
    const { code, out, err } = await site.baton(...add, 'snapshot', path);
    assert.equal(code, 0, err);
    assert.match(out, /"nightly" begins .*: snapshot .*photos/);
    assert.equal((await site.baton(...add, 'snapshot', path)).code, 1);
    assert.match((await site.baton('schedule', 'next')).out, /^\w{3} .*, in .* nightly · snapshot/);
    await until('the listing', async () => (await schedules()).length === 1);
    assert.match(
      (await site.baton('schedule')).out,
      /30 2 \* \* \* Europe\/Berlin · from baton schedule\n {2}Begins/,
    );
    assert.equal((await site.baton('schedule', 'trigger', 'nightly')).code, 0);
    await until('the snapshot', async () => (await outcomeOf('nightly')) === 'done');
    assert.equal((await snapshotsOf(path)).length, before + 1);
    assert.equal((await site.baton('schedule', 'pause', 'nightly', '--reason', 'holidays')).code, 0);
    assert.match((await site.baton('schedule')).out, /Paused: holidays/);
    assert.match((await site.baton('schedule', 'next')).out, /^Nothing begins by itself/);
    assert.match((await site.baton('schedule', 'resume', 'nightly')).out, /begins \w{3} /);
    assert.match((await site.baton('schedule', 'remove', 'nightly')).out, /is removed\.$/);
    const gone = await site.baton('schedule', 'remove', 'nightly');
    assert.equal(gone.code, 1);
    assert.match(gone.err, /There is no schedule "nightly"/);
    const both = await site.baton('schedule', 'add', 'x', '--cron', '0 3 1 * 1', 'prune');
    assert.equal(both.code, 64);
    assert.match(both.err, /a day of the month and a day of the week/);
  });

  test('baton.yml lays schedules down: what would change is shown, done, and then nothing is left to do', async () => {
    const directory = join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton');
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'baton.yml');
    await site.write('night.yml', oneService('night', 2));
    const lay = async (text: string): Promise<void> => {
      await writeFile(file, text);
    };
    const deploy = `{cron: "0 3 * * 0", deploy: ${join(site.files, 'night.yml')}}`;
    await lay(`schedules:\n  update: ${deploy}\n  check: {cron: "0 5 * * *", verify: all}\n`);
    const dry = await site.baton('apply', '--dry-run', '--detailed-exitcode');
    assert.equal(dry.code, 2, dry.err);
    assert.match(
      dry.out,
      /^\+ update · 0 3 \* \* 0 .* · deploy .*night\.yml\n\+ check · .* · verify snapshots$/,
    );
    assert.equal((await site.baton('apply')).code, 64);
    assert.deepEqual(await schedules(), []);
    assert.equal((await site.baton('apply', '--yes')).code, 0);
    await until('the listing', async () => (await schedules()).length === 2);
    assert.match((await site.baton('apply')).out, /^Schedules are as .*baton\.yml lays them down\.$/);
    await site.baton('schedule', 'trigger', 'update');
    await until('the deploy', async () => (await outcomeOf('update')) === 'done');
    const [container] = await site.containers('night');
    assert.match(await site.cli('inspect', container?.name ?? ''), /VERSION=2/);
    await site.baton('schedule', 'trigger', 'check');
    await until('the check', async () => (await outcomeOf('check')) === 'done');
    await lay(`schedules:\n  check: {cron: "0 6 * * *", verify: all}\n`);
    assert.match(
      (await site.baton('apply', '--yes')).out,
      /^~ check · 0 6 .*\n {4}was: check · 0 5 .*\n- update /,
    );
    await until('the listing', async () => (await schedules()).length === 1);
  });

  test('a playbook is carried out when its hour comes, and what came of it is kept', async () => {
    await site.cli('stop', 'night-web-1');
    const cron = ['--cron', '0 4 * * 0'];
    await site.baton('schedule', 'add', 'mend', ...cron, 'playbook', 'service-restart', 'night/web');
    await site.baton('schedule', 'trigger', 'mend');
    await until('the playbook', async () => (await outcomeOf('mend')) === 'done');
    assert.deepEqual(
      (await site.containers('night')).map(({ running }) => running),
      [true],
    );
    assert.equal((await site.baton('schedule', 'remove', 'mend')).code, 0);
  });

  test('a mistake below schedules is told where it is, and changes nothing', async () => {
    const file = join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton', 'baton.yml');
    await writeFile(file, 'schedules:\n  check:\n    cron: "0 6 1 * 1"\n    verify: all\n');
    const { code, out } = await site.baton('apply', '--yes');
    assert.equal(code, 1);
    assert.match(out, /baton\.yml:3:11: .*a day of the month and a day of the week/);
    await writeFile(file, 'schedules:\n  check: {cron: "0 6 * * *", deploy: nowhere.yml}\n');
    assert.match((await site.baton('apply', '--yes')).out, /nowhere\.yml/);
    assert.equal((await schedules()).length, 1);
    await writeFile(file, '');
    assert.equal((await site.baton('apply', '--yes')).code, 0);
  });

  test('what is due while the host is held is left out, and the hold knows', async () => {
    const path = join(site.data, 'photos');
    await site.baton('schedule', 'add', 'held', '--cron', '* * * * *', 'snapshot', path);
    await site.baton('hold');
    const refused = await site.baton('schedule', 'trigger', 'held');
    assert.equal(refused.code, 1);
    assert.match(refused.err, /is held by .*\. Nothing was begun\./);
    const before = (await snapshotsOf(path)).length;
    await until('its minute', async () => (await pending()).includes('held (left out)'), 90_000);
    assert.equal(await outcomeOf('held'), 'held');
    assert.equal((await snapshotsOf(path)).length, before);
    assert.match((await site.baton('release')).out, /Held back meanwhile: held \(left out\)/);
    await site.baton('schedule', 'remove', 'held');
  });
});
