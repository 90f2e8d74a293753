/** Checks as they are typed, and whom they ask. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { askedService, checkText, type Check } from '../../domain/check.ts';
import type { ServiceName, StackName } from '../../domain/names.ts';

const web = 'web' as ServiceName;
const http = (more: object = {}): Check => ({
  type: 'http',
  scheme: 'http',
  port: 80,
  path: '/',
  service: web,
  ...more,
});
const exec = (...command: string[]): Check => ({ type: 'exec', service: web, command });

describe('a check', () => {
  const cases: [Check, string][] = [
    [http(), 'http://web:80/'],
    [http({ scheme: 'https', host: 'nas', port: 8443, path: '/a?b' }), 'https://nas:8443/a?b'],
    [http({ status: 204, withinMs: 500 }), 'http://web:80/ status=204 within=500ms'],
    [http({ bodyContains: 'ok' }), 'http://web:80/ contains=ok'],
    [http({ bodyContains: 'all "is" well' }), 'http://web:80/ contains="all \\"is\\" well"'],
    [http({ responseHeaders: { server: 'x' } }), 'http://web:80/ header="server: x"'],
    [{ type: 'tcp', service: web, port: 22 }, 'tcp:web:22'],
    [{ type: 'tcp', host: 'nas', port: 22 }, 'tcp:nas:22'],
    [exec('pg_isready', '-q'), 'exec:web:pg_isready -q'],
    [exec('/bin/sh', '-c', 'a | b'), 'exec:web:a | b'],
    [exec('/bin/sh', '-c', 'a', 'b'), 'exec:web:/bin/sh -c a b'],
    [exec('/bin/sh', '-x', 'a'), 'exec:web:/bin/sh -x a'],
    [exec('sh', '-c', 'a'), 'exec:web:sh -c a'],
    [{ type: 'command', command: ['true'] }, 'exec::true'],
    [{ type: 'container-healthy', container: 'db' }, 'container-healthy:db'],
    [{ type: 'stack-healthy', stack: 'shop' as StackName }, 'stack-healthy:shop'],
    [{ type: 'disk-below', path: '/srv', percent: 90 }, 'disk-below:90%:/srv'],
    [{ type: 'yaml', file: '/etc/a.yml' }, 'yaml:/etc/a.yml'],
    [{ type: 'traefik', file: '/etc/traefik' }, 'traefik:/etc/traefik'],
  ];
  for (const [check, text] of cases)
    test(`is typed ${text}`, () => {
      assert.equal(checkText(check), text);
    });

  test('asks a service, or none', () => {
    assert.equal(askedService(http()), 'web');
    assert.equal(askedService({ type: 'tcp', host: 'nas', port: 22 }), undefined);
    assert.equal(askedService({ type: 'yaml', file: '/a' }), undefined);
  });
});
