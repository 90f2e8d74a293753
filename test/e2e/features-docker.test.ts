/** What a person does beside the plain deploy: saved plans, data that comes back, files, holding, logs, foreign stacks. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { chmod, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { freePort } from '../../setup/local.ts';
import { needed } from '../host/environment.ts';
import { get, Site, until } from './site.ts';

describe('beside the plain deploy', () => {
  let site: Site;
  let port: number;
  const stack = (more = ''): string => `
name: notes
services:
  app:
    image: \${IMAGE}
    command: [sh, -c, "echo \${VERSION:-1} >> /data/log; \${BREAK:-true}; exec httpd -f -p 80 -h /data"]
    stop_signal: SIGKILL
    volumes: ["\${DATA}/notes:/data", "cache:/cache", "/scratch"]
    ports: ["127.0.0.1:${port}:80"]
    x-baton:
      probe: {http: ":80/log"}
      data: {/cache: discard}
volumes: {cache: }
x-baton:
  min_healthy_time: 200ms
  healthy_deadline: 8s
${more}`;
  const url = (): string => `http://127.0.0.1:${port}/log`;
  const log = async (): Promise<string> => (await get(url())).replaceAll('\n', ' ').trim();

  before(async () => {
    site = await Site.open('docker', 'btrfs');
    port = await freePort();
    await execa('btrfs', ['subvolume', 'create', join(site.data, 'notes')]);
    await site.write('notes.yml', stack());
  });
  after(async () => {
    await site.close();
  });

  test('a plan says what is protected and what is not', async () => {
    const { code, out } = await site.baton('plan', 'notes.yml');
    assert.equal(code, 0, out);
    assert.match(out, /notes · app · protected by btrfs snapshot/);
  });

  test('a saved plan is applied as it was shown', async () => {
    assert.equal((await site.baton('plan', 'notes.yml', '-o', 'plan.json')).code, 0);
    const { code, out, err } = await site.baton('deploy', 'plan.json');
    assert.equal(code, 0, out + err);
    assert.equal(await log(), '1');
  });

  test('a saved plan is refused once the world is another', async () => {
    await site.baton('plan', 'notes.yml', '--set', 'VERSION=2', '-o', 'plan.json');
    assert.equal((await site.baton('deploy', 'notes.yml', '--set', 'VERSION=3')).code, 0);
    const { code, report } = await site.report('deploy', 'plan.json');
    assert.equal(code, 1);
    assert.match(JSON.stringify(report['problems']), /out of date/);
    assert.equal(await log(), '1 3');
  });

  test('an anonymous volume is handed on to the next container', async () => {
    await site.cli('exec', 'notes-app-1', 'sh', '-c', 'echo kept > /scratch/f');
    assert.equal((await site.baton('deploy', 'notes.yml', '--set', 'VERSION=4')).code, 0);
    assert.equal((await site.cli('exec', 'notes-app-1', 'cat', '/scratch/f')).trim(), 'kept');
  });

  test('an undo keeps the data; with data it brings back that of the release; and both can be undone', async () => {
    assert.equal(await log(), '1 3 4');
    const back = await site.baton('undo', 'notes', '--with-data');
    assert.equal(back.code, 0, back.out + back.err);
    assert.equal(await log(), '1 3 3', 'release 3 started on its own data');
    assert.equal((await site.baton('undo', 'notes', '--keep-data')).code, 0);
    assert.equal(await log(), '1 3 3 4');
    const { report } = await site.report('undo', 'notes', '--to', 'ffffffffffff');
    assert.equal(report['outcome'], 'refused');
  });

  test('files outside the containers go and come with the release', async () => {
    const path = join(site.files, 'traefik', 'route.yml');
    await site.write('traefik/route.yml', 'old\n');
    await chmod(path, 0o640);
    await site.write(
      'notes.yml',
      stack(`  files: [{path: ${path}, content: "version: \${VERSION}\\n", mode: 0600}]`),
    );
    assert.equal(
      (await site.baton('deploy', 'notes.yml', '--set', 'VERSION=5', '--set', 'BREAK=exit 1')).code,
      3,
    );
    assert.equal(await readFile(path, 'utf8'), 'old\n');
    assert.equal((await stat(path)).mode & 0o777, 0o640);
    assert.equal((await site.baton('deploy', 'notes.yml', '--set', 'VERSION=5')).code, 0);
    assert.equal(await readFile(path, 'utf8'), 'version: 5\n');
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.equal(
      (await site.baton('plan', 'notes.yml', '--set', 'VERSION=5', '--detailed-exitcode')).code,
      0,
    );
    await writeFile(path, 'edited by hand\n');
    assert.equal(
      (await site.baton('plan', 'notes.yml', '--set', 'VERSION=5', '--detailed-exitcode')).code,
      2,
    );
    assert.equal((await site.baton('deploy', 'notes.yml', '--set', 'VERSION=5')).code, 0);
    assert.equal(await readFile(path, 'utf8'), 'version: 5\n');
  });

  test('with `rollback: hold` a failure waits for a person, who has it put back', async () => {
    await site.write('notes.yml', stack('  rollback: hold'));
    const before = await site.containers('notes');
    const { code, out } = await site.baton(
      'deploy',
      'notes.yml',
      '--set',
      'VERSION=6',
      '--set',
      'BREAK=sleep 1000',
    );
    assert.equal(code, 5, out);
    assert.match(out, /baton cancel notes/);
    assert.equal((await site.containers('notes')).length, 2, 'the failed one, and the one set aside');
    assert.equal((await site.baton('cancel', 'notes')).code, 3);
    const now = await site.containers('notes');
    assert.deepEqual(
      now.map(({ id }) => id),
      before.map(({ id }) => id),
    );
  });

  test('`--wait=false` starts and leaves; events tell the rest', async () => {
    await site.write('notes.yml', stack());
    const started = await site.baton('deploy', 'notes.yml', '--set', 'VERSION=7', '--wait=false');
    assert.equal(started.code, 0);
    await until('the deploy to end', async () => {
      const { out } = await site.baton('events', 'notes', '--json');
      return out.includes('"outcome":"done"') && out.includes('"kind":"deploy"');
    });
    const { out } = await site.baton('events', 'notes');
    assert.match(out, /✓ Replace app/);
    assert.match(out, /Done · notes/);
  });

  test('logs are told apart by service, for people and for programs', async () => {
    await site.cli('exec', 'notes-app-1', 'sh', '-c', 'echo from inside > /proc/1/fd/1');
    const plain = await site.baton('logs', 'notes');
    assert.equal(plain.code, 0, plain.err);
    assert.match(plain.out, /^app \| from inside$/m);
    const json = await site.baton('logs', 'notes', 'app', '--json', '--tail', '1');
    assert.equal((JSON.parse(json.out) as { text: string }).text, 'from inside');
    assert.equal((await site.baton('logs', 'notes', 'nope')).code, 1);
  });

  test('drift is told: a container that someone stopped', async () => {
    await site.cli('stop', 'notes-app-1');
    const { code, out } = await site.baton('status', 'notes');
    assert.equal(code, 1);
    assert.match(out, /✗ app/);
    const { report } = await site.report('deploy', 'notes.yml', '--set', 'VERSION=7');
    assert.equal(report['outcome'], 'done');
    assert.match(JSON.stringify(report['changes']), /"action":"start"/);
  });

  test('a host without a worker, and a server that is away, are told apart', async () => {
    const { code, err } = await site.baton('status', '--host', 'elsewhere');
    assert.equal(code, 4);
    assert.match(err, /No Baton worker serves host "elsewhere"/);
    const away = await execa(join(import.meta.dirname, '../../bin/baton'), ['status'], {
      env: { ...site.environment, TEMPORAL_ADDRESS: '127.0.0.1:1' },
      reject: false,
    });
    assert.equal(away.exitCode, 4);
    assert.match(away.stderr, /baton up/);
  });

  test('wrong words get usage, not a stack trace', async () => {
    for (const args of [
      ['deplyo'],
      ['deploy'],
      ['undo', '../x'],
      ['undo', 'x', '--to', 'zzz'],
      ['cancel'],
      ['up', '--port', '0'],
    ]) {
      const { code, err } = await site.baton(...args);
      assert.equal(code, 64, args.join(' '));
      assert.doesNotMatch(err, /at .*\.ts:/);
    }
  });

  test('every verb has help with an example', async () => {
    const { out } = await site.baton('--help');
    const verbs = [...out.matchAll(/^ {2}([a-z]+) /gm)]
      .map(([, verb]) => verb ?? '')
      .filter((verb) => verb !== 'help');
    assert.ok(verbs.length >= 13, verbs.join());
    for (const verb of verbs) {
      const { code, out: help } = await site.baton(verb, '--help');
      assert.equal(code, 0, verb);
      assert.match(help, /Examples:\n {2}\$ .*baton/, verb);
    }
  });

  test('the verbs that are missing from no list: remove, and its undo', async () => {
    assert.equal((await site.baton('remove', 'notes')).code, 0);
    await assert.rejects(get(url()));
    assert.equal((await site.baton('undo', 'notes')).code, 0);
    assert.match(await log(), /7/);
  });

  test('a removal with data empties it and keeps a snapshot; an undo with data brings it back', async () => {
    const before = await log();
    const data = join(site.data, 'notes');
    const { mode, uid } = await stat(data);
    const { code, out, err } = await site.baton('remove', 'notes', '--with-data');
    assert.equal(code, 0, out + err);
    assert.deepEqual(await readdir(data), []);
    const now = await stat(data);
    assert.deepEqual([now.mode, now.uid], [mode, uid]);
    assert.equal((await site.baton('undo', 'notes', '--with-data')).code, 0);
    assert.ok((await log()).startsWith(before), `${await log()} after ${before}`);
  });

  test('data that a container of someone else uses is not taken away', async () => {
    const data = join(site.data, 'notes');
    await site.cli('create', '--name', 'reader', '-v', `${data}:/notes`, needed('BATON_TEST_IMAGE'), 'true');
    const { code, report } = await site.report('remove', 'notes', '--with-data');
    await site.cli('rm', 'reader');
    assert.equal(code, 1);
    assert.match(JSON.stringify(report['problems']), /used by container .*reader/);
    assert.notDeepEqual(await readdir(data), []);
  });
});
