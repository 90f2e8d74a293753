/** What engines were seen to answer, and what Baton makes of it: another try, or none. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { engineApi, type EngineApi } from '../../activities/engines/api.ts';
import { exitCodeOf } from '../../activities/engines/exec-stream.ts';
import { podmanLoads } from '../../activities/engines/loads.ts';

type Given = { status?: number; body: unknown };

/** Asks a socket that gives these answers, one after another, and the last of them from then on. */
const asking = async <T>(answers: Given[], ask: (api: EngineApi) => Promise<T>): Promise<T> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-api-'));
  const socket = join(directory, 'engine.sock');
  const left = [...answers];
  const server = createServer((_request, response) => {
    const { status = 200, body } = (left.length > 1 ? left.shift() : left[0]) ?? { body: {} };
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const api = engineApi(socket, 'Podman');
  try {
    return await ask(api);
  } finally {
    api.close();
    server.close();
    await rm(directory, { recursive: true });
  }
};

/** @returns the code of what is thrown. */
const codeFor = async (status: number, message: string): Promise<unknown> =>
  await asking([{ status, body: { message } }], async (api) =>
    api.json({ method: 'POST', path: '/networks/create' }).then(
      () => undefined,
      (error: unknown) => (error as { code?: unknown }).code,
    ),
  );

describe('what an engine says no with', () => {
  const answers: [status: number, message: string, code: string][] = [
    [500, 'route ip+net: no such network interface', 'internal'],
    [500, 'statfs /srv/nowhere: no such file or directory', 'invalid'],
    [500, 'no such container', 'not-found'],
    [500, 'read /proc/4711/cgroup: no such process', 'internal'],
    [
      500,
      'netavark: failed to get bridge interface: Netlink error: No such device (os error 19)',
      'internal',
    ],
    [500, 'netavark: listen tcp 127.0.0.1:80: bind: address already in use', 'port-taken'],
    [404, 'network not found', 'not-found'],
    [500, 'something else', 'internal'],
    [409, 'whatever', 'in-use'],
  ];
  for (const [status, message, code] of answers)
    test(`${status} ${message}`, async () => {
      assert.equal(await codeFor(status, message), code);
    });
});

describe('a look at a container that is just ending', () => {
  const ending: Given = { status: 500, body: { message: 'read /proc/4711/cgroup: no such process' } };
  const gone: Given = { status: 500, body: { message: 'no such container' } };
  const ended: Given = { body: { State: { Status: 'exited' } } };
  const look = async (api: EngineApi): Promise<unknown> => await api.find({ path: '/containers/abc/json' });

  test('is taken again, and tells how it ended', async () => {
    assert.deepEqual(await asking([ending, gone, ended], look), ended.body);
  });

  test('that goes on failing is an error that may pass', async () => {
    await assert.rejects(asking([ending], look), { code: 'internal' });
  });

  test('tells of one that is gone that it is', async () => {
    assert.equal(await asking([gone], look), undefined);
  });

  test('is taken once where something would change', async () => {
    await assert.rejects(
      asking([ending, ended], async (api) => api.json({ method: 'POST', path: '/containers/abc/start' })),
      { code: 'internal' },
    );
  });
});

describe('what containers of Podman take', () => {
  // As Podman 4.3 says that one of them is about to end.
  const spoilt: Given = { body: { Error: {}, Stats: null } };
  const counted: Given = {
    body: { Error: null, Stats: [{ ContainerID: 'abc', CPUNano: 5e6, MemUsage: 7, PIDs: 1 }] },
  };
  const running = (...ids: string[]): Given => ({ body: ids.map((Id) => ({ Id })) });

  test('is asked of each alone where one of them spoils it for all', async () => {
    assert.deepEqual(await asking([spoilt, running('abc', 'ending'), counted, spoilt], podmanLoads), [
      { id: 'abc', memoryBytes: 7, cpuMs: 5 },
    ]);
  });

  test('is nothing where none runs any more', async () => {
    assert.deepEqual(await asking([spoilt, running()], podmanLoads), []);
  });

  test('is not known where none can be counted', async () => {
    await assert.rejects(
      asking([spoilt, running('abc'), spoilt], podmanLoads),
      /could not count what any container takes/,
    );
  });
});

describe('the exit code of a command inside', () => {
  // As Podman answers between a command's last word and its exit code.
  const running: Given = { body: { ExitCode: 0, Running: true } };
  const path = '/exec/abc/json';

  test('is waited for while the engine says that it runs', async () => {
    const ended: Given = { body: { ExitCode: 3, Running: false } };
    assert.equal(
      await asking(
        [running, running, ended],
        async (api) => await exitCodeOf(api, path, { withinMs: 5_000 }),
      ),
      3,
    );
  });

  test('is not taken for 0 where the engine has lost it', async () => {
    await assert.rejects(
      asking([running], async (api) => await exitCodeOf(api, path, { withinMs: 100 })),
      /still ran 100 ms later/,
    );
  });
});
