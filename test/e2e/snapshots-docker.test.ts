/** `baton snapshots` as a person types it: what is kept, what differs, and putting it back. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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
    command: [httpd, -f, -p, "80", -h, /data]
    environment: {RELEASE: "\${RELEASE}"}
    stop_signal: SIGKILL
    volumes: ["\${DATA}/wiki:/data"]
    ports: ["127.0.0.1:${port}:80"]
x-baton: {min_healthy_time: 100ms}
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
      [1, 2].map(() => [data, 'wiki', 'before', 'done', 1]),
    );
    const { out } = await site.baton('snapshots');
    assert.match(out, /wiki\.before\.\S+ {2}.* ago {2}before a change · done · for undo of [0-9a-f]{12}/);
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
});
