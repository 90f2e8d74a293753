/** `baton snapshots` as a person types it: what is kept, what differs, and putting it back. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { fingerprint, get, Site, until } from './site.ts';

describe('baton snapshots', () => {
  let site: Site;
  let data: string;
  let port: number;

  before(async () => {
    site = await Site.open('docker', 'btrfs');
    data = join(site.data, 'wiki');
    port = await freePort();
    await execa('btrfs', ['subvolume', 'create', data]);
    await writeFile(join(data, 'page'), 'first\n');
    await site.write(
      'wiki.yml',
      `
name: wiki
services:
  web:
    image: \${IMAGE}
    command: [sh, -c, "if [ -n \\"$\$BREAKS\\" ]; then echo ruined > /data/page; exit 1; fi; exec httpd -f -p 80 -h /data"]
    environment: {RELEASE: "\${RELEASE}", BREAKS: "\${BREAKS:-}"}
    stop_signal: SIGKILL
    volumes: ["\${DATA}/wiki:/data"]
    ports: ["127.0.0.1:${port}:80"]
x-baton: {min_healthy_time: 100ms, healthy_deadline: 8s}
`,
    );
    for (const release of ['1', '2']) {
      const { code, out, err } = await site.baton('deploy', 'wiki.yml', '--set', `RELEASE=${release}`);
      assert.equal(code, 0, out + err);
    }
  });
  after(async () => {
    await site.close();
  });

  type Info = {
    name: string;
    path: string;
    stack: string;
    purpose: string;
    outcome?: string;
    title?: string;
    neededBy: string[];
    location: string;
    pinned?: { by: string; at: string; reason?: string };
  };
  const list = async (...args: string[]): Promise<Info[]> => {
    const { code, out } = await site.baton('snapshots', ...args, '--json');
    assert.equal(code, 0, out);
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Info);
  };
  const newest = async (): Promise<Info> => {
    const last = (await list()).at(-1);
    assert.ok(last);
    return last;
  };
  const page = async (): Promise<string> => await get(`http://127.0.0.1:${port}/page`);
  const guard = async (script: string): Promise<number> =>
    (
      await site.baton(
        'guard',
        '--data',
        data,
        '--auto-rollback',
        '--operation',
        'a change',
        '--shell',
        '--',
        script,
      )
    ).code;

  test('lists what a deploy took, and which undo needs it', async () => {
    // One before each of the two releases.
    const all = await list('wiki');
    assert.deepEqual(
      all.map(({ path, stack, purpose, outcome, neededBy }) => [
        path,
        stack,
        purpose,
        outcome,
        neededBy.length,
      ]),
      // Nothing can be undone to before the first.
      [0, 1].map((needed) => [data, 'wiki', 'before', 'done', needed]),
    );
    const { out } = await site.baton('snapshots');
    assert.match(out, /wiki\.before\.\S+ {2}.* ago {2}before a change · done · for undo to [0-9a-f]{12}/);
    assert.deepEqual(await list('other'), []);
  });

  test('tells of a guarded command how it ended, and what it was for', async () => {
    assert.equal(await guard(`echo second > ${data}/page`), 0);
    const done = await newest();
    assert.deepEqual([done.purpose, done.outcome, done.title], ['before', 'done', 'a change']);
    assert.equal(await guard(`echo broken > ${data}/page; exit 1`), 3);
    const failed = await newest();
    assert.deepEqual([failed.purpose, failed.outcome], ['failed', 'rolled-back']);
    const shown = (await site.baton('snapshots', 'show', failed.name)).out;
    assert.match(shown, /operation {2}[0-9a-f]{8} on wiki: a change\n {2}outcome {4}rolled-back/);
  });

  test('tells what differs, from another one or from what stands now', async () => {
    const all = await list();
    const [done, failed] = [all.at(-2), all.at(-1)];
    assert.match((await site.baton('snapshots', 'diff', done?.name ?? '')).out, /^-first\n\+second$/m);
    assert.match(
      (await site.baton('snapshots', 'diff', done?.name ?? '', failed?.name ?? '')).out,
      /^-first\n\+broken$/m,
    );
    const { out } = await site.baton('snapshots', 'diff', failed?.name ?? '', '--json');
    assert.equal((JSON.parse(out) as { count: number }).count, 1);
  });

  test('puts a path back to what it was, and that can be put back too', async () => {
    const before = (await list()).at(-2)?.name ?? '';
    const dry = await site.baton('snapshots', 'restore', before, '--dry-run');
    assert.match(dry.out, new RegExp(`Put back\\n {2}${data}, as it was in ${before}`));
    assert.equal(await page(), 'second\n');
    const restored = await site.baton('snapshots', 'restore', before);
    assert.equal(restored.code, 0, restored.out + restored.err);
    await until('the page', async () => (await page().catch(() => '')) === 'first\n');
    const replaced = await newest();
    assert.deepEqual(
      [replaced.purpose, replaced.title, replaced.outcome],
      ['undone', `restore ${before}`, 'done'],
    );
    assert.equal((await site.baton('snapshots', 'restore', replaced.name)).code, 0);
    await until('the page', async () => (await page().catch(() => '')) === 'second\n');
  });

  test('a check that says no leaves everything as it was', async () => {
    const was = await fingerprint(data);
    const count = (await list()).length;
    const [first] = await list();
    const { code, err, out } = await site.baton(
      'snapshots',
      'restore',
      first?.name ?? '',
      '--validate',
      `http://127.0.0.1:${port}/page contains=third`,
      '--validate-within',
      '1s',
    );
    assert.equal(code, 3, out + err);
    assert.deepEqual(await fingerprint(data), was);
    assert.equal(await page(), 'second\n');
    // What the failed restore left is kept, and what it replaced.
    assert.deepEqual(
      (await list())
        .slice(count)
        .map(({ purpose }) => purpose)
        .sort(),
      ['failed', 'undone'],
    );
  });

  test('what is not there is told, and changes nothing', async () => {
    const none = 'wiki.before.20200101T000000Z.00000000';
    for (const verb of ['show', 'restore'])
      assert.match((await site.baton('snapshots', verb, none)).err, /There is no snapshot wiki\.before/);
    assert.match((await site.baton('snapshots', 'diff', none)).err, /There is no snapshot wiki\.before/);
    assert.match((await site.baton('snapshots', 'show', 'nonsense')).err, /A snapshot is named/);
  });

  test('snapshots of a path that no stack uses are found again', async () => {
    const alone = join(site.data, 'alone');
    await mkdir(alone);
    await writeFile(join(alone, 'file'), 'kept\n');
    const { code } = await site.baton('guard', '--data', alone, '--', 'rm', join(alone, 'file'));
    assert.equal(code, 0);
    const snapshot = (await list()).find(({ path }) => path === alone);
    assert.ok(snapshot);
    assert.equal((await site.baton('snapshots', 'restore', snapshot.name)).code, 0);
    assert.equal(await readFile(join(alone, 'file'), 'utf8'), 'kept\n');
    await rm(alone, { recursive: true });
  });

  test('a pin is kept with who set it, when and why, beside what was noted before, until it is taken off', async () => {
    const one = await newest();
    const pinned = await site.baton('snapshots', 'pin', one.name, '--reason', 'before the import');
    assert.equal(pinned.code, 0, pinned.out + pinned.err);
    const by = userInfo().username;
    const after = (await list()).find(({ name }) => name === one.name);
    assert.deepEqual([after?.pinned?.by, after?.pinned?.reason], [by, 'before the import']);
    assert.deepEqual([after?.outcome, after?.title], [one.outcome, one.title]);
    // Whoever was first stays.
    assert.match((await site.baton('snapshots', 'pin', one.name)).out, /pinned by .*: before the import/);
    assert.deepEqual((await list()).find(({ name }) => name === one.name)?.pinned, after?.pinned);
    const line = `pinned by ${by}: before the import`;
    assert.ok((await site.baton('snapshots')).out.includes(`· ${line}`));
    assert.ok((await site.baton('snapshots', 'show', one.name)).out.includes(`  ${line}`));
    assert.equal((await site.baton('snapshots', 'unpin', one.name)).code, 0);
    assert.deepEqual(
      (await list()).find(({ name }) => name === one.name),
      one,
    );
    const none = await site.baton('snapshots', 'pin', 'wiki.before.20200101T000000Z.00000000');
    assert.equal(none.code, 1);
    assert.match(none.err, /There is no snapshot/);
  });

  const settings = async (text: string): Promise<void> => {
    await site.write('.config/baton/baton.yml', text);
  };
  const names = async (): Promise<string[]> => (await list()).map(({ name, path }) => `${path} ${name}`);

  test('without a rule nothing is removed', async () => {
    const was = await names();
    const { code, out } = await site.baton('snapshots', 'prune', '--yes');
    assert.equal(code, 0);
    assert.match(out, /no rule in .*baton\.yml is for it, so all is kept/);
    assert.deepEqual(await names(), was);
  });

  test('a rule that cannot be read removes nothing', async () => {
    const was = await names();
    await settings('snapshots:\n  - keep: { dayly: 1 }\n');
    const { code, out } = await site.baton('snapshots', 'prune', '--yes');
    assert.equal(code, 1);
    assert.match(out, /baton\.yml:2:13: "dayly"/);
    assert.deepEqual(await names(), was);
  });

  test('what no rule keeps is shown, and removed when that is meant; what is held stays', async () => {
    const was = await list();
    await settings(`snapshots:\n  - paths: ['${data}']\n    keep: { minimum: 1 }\n`);
    const wiki = was.filter(({ path }) => path === data);
    const pinned = wiki.find(({ neededBy, title }) => neededBy.length === 0 && title === 'a change');
    assert.ok(pinned);
    assert.equal((await site.baton('snapshots', 'pin', pinned.name)).code, 0);

    const dry = await site.baton('snapshots', 'prune', '--dry-run');
    assert.equal(dry.code, 0);
    assert.match(dry.out, new RegExp(`keep {4}${pinned.name} .*pinned by`));
    const unsaid = await site.baton('snapshots', 'prune');
    assert.equal(unsaid.code, 64, unsaid.out + unsaid.err);
    assert.deepEqual(
      await names(),
      was.map(({ name, path }) => `${path} ${name}`),
    );

    const { code, report } = await site.report('snapshots', 'prune', '--yes');
    assert.equal(code, 0);
    const removed = (report['removed'] as { name: string; path: string }[]).map(
      ({ name, path }) => `${path} ${name}`,
    );
    assert.ok(removed.length > 1);
    for (const one of removed) assert.ok(dry.out.includes(`remove  ${one.split(' ')[1] ?? ''}`), one);
    const left = await list();
    assert.deepEqual(
      left.map(({ name, path }) => `${path} ${name}`),
      was.map(({ name, path }) => `${path} ${name}`).filter((one) => !removed.includes(one)),
    );
    const kept = left.filter(({ path }) => path === data);
    // The newest good state, the newest failed one, what an undo needs, and what is pinned.
    assert.deepEqual(
      kept.map(({ name }) => name).sort(),
      [
        ...new Set([
          ...wiki.filter(({ neededBy }) => neededBy.length > 0).map(({ name }) => name),
          wiki.filter(({ purpose }) => purpose === 'failed').at(-1)?.name,
          wiki.filter(({ purpose }) => purpose !== 'failed').at(-1)?.name,
          pinned.name,
        ]),
      ].sort(),
    );
    for (const one of wiki)
      assert.equal(
        existsSync(one.location),
        kept.some(({ name }) => name === one.name),
      );
    const [space] = report['space'] as { freeBefore: number; freeAfter: number }[];
    assert.ok(space && space.freeAfter > 0 && space.freeBefore > 0);
    const again = await site.report('snapshots', 'prune', '--yes');
    assert.deepEqual([again.code, again.report['type']], [0, 'plan']);
  });

  test('a failed deploy notes on the state that it left how it ended', async () => {
    const { code, out } = await site.baton('deploy', 'wiki.yml', '--set', 'RELEASE=3', '--set', 'BREAKS=yes');
    assert.equal(code, 3, out);
    const failed = await newest();
    assert.deepEqual([failed.purpose, failed.outcome], ['failed', 'rolled-back']);
  });

  test('one that cannot be removed keeps no other, and is told', async () => {
    const alone = join(site.data, 'stubborn');
    await mkdir(alone);
    await writeFile(join(alone, 'file'), '0\n');
    for (const text of ['1', '2', '3']) {
      const change = await site.baton(
        'guard',
        '--data',
        alone,
        '--shell',
        '--',
        `echo ${text} > ${alone}/file`,
      );
      assert.equal(change.code, 0, change.out + change.err);
    }
    await settings(`snapshots:\n  - paths: ['${site.data}/stub*']\n    keep: { minimum: 1 }\n`);
    const [first, second, third] = (await list()).filter(({ path }) => path === alone);
    assert.ok(first && second && third);
    await execa('chattr', ['+i', first.location]);
    try {
      const { code, out } = await site.baton('snapshots', 'prune', '--yes');
      assert.equal(code, 1, out);
      assert.ok(out.includes(`removed ${second.name}`), out);
      assert.match(out, new RegExp(`could not be removed: ${first.name} .*not permitted`, 'i'));
    } finally {
      await execa('chattr', ['-i', first.location]);
    }
    // It is whole still.
    assert.equal(await readFile(join(first.location, 'file'), 'utf8'), '0\n');
    assert.equal((await site.baton('snapshots', 'prune', '--yes')).code, 0);
    assert.deepEqual(
      (await list()).filter(({ path }) => path === alone).map(({ name }) => name),
      [third.name],
    );
  });

  test('check looks at each, and tells what is wrong and what does not belong there', async () => {
    const fine = await site.baton('snapshots', 'check');
    assert.equal(fine.code, 0, fine.out + fine.err);
    assert.match(fine.out, /all is well/);
    const { name, location } = (await list()).find(({ path }) => path === data) ?? assert.fail();
    const directory = dirname(location);
    await execa('btrfs', ['property', 'set', '-ts', location, 'ro', 'false']);
    await mkdir(join(directory, `.draft-${name}`));
    await writeFile(join(directory, 'notes.txt'), 'mine\n');
    await mkdir(join(dirname(directory), 'nobody'));
    try {
      const { code, out } = await site.baton('snapshots', 'check');
      assert.equal(code, 1);
      for (const line of [
        new RegExp(`✗ ${name}\\n +is not read-only`),
        /✗ .*\.draft-.*\n +work in progress/,
        /✗ .*notes\.txt\n +is not Baton/,
        /✗ .*\/nobody\n +Baton does not know of/,
      ])
        assert.match(out, line);
      const ofStack = await site.baton('snapshots', 'check', 'wiki', '--json');
      assert.equal(ofStack.code, 1);
      assert.ok(!ofStack.out.includes('notes.txt'));
    } finally {
      await execa('btrfs', ['property', 'set', '-ts', location, 'ro', 'true']);
      await rm(join(directory, `.draft-${name}`), { recursive: true });
      await rm(join(directory, 'notes.txt'));
      await rm(join(dirname(directory), 'nobody'), { recursive: true });
    }
    const needed = (await list()).find(({ neededBy }) => neededBy.length > 0) ?? assert.fail();
    await execa('btrfs', ['subvolume', 'delete', needed.location]);
    const gone = await site.baton('snapshots', 'check');
    assert.equal(gone.code, 1);
    assert.match(gone.out, new RegExp(`✗ ${needed.name}\\n +is not there, and an undo with data`));
  });
});
