/** What engines were seen to answer, and what Baton makes of it: another try, or none. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { engineApi } from '../../activities/engines/api.ts';

/** Asks a socket that always gives this answer. @returns the code of what is thrown. */
const codeFor = async (status: number, message: string): Promise<unknown> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-api-'));
  const socket = join(directory, 'engine.sock');
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ message }));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const api = engineApi(socket, 'Podman');
  try {
    return await api.json({ method: 'POST', path: '/networks/create' }).then(
      () => undefined,
      (error: unknown) => (error as { code?: unknown }).code,
    );
  } finally {
    api.close();
    server.close();
    await rm(directory, { recursive: true });
  }
};

describe('what an engine says no with', () => {
  const answers: [status: number, message: string, code: string][] = [
    [500, 'route ip+net: no such network interface', 'internal'],
    [500, 'statfs /srv/nowhere: no such file or directory', 'invalid'],
    [500, 'no such container', 'not-found'],
    [404, 'network not found', 'not-found'],
    [500, 'something else', 'internal'],
    [409, 'whatever', 'in-use'],
  ];
  for (const [status, message, code] of answers)
    test(`${status} ${message}`, async () => {
      assert.equal(await codeFor(status, message), code);
    });
});
