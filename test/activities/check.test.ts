/** Checks of files and of the host, asked for real; those of containers are asked in the tests of guards and deploys. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askCheck } from '../../activities/check.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { Check } from '../../domain/check.ts';

/** Of the engine nothing but that it knows no container. */
const ports = {
  host: 'here',
  engine: { inspectContainer: () => Promise.resolve(undefined), listContainers: () => Promise.resolve([]) },
  engineInfo: { reach: 'directly' },
  memory: { history: () => Promise.resolve([]) },
  environment: { PATH: process.env['PATH'], SECRET: 'hidden' },
} as unknown as Ports;

/** Its patience is ten seconds for what may yet come true; a test has less. */
const ask = async (check: Check): Promise<string | undefined> =>
  await askCheck(ports, check, () => Promise.resolve(undefined), AbortSignal.timeout(60_000));

describe('checks of files', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-check-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });
  const file = async (name: string, text: string): Promise<string> => {
    const path = join(directory, name);
    await mkdir(join(path, '..'), { recursive: true });
    await writeFile(path, text);
    return path;
  };

  test('tell the first mistake with its place', async () => {
    const path = await file('a.yml', 'a: 1\nb: [');
    assert.match((await ask({ type: 'yaml', file: path })) ?? '', /a\.yml:2:\d+: /);
    assert.equal(await ask({ type: 'yaml', file: await file('b.yml', 'a: 1') }), undefined);
    assert.match(
      (await ask({ type: 'json', file: join(directory, 'none.json') })) ?? '',
      /none\.json: It cannot be read/,
    );
    assert.match((await ask({ type: 'json', file: directory })) ?? '', /It cannot be read/);
  });

  test('read a stack as a deploy would', async () => {
    const good = await file('stack.yml', 'services: {web: {image: busybox}}');
    const bad = await file('bad.yml', 'services: {web: {imge: busybox}}');
    assert.equal(await ask({ type: 'compose', file: good }), undefined);
    assert.match((await ask({ type: 'compose', file: bad })) ?? '', /bad\.yml:1:18: "imge" is not a key/);
  });

  test('read a directory as Traefik would', async () => {
    await file('dynamic/notes.txt', 'not: [');
    await file('dynamic/good.yml', 'http: {routers: {a: {rule: x, service: b}}}');
    const place = join(directory, 'dynamic');
    assert.equal(await ask({ type: 'traefik', file: place }), undefined);
    await file('dynamic/more/bad.toml', '[http.routers.a]\nruel = "x"\n');
    assert.match(
      (await ask({ type: 'traefik', file: place })) ?? '',
      /more\/bad\.toml:2:1: "ruel" is not a key/,
    );
  });
});

describe('checks of the host', () => {
  test('run a command with an environment of its own', async () => {
    assert.equal(
      await ask({ type: 'command', command: ['sh', '-c', 'test -z "$SECRET" && test -n "$PATH"'] }),
      undefined,
    );
  });

  test('ask again for ten seconds, then tell what was said last', async () => {
    const answers = await Promise.all([
      ask({ type: 'command', command: ['sh', '-c', 'echo no luck; exit 3'] }),
      ask({ type: 'command', command: ['sleep', '20'], timeoutMs: 100 }),
      ask({ type: 'command', command: ['no-such-program'] }),
      // What it starts in the background holds its output open.
      ask({ type: 'command', command: ['sh', '-c', 'sleep 60 & sleep 60'], timeoutMs: 100 }),
      ask({ type: 'container-healthy', container: 'ghost' }),
      ask({ type: 'stack-healthy', stack: 'ghosts' as never }),
      ask({ type: 'disk-below', path: '/', percent: 0.0001 }),
      ask({ type: 'disk-below', path: '/no/such/place', percent: 90 }),
    ]);
    assert.deepEqual(answers.slice(0, 2), [
      'exec::sh -c echo no luck; exit 3: exit code 3: no luck.',
      'exec::sleep 20: no end within 0.1 s.',
    ]);
    assert.match(answers[2] ?? '', /^exec::no-such-program: .*ENOENT/);
    assert.equal(answers[3], 'exec::sh -c sleep 60 & sleep 60: no end within 0.1 s.');
    assert.deepEqual(answers.slice(4, 6), [
      'container-healthy:ghost: there is no such container.',
      'stack-healthy:ghosts: it has no containers.',
    ]);
    assert.match(answers[6] ?? '', /^disk-below:0\.0001%:\/: \d+\.\d % are used\.$/);
    assert.equal(answers[7], 'disk-below:90%:/no/such/place: there is no such path.');
  });

  test('see the disk as df does', async () => {
    assert.equal(await ask({ type: 'disk-below', path: '/', percent: 100 }), undefined);
  });

  test('do not wait for what a command leaves behind, and end it', async () => {
    const began = performance.now();
    assert.equal(await ask({ type: 'command', command: ['sh', '-c', 'sleep 60 & exit 0'] }), undefined);
    assert.ok(performance.now() - began < 30_000);
  });

  test('run in the directory of the file that they stand in', async () => {
    const command = ['sh', '-c', 'test "$(pwd)" = /usr'];
    assert.equal(await ask({ type: 'command', command, directory: '/usr' }), undefined);
  });

  test('end when they are no longer wanted', async () => {
    const asked = new AbortController();
    const answer = askCheck(
      ports,
      { type: 'command', command: ['sleep', '60'] },
      () => Promise.resolve(undefined),
      asked.signal,
    );
    asked.abort();
    await assert.rejects(answer, /abort/i);
  });
});
