/** A connection that is kept for long, while the server moves. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { stayConnected } from '../../client/temporal.ts';
import { needed } from '../host/environment.ts';

/** Leads to the test's server from a port of its own. */
const openWay = async (): Promise<{ address: string; close: () => Promise<void> }> => {
  const [host = '', port = ''] = needed('BATON_TEST_TEMPORAL').split(':');
  const sockets = new Set<Socket>();
  const server: Server = createServer((inside) => {
    const outside = connect(Number(port), host);
    for (const socket of [inside, outside]) sockets.add(socket.on('error', () => socket.destroy()));
    inside.pipe(outside).pipe(inside);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
};

describe('a connection that is kept', () => {
  const names = ['XDG_STATE_HOME', 'TEMPORAL_ADDRESS'] as const;
  const saved = names.map((name) => [name, process.env[name]] as const);
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-connected-'));
    await mkdir(join(directory, 'baton'));
    process.env['XDG_STATE_HOME'] = directory;
    delete process.env['TEMPORAL_ADDRESS'];
  });
  after(async () => {
    for (const [name, value] of saved)
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    await rm(directory, { recursive: true });
  });
  const serverIsAt = async (address: string): Promise<void> => {
    await writeFile(join(directory, 'baton', 'server.json'), JSON.stringify({ address, ui: '' }));
  };

  test('finds a server that came back at another address, and is one for all who ask', async () => {
    const one = await openWay();
    await serverIsAt(one.address);
    const { client, close } = stayConnected();
    const first = await client();
    assert.equal(await client(), first);
    await first.workflowService.getSystemInfo({});
    await one.close();
    // Nothing is there for a moment.
    await serverIsAt('127.0.0.1:1');
    await assert.rejects(client(), /No Temporal server answers at 127\.0\.0\.1:1/);
    const other = await openWay();
    await serverIsAt(other.address);
    const [second, third] = await Promise.all([client(), client()]);
    assert.equal(second, third);
    assert.notEqual(second, first);
    await second.workflowService.getSystemInfo({});
    await close();
    await other.close();
  });
});
