/** Copies elsewhere, as a person types them, with a real restic and a real second btrfs. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SmallDisk } from '../host/small-disk.ts';
import { fingerprint, Site, until } from './site.ts';

const password = 'correct horse battery staple';

describe('copies', () => {
  let site: Site;
  let disk: SmallDisk;
  let data: string;

  before(async () => {
    disk = await SmallDisk.mount(['mkfs.btrfs', '-q'], '300M');
    site = await Site.open('docker', 'btrfs');
    data = join(site.data, 'photos');
    await execa('btrfs', ['subvolume', 'create', data]);
    await writeFile(join(data, 'one'), 'one');
    await site.write('password', `${password}\n`);
    const sets = { photos: { path: data, class: 'snapshot' } };
    const copies = {
      offsite: {
        data: [data],
        restic: { repository: join(site.files, 'repository'), password_file: join(site.files, 'password') },
        fresh: '0s',
        keep: { minimum: 2 },
      },
      disk: { data: ['photos'], btrfs: { to: disk.path }, fresh: '10m', keep: { minimum: 1 } },
    };
    const schedules = {
      night: { cron: '0 4 1 1 *', copy: 'disk' },
      look: { cron: '0 5 1 1 *', check_copy: { copy: 'offsite', read_data: '100%' } },
    };
    await site.write('.config/baton/baton.yml', JSON.stringify({ data: sets, copies, schedules }));
  });
  after(async () => {
    await site.close();
    await disk.unmount();
  });

  test('a target that was never made ready is told, with what makes it so, and nothing is copied', async () => {
    for (const name of ['offsite', 'disk']) {
      const { code, out } = await site.baton('copy', name);
      assert.equal(code, 1, out);
      assert.match(out, new RegExp(`baton copies init ${name}`));
    }
    const { code, err } = await site.baton('copy', 'nowhere');
    assert.equal(code, 1);
    assert.match(err, /no "nowhere" below "copies" .*there is offsite, disk/);
  });

  test('a copy says what it would do, takes a snapshot, sends it, and tells what was measured', async () => {
    for (const name of ['offsite', 'disk']) assert.equal((await site.baton('copies', 'init', name)).code, 0);
    const dry = await site.baton('copy', 'offsite', '--dry-run');
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /takes a snapshot first \(newest: no good snapshot\)\n.*no copy yet/);
    const { code, out, err } = await site.baton('copy', 'offsite');
    assert.equal(code, 0, `${out}${err}`);
    assert.match(out, /photos: copied, .* new there\n.*of snapshot \S+\.taken\./);
    const again = await site.report('copy', 'disk');
    assert.equal(again.report['outcome'], 'done', again.out);
  });

  test('the next one goes on from the last, and old ones go by the rule', async () => {
    await writeFile(join(data, 'two'), 'two');
    for (let count = 0; count < 2; count += 1) {
      const { report, out } = await site.report('copy', 'offsite');
      assert.equal(report['outcome'], 'done', out);
    }
    const standing = await site.baton('copies');
    assert.match(standing.out, /offsite to .*repository\n.*photos: \S+, .* ago, 2 there\n/, standing.out);
    assert.match(standing.out, /never checked/);
    const { report } = await site.report('copy', 'disk');
    const [set] = report['sets'] as { from?: string; did: string }[];
    assert.equal(set?.did, 'copied');
    assert.ok(set.from?.includes('.taken.'));
    assert.equal((report['retired'] as { removed: unknown[] }).removed.length, 1);
    const unchanged = await site.report('copy', 'disk');
    assert.deepEqual([unchanged.code, unchanged.report['outcome']], [0, 'unchanged']);
  });

  test('what the next increment goes on from is held against pruning', async () => {
    const plan = await site.baton('snapshots', 'prune', '--dry-run');
    assert.match(plan.out, /no rule/);
    const file = join(site.files, '.config/baton/baton.yml');
    const settings = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    await writeFile(file, JSON.stringify({ ...settings, snapshots: [{ keep: { minimum: 1 } }] }));
    // A newer one, so that only the copy holds the one before.
    assert.equal((await site.baton('snapshots', 'take', data)).code, 0);
    assert.match(
      (await site.baton('snapshots', 'prune', '--dry-run')).out,
      /keep .*copy disk goes on from it/,
    );
  });

  test('a copy is brought back into a directory of its own, and never over anything', async () => {
    for (const name of ['offsite', 'disk']) {
      const to = join(site.data, `back-${name}`);
      const { code, err } = await site.baton('copies', 'restore', name, data, '--to', to);
      assert.equal(code, 0, err);
      assert.deepEqual(await fingerprint(to), await fingerprint(data));
      const over = await site.baton('copies', 'restore', name, data, '--to', to);
      assert.equal(over.code, 1);
      assert.match(over.err, /is there already/);
      const inside = await site.baton('copies', 'restore', name, data, '--to', join(data, 'inside'));
      assert.equal(inside.code, 1);
      assert.deepEqual(await readdir(data), ['one', 'two']);
    }
  });

  const hasEndedWell = async (name: string): Promise<boolean> =>
    (await site.baton('schedule', '--json', '--host', site.host)).out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { name: string; outcome?: string })
      .some((one) => one.name === name && ['done', 'unchanged'].includes(one.outcome ?? ''));

  test('checks and copies begin by themselves, and their ends are told', async () => {
    assert.equal((await site.baton('apply', '--yes')).code, 0);
    for (const name of ['night', 'look']) {
      assert.equal((await site.baton('schedule', 'trigger', name)).code, 0);
      await until(`the end of ${name}`, async () => await hasEndedWell(name));
    }
    assert.match((await site.baton('copies')).out, /last check .*: all is well/);
  });

  test('no password is anywhere but where it was put', async () => {
    const { stdout } = await execa('grep', ['-rlF', password, site.files, site.data, disk.path], {
      reject: false,
    });
    assert.deepEqual(stdout.split('\n'), [join(site.files, 'password')]);
    assert.equal(site.workerLog.includes(password), false);
  });
});
