/** `--validate CHECK`, as it is typed. */
import assert from 'node:assert/strict';
import { InvalidArgumentError } from 'commander';
import { resolve } from 'node:path';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { checkArgument, checkForms } from '../../client/check-argument.ts';
import { checkText, type Check, type NamedCheck } from '../../domain/check.ts';

const eachIs = (cases: [string, Check | NamedCheck][]): void => {
  for (const [text, check] of cases) assert.deepEqual(checkArgument(text), check, text);
};

const eachIsRefused = (...texts: string[]): void => {
  for (const text of texts)
    assert.throws(() => checkArgument(text), new InvalidArgumentError(`A check is ${checkForms}.`), text);
};

test('what a check is not is refused with what it may be', () => {
  for (const form of ['a URL', 'tcp:HOST:PORT', 'exec:CONTAINER:COMMAND', 'yaml:FILE', 'disk-below:90%:PATH'])
    assert.ok(checkForms.includes(form), form);
  eachIsRefused('', ' ', 'localhost:80', '/srv/a.yml', 'a.json', 'xml:a', 'YAML:a', 'tcp', ':', 'udp:a:1');
});

describe('a URL', () => {
  const http = (more: Partial<Extract<Check, { type: 'http' }>>): Check => ({
    type: 'http',
    scheme: 'http',
    host: 'nas',
    port: 80,
    path: '/',
    ...more,
  });

  test('has the port of its scheme, unless it names one', () => {
    eachIs([
      ['http://nas', http({})],
      ['https://nas', http({ scheme: 'https', port: 443 })],
      ['http://nas:8080', http({ port: 8080 })],
      ['https://nas:80/', http({ scheme: 'https', port: 80 })],
      ['http://nas:443/', http({ port: 443 })],
      ['https://nas:443/', http({ scheme: 'https', port: 443 })],
    ]);
  });

  test('has a path and a query, and no fragment', () => {
    eachIs([
      ['http://nas/api/ping?a=b&c=d%20e', http({ path: '/api/ping?a=b&c=d%20e' })],
      ['http://nas?a', http({ path: '/?a' })],
      ['http://nas/a#b', http({ path: '/a' })],
    ]);
  });

  test('may name an address', () => {
    eachIs([
      ['http://192.168.1.2:1/', http({ host: '192.168.1.2', port: 1 })],
      ['http://[::1]:8080/a', http({ host: '::1', port: 8080, path: '/a' })],
      ['https://[fe80::1]', http({ scheme: 'https', host: 'fe80::1', port: 443 })],
    ]);
  });

  test('may be followed by what the answer must be like', () => {
    eachIs([
      ['http://nas/ status=204', http({ status: 204 })],
      ['http://nas/ contains=ok', http({ bodyContains: 'ok' })],
      ['http://nas/  contains="all is well"', http({ bodyContains: 'all is well' })],
      [
        "http://nas/ header='Content-Type: text/html'",
        http({ responseHeaders: { 'Content-Type': 'text/html' } }),
      ],
      ['http://nas/ header=Server:', http({ responseHeaders: { Server: '' } })],
      ['http://nas/ within=1.5s status=200', http({ withinMs: 1500, status: 200 })],
    ]);
    eachIs([['http://nas/ header=A:1 header=B:2', http({ responseHeaders: { A: '1', B: '2' } })]]);
    eachIsRefused(
      'http://nas/ status=200 status=204',
      'http://nas/a b',
      'http://nas/ status=999',
      'http://nas/ status=ok',
      'http://nas/ contains=',
      'http://nas/ header=Server',
      'http://nas/ within=soon',
      'http://nas/ colour=blue',
    );
  });

  test('is one of the web, whole, and at its beginning', () => {
    eachIsRefused(
      'http:nas',
      'http:/nas',
      'http://',
      'https://nas:65536',
      'http://[::1',
      'http://a b/',
      'ftp://nas/',
    );
    eachIsRefused('xhttp://nas', 'HTTP://nas');
  });
});

describe('a TCP check', () => {
  test('has a host and a port', () => {
    eachIs([
      ['tcp:localhost:5432', { type: 'tcp', host: 'localhost', port: 5432 }],
      ['tcp:my_nas-1.home:1', { type: 'tcp', host: 'my_nas-1.home', port: 1 }],
      ['tcp:10.0.0.1:65535', { type: 'tcp', host: '10.0.0.1', port: 65_535 }],
    ]);
  });

  test('needs both', () => {
    eachIsRefused(
      'tcp:',
      'tcp:a',
      'tcp:a:',
      'tcp::80',
      'tcp:80',
      'tcp:a:b',
      'tcp:a:-1',
      'tcp:a:1.5',
      'tcp:a:80 ',
    );
    eachIsRefused(
      'tcp:a:65536',
      'tcp:a:99999',
      'tcp:a:000080',
      'tcp:a/b:80',
      'tcp:a:80:81',
      'tcp:a:80\n',
      ' tcp:a:80',
    );
  });

  test('needs a port that something can listen on', () => {
    eachIsRefused('tcp:a:0', 'http://a:0/');
  });
});

