import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { askAddress, askThrough, type Answer, type Question } from '../../activities/probe-address.ts';

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

  const untimed = ({ tookMs: _, ...answer }: Answer): Answer => answer;

  test('are answered the same from here and through a command', async () => {
    for (const question of [http('secret'), http('wrong'), tcp()])
      assert.deepEqual(untimed(await askThrough(['env'], question)), untimed(await askAddress(question)));
    assert.deepEqual(untimed(await askThrough(['env'], http('secret'))), {
      healthy: true,
      answer: 'HTTP 200',
    });
  });

  test('are timed where they are asked: to get there counts for nothing', async () => {
    const began = performance.now();
    const { tookMs = Infinity } = await askThrough(['sh', '-c', 'sleep 0.3; exec "$0" "$@"'], tcp());
    assert.ok(tookMs < performance.now() - began - 250);
  });

  test('over HTTPS say until when the certificate holds', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'baton-tls-'));
    const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
    const subject = ['-subj', '/CN=nas', '-days', '9', '-nodes', '-newkey', 'rsa:2048'];
    await execa('openssl', ['req', '-x509', ...subject, '-keyout', key, '-out', cert]);
    const tls = createTlsServer(
      { key: await readFile(key), cert: await readFile(cert) },
      (_request, response) => response.end('pong'),
    );
    await new Promise<void>((resolve) => tls.listen(0, '127.0.0.1', resolve));
    try {
      const at = (tls.address() as AddressInfo).port;
      const probe: Question['probe'] = { type: 'http', scheme: 'https', path: '/', port: at };
      const { certificateUntil = '' } = await askAddress({
        probe,
        address: { host: '127.0.0.1', port: at },
        timeoutMs: 2_000,
      });
      const days = (Date.parse(certificateUntil) - Date.now()) / 86_400_000;
      assert.ok(days > 8.9 && days < 9.1, certificateUntil);
    } finally {
      tls.close();
      await rm(directory, { recursive: true });
    }
  });

  test('are asked from the namespace that the command enters', async () => {
    const { healthy } = await askThrough(['unshare', '--net'], tcp());
    assert.equal(healthy, false);
  });
});
