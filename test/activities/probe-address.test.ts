import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { askAddress, askThrough, type Question } from '../../activities/probe-address.ts';

describe('probes at an address', () => {
  let server: Server;
  let port = 0;
  before(async () => {
    server = createServer((request, response) => {
      response.statusCode = request.headers.authorization === 'secret' ? 200 : 401;
      response.end('pong');
    });
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    port = (server.address() as AddressInfo).port;
  });
  after(() => {
    server.close();
  });

  const http = (authorization: string): Question => ({
    probe: { type: 'http', scheme: 'http', path: '/', port, headers: { authorization } },
    address: { host: '127.0.0.1', port },
    timeoutMs: 2_000,
  });
  const tcp = (): Question => ({
    probe: { type: 'tcp', port },
    address: { host: '127.0.0.1', port },
    timeoutMs: 2_000,
  });

  test('are answered the same from here and through a command', async () => {
    for (const question of [http('secret'), http('wrong'), tcp()])
      assert.deepEqual(await askThrough(['env'], question), await askAddress(question));
    assert.deepEqual(await askThrough(['env'], http('secret')), { healthy: true, answer: 'HTTP 200' });
  });

  test('are asked from the namespace that the command enters', async () => {
    const { healthy } = await askThrough(['unshare', '--net'], tcp());
    assert.equal(healthy, false);
  });
});