describe('a command in a container', () => {
  const exec = (service: string, line: string): Check => ({
    type: 'exec',
    service: service as never,
    command: ['/bin/sh', '-c', line],
  });

  test('is a line for its shell, with all that it holds', () => {
    eachIs([
      ['exec:db:pg_isready', exec('db', 'pg_isready')],
      ['exec:web-db.1:curl http://a:80/ | grep "x:y"', exec('web-db.1', 'curl http://a:80/ | grep "x:y"')],
      ['exec:db: ', exec('db', ' ')],
      ['exec:db:a\nb', exec('db', 'a\nb')],
      ['exec:db::', exec('db', ':')],
    ]);
  });

  test('needs a container that can be, and a line', () => {
    eachIsRefused(
      'exec:',
      'exec:db',
      'exec:db:',
      'exec::',
      'exec:-db:true',
      'exec:a b:true',
      'exec:a/b:true',
    );
    eachIsRefused(`exec:${'a'.repeat(64)}:true`, ' exec:db:true', 'EXEC:db:true');
  });

  test('keeps every line as it was typed', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (line) => {
        assert.deepEqual(checkArgument(`exec:db:${line}`), exec('db', line));
      }),
    );
  });
});

describe('a file', () => {
  test('is of a format, at a path that is absolute or from here', () => {
    eachIs([
      ['yaml:/srv/a.yml', { type: 'yaml', file: '/srv/a.yml' }],
      ['json:/srv/../a b:c.json', { type: 'json', file: '/a b:c.json' }],
      ['toml:sub/a.toml', { type: 'toml', file: resolve('sub/a.toml') }],
      ['json:.', { type: 'json', file: process.cwd() }],
      ['yaml:/a\nb', { type: 'yaml', file: '/a\nb' }],
    ]);
  });

  test('needs a path', () => {
    eachIsRefused('yaml', 'yaml:', 'json:', 'toml:', 'file:a', ' yaml:a', 'yaml :a');
  });
});

test('a command on the host has no container before it', () => {
  eachIs([
    [
      'exec::systemctl is-active nginx',
      {
        type: 'command',
        command: ['/bin/sh', '-c', 'systemctl is-active nginx'],
        directory: process.cwd(),
      },
    ],
  ]);
});

describe('the host', () => {
  test('has containers, stacks and disks', () => {
    eachIs([
      ['container-healthy:db', { type: 'container-healthy', container: 'db' }],
      ['stack-healthy:photos', { type: 'stack-healthy', stack: 'photos' as never }],
      ['disk-below:90%', { type: 'disk-below', path: '/', percent: 90 }],
      ['disk-below:87.5%:/srv', { type: 'disk-below', path: '/srv', percent: 87.5 }],
      ['compose:/srv/stacks/a.yml', { type: 'compose', file: '/srv/stacks/a.yml' }],
    ]);
    eachIsRefused('stack-healthy:A B', 'stack-healthy:', 'disk-below:90', 'disk-below:0%', 'disk-below:101%');
  });
});

describe('a check in a file of its own', () => {
  test('has a name, and may have parameters', () => {
    eachIs([
      ['nginx', { type: 'named', name: 'nginx', with: {} }],
      [
        'home-assistant:service=ha,config=/srv/a=b',
        { type: 'named', name: 'home-assistant', with: { service: 'ha', config: '/srv/a=b' } },
      ],
      ['nginx:service=', { type: 'named', name: 'nginx', with: { service: '' } }],
    ]);
    eachIsRefused('nginx:', 'nginx:web', 'nginx:a=b,c', 'Nginx', '-nginx', 'exec', 'yaml');
  });
});

test('what is shown is what can be typed', () => {
  for (const text of [
    'http://nas:80/a?b status=204 contains="all is well" header="Server: x" within=1500ms',
    'tcp:nas:5432',
    'exec:db:pg_isready -q',
    'exec::true',
    'yaml:/srv/a.yml',
    'compose:/srv/a.yml',
    'container-healthy:db',
    'stack-healthy:photos',
    'disk-below:90%:/srv',
  ])
    assert.equal(checkText(checkArgument(text) as Check), text);
});
