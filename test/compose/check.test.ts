/** Checks as files write them: under `x-baton.validate`, and by the name of a file in `playbooks/checks/`. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { checkPlaces, readNamedCheck } from '../../compose/named-check.ts';
import { Reader } from '../../compose/reader.ts';
import { checkText, type Check } from '../../domain/check.ts';
import { load, mustLoad, mustLoadService, problemsOf } from './loading.ts';

/** Without the place where it was written. */
const bare = ({ at: _at, ...check }: Check): object => check;

const ofStack = async (checks: string, files: Record<string, string> = {}): Promise<object[]> => {
  const text = `services: {web: {image: busybox}}\nx-baton: {validate: [${checks}]}\n`;
  return (await mustLoad(text, { files })).validate.map(bare);
};
const problemsIn = async (checks: string, files: Record<string, string> = {}): Promise<string[]> =>
  await problemsOf(`services: {web: {image: busybox}}\nx-baton: {validate: [${checks}]}\n`, { files });

describe('a check of a stack', () => {
  test('may be of a file, found from the stack’s own', async () => {
    const [yaml, compose] = (await ofStack('{yaml: conf/a.yml}, {compose: /srv/b.yml}')) as {
      file: string;
    }[];
    assert.match(yaml?.file ?? '', /\/x\/conf\/a\.yml$/);
    assert.deepEqual(compose, { type: 'compose', file: '/srv/b.yml' });
  });

  test('may be of the host', async () => {
    const checks = (await ofStack(
      '{exec: [ls, /srv], on: host, timeout: 5s}, {exec: "ls $HOME", on: host}, {container-healthy: db}, {stack-healthy: photos}, {disk-below: 90%, path: /srv}, {disk-below: 80}',
    )) as { directory?: string }[];
    // A command runs where the stack's file is.
    const [first] = checks;
    assert.match(first?.directory ?? '', /\/x$/);
    assert.deepEqual(
      checks.map(({ directory: _where, ...check }) => check),
      [
        { type: 'command', command: ['ls', '/srv'], timeoutMs: 5_000 },
        { type: 'command', command: ['/bin/sh', '-c', 'ls $HOME'] },
        { type: 'container-healthy', container: 'db' },
        { type: 'stack-healthy', stack: 'photos' },
        { type: 'disk-below', path: '/srv', percent: 90 },
        { type: 'disk-below', path: '/', percent: 80 },
      ],
    );
  });

  test('may ask for headers of the answer, and for its time', async () => {
    assert.deepEqual(
      await ofStack('{http: ":80/a", service: web, response_headers: {Server: x}, within: 200ms}'),
      [
        {
          type: 'http',
          scheme: 'http',
          port: 80,
          path: '/a',
          service: 'web',
          responseHeaders: { Server: 'x' },
          withinMs: 200,
        },
      ],
    );
  });

  test('is of one kind, with the keys of that kind', async () => {
    assert.deepEqual(await problemsIn('{yaml: a, json: b}'), ['x-baton@2:22']);
    assert.deepEqual(await problemsIn('{}'), ['x-baton@2:22']);
    assert.deepEqual(await problemsIn('{yaml: a, status: 200}'), ['x-baton@2:40']);
    assert.deepEqual(await problemsIn('{tcp: 80, service: web, on: host}'), ['x-baton@2:50']);
    assert.deepEqual(await problemsIn('{disk-below: full}'), ['x-baton@2:35']);
    assert.deepEqual(await problemsIn('{stack-healthy: "A B"}'), ['name@2:22']);
    assert.deepEqual(await problemsIn('{exec: ls}'), ['x-baton@2:22']);
    assert.deepEqual(await problemsIn('{yml: a}'), ['unknown-key@2:23', 'x-baton@2:22']);
    assert.deepEqual(await problemsIn('{tcp: 80, service: db}'), ['undefined-service@2:22']);
  });
});

describe('a check of a service', () => {
  test('asks the service itself, or its host', async () => {
    const { validate } = await mustLoadService(
      'x-baton: {validate: [{exec: "true"}, {json: /srv/a.json}, {check: nginx}]}',
    );
    assert.deepEqual(validate.map(checkText), [
      'exec:a:true',
      'json:/srv/a.json',
      'exec:a:nginx -t -q',
      'tcp:a:80',
    ]);
  });
});

describe('a check by its name', () => {
  const mine = {
    'playbooks/checks/mine.yml': `
description: It holds.
parameters: {service: web, word: null}
checks:
  - {service: "\${service}", exec: [grep, "\${word}", "$$x"]}
`,
  };

  test('stands beside the stack, with its parameters put in', async () => {
    assert.deepEqual(await ofStack('{check: mine, with: {word: "a b"}}', mine), [
      // As a template of the stack: the dollar is one of its own.
      { type: 'exec', service: 'web', command: ['grep', 'a b', '$$x'] },
    ]);
  });

  test('needs what has no default, and takes nothing else', async () => {
    assert.deepEqual(await problemsIn('{check: mine}', mine), ['check@2:22']);
    assert.deepEqual(await problemsIn('{check: mine, with: {word: a, wrod: b}}', mine), ['check@2:22']);
    assert.deepEqual(await problemsIn('{check: mien}', mine), ['check@2:22']);
    assert.deepEqual(await problemsIn('{check: ../mine}', mine), ['check@2:22']);
  });

  test('is told where its file is wrong', async () => {
    const named = async (text: string): Promise<string[]> =>
      await problemsIn('{check: a}', { 'playbooks/checks/a.yml': text });
    assert.deepEqual(await named('checks: []'), ['check@1:1', 'check@1:9']);
    assert.deepEqual(await named('description: x\nchecks: [{exec: "${y}", on: host}]'), [
      'variable-unset@2:17',
    ]);
    assert.deepEqual(await named('description: x\nchecks: [{check: a}]'), ['check@2:10']);
    assert.deepEqual(await named('description: x\nchecks: [{tcp: 80}]'), ['x-baton@2:10']);
    assert.deepEqual(await named('description: ['), ['yaml@1:15']);
    const loaded = await load('services: {web: {image: b}}\nx-baton: {validate: [{check: a}]}', {
      files: { 'playbooks/checks/a.yml': 'checks: 5' },
    });
    assert.match(loaded.ok ? '' : (loaded.problems[0]?.at?.file ?? ''), /playbooks\/checks\/a\.yml$/);
  });

  test('is the owner’s before Baton’s', async () => {
    const own = { 'playbooks/checks/nginx.yml': 'description: x\nchecks: [{disk-below: 90%}]' };
    assert.deepEqual(await ofStack('{check: nginx}', own), [{ type: 'disk-below', path: '/', percent: 90 }]);
  });
});

test('every check that Baton ships can be read as it stands', async () => {
  const directory = join(import.meta.dirname, '../../playbooks/checks');
  const files = await readdir(directory);
  assert.ok(files.length >= 7);
  for (const file of files) {
    const reader = new Reader(() => undefined);
    const name = file.replace(/\.yml$/, '');
    const checks = readNamedCheck(
      reader,
      { type: 'named', name, with: { service: 'it' } },
      checkPlaces('/nowhere'),
    );
    assert.deepEqual(reader.problems, [], file);
    assert.ok(checks.length > 0 && checks.every((check) => checkText(check).includes('it')), file);
  }
});
