/** What happens inside containers, and round them: processes, files, networks. Podman and Docker do the same. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { connectEngine } from '../../activities/engines/connect.ts';
import { EngineError, type EngineKind } from '../../activities/ports/engine.ts';
import { freePort } from '../../setup/local.ts';
import { mustLoadService } from '../compose/loading.ts';
import { until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';
import { EngineBench, fails, sleeper } from './engine-bench.ts';

export const describeInside = (kind: EngineKind, socket: string): void => {
  describe(`inside the containers of ${kind}`, () => {
    const bench = new EngineBench(async () => await connectEngine({ kind, socket }));

    test('a container that stays reaches its gateway while others come and go', async () => {
      const stays = await bench.started(`${sleeper}\ncap_add: [NET_RAW]`);
      const reaches = async (): Promise<void> => {
        const { exitCode, output } = await bench.engine.exec(
          stays,
          ['ping', '-c', '1', '-W', '1', `${bench.subnet}.1`],
          {
            timeoutMs: 5_000,
          },
        );
        assert.equal(exitCode, 0, output);
      };
      await reaches();
      // A bridge whose address is the lowest of its ports changes it with some of them.
      for (let others = 0; others < 5; others += 1) {
        const other = await bench.started(sleeper);
        await reaches();
        if (others % 2 === 0) await bench.engine.stopContainer(other, 0);
        await reaches();
      }
    });

    test('a published port is reached from this host', async () => {
      const port = await freePort();
      await bench.started(
        `command: [nc, -ll, -p, "80", -e, echo, hi]\nstop_signal: SIGKILL\nports: ["127.0.0.1:${port}:80"]`,
      );
      const reach = async (): Promise<boolean> =>
        await new Promise((resolve) => {
          const socket = connect(port, '127.0.0.1');
          socket.once('data', (data) => {
            socket.destroy();
            resolve(data.toString().includes('hi'));
          });
          socket.once('error', () => {
            resolve(false);
          });
          socket.once('close', () => {
            resolve(false);
          });
        });
      await until('the port to answer', reach, 10_000);
    });

    test('the tail of a log is its end', async () => {
      const id = await bench.started(
        'command: [sh, -c, "for n in 1 2 3 4 5; do echo line $$n; done"]'.replaceAll('$$', '$'),
      );
      await bench.engine.waitContainer(id);
      assert.deepEqual(
        (await bench.engine.logs(id, { tail: 2 }))
          .trim()
          .split('\n')
          .map((line) => line.trim()),
        ['line 4', 'line 5'],
      );
    });

    test('a command runs inside, with its exit code and output, and a limit to its time', async () => {
      const id = await bench.started(sleeper);
      const { exitCode, output } = await bench.engine.exec(
        id,
        ['sh', '-c', 'echo hello; echo oops >&2; exit 3'],
        {
          timeoutMs: 10_000,
        },
      );
      assert.equal(exitCode, 3);
      assert.match(output, /hello/);
      assert.match(output, /oops/);
      await fails(bench.engine.exec(id, ['sleep', '60'], { timeoutMs: 300 }), 'timeout');
    });

    test('what a command says goes out as it comes, whatever its size; what it complains of is told apart', async () => {
      const id = await bench.started(sleeper);
      const digest = createHash('sha256');
      const script = 'echo careful >&2; head -c 9000000 /dev/zero; exit 4';
      const result = await bench.engine.execStream(id, ['sh', '-c', script], { output: digest });
      assert.deepEqual(result, { exitCode: 4, errors: 'careful\n' });
      assert.equal(digest.digest('hex'), createHash('sha256').update(Buffer.alloc(9_000_000)).digest('hex'));
    });

    test('a command reads what is streamed to it to the last byte', async () => {
      const id = await bench.started(sleeper);
      const bytes = randomBytes(3_000_000);
      const digest = createHash('sha256');
      const { exitCode } = await bench.engine.execStream(id, ['cat'], {
        input: Readable.from([bytes.subarray(0, 1_000), bytes.subarray(1_000)]),
        output: digest,
      });
      assert.equal(exitCode, 0);
      assert.equal(digest.digest('hex'), createHash('sha256').update(bytes).digest('hex'));
    });

    test('a command that ends before it has read all of its input says so; a source that fails fails it', async () => {
      const id = await bench.started(sleeper);
      const much = (): Readable => Readable.from(Array.from({ length: 200 }, () => Buffer.alloc(100_000)));
      const early = await bench.engine.execStream(id, ['sh', '-c', 'exit 5'], { input: much() });
      assert.equal(early.exitCode, 5);
      const torn = Readable.from(
        (function* () {
          yield Buffer.alloc(10);
          throw new Error('torn');
        })(),
      );
      await assert.rejects(bench.engine.execStream(id, ['cat'], { input: torn }), /torn/);
    });

    test('where nobody takes what a command says, or asks any more, the call ends', async () => {
      const id = await bench.started(sleeper);
      const yes = ['sh', '-c', 'head -c 3000000 /dev/zero; sleep 100'];
      const full = new Writable({
        write: (_chunk, _encoding, done) => {
          done(new Error('full'));
        },
      });
      await assert.rejects(bench.engine.execStream(id, yes, { output: full }), /full/);
      const stop = new AbortController();
      const asked = new Writable({
        write: (_chunk, _encoding, done) => {
          stop.abort();
          done();
        },
      });
      const cut = bench.engine.execStream(id, yes, { output: asked, signal: stop.signal });
      await assert.rejects(cut, { name: 'AbortError' });
    });

    test('restarts what crashes, and counts', async () => {
      const id = await bench.started('command: [sh, -c, "exit 1"]\nrestart: always');
      await until('a restart', async () => (await bench.state(id)).restartCount > 0, 20_000);
      assert.equal((await bench.state(id)).restartPolicy, 'always');
      await bench.engine.stopContainer(id, 0);
    });

    test('what a process works and holds is counted, beside the limit of its container', async () => {
      const id = await bench.started(
        'command: [sh, -c, "x=$(head -c 8000000 /dev/zero | tr \'\\\\0\' a); while :; do :; done"]\nmem_limit: 64m\nstop_signal: SIGKILL',
      );
      const load = async () => (await bench.engine.readLoads()).find((one) => one.id === id);
      await until('its memory to be held', async () => ((await load())?.memoryBytes ?? 0) > 8e6, 20_000);
      const before = (await load())?.cpuMs ?? 0;
      await until('work to be counted', async () => ((await load())?.cpuMs ?? 0) > before + 100, 20_000);
      assert.equal((await bench.state(id)).memoryLimitBytes, 64 * 2 ** 20);
      await bench.engine.stopContainer(id, 0);
    });

    test('what stands in the file is what the container has', async () => {
      const id = await bench.started(
        [
          'command: [sleep, "1000"]',
          'stop_signal: SIGKILL',
          'user: "1000:1000"',
          'working_dir: /tmp',
          'hostname: host-a',
          'read_only: true',
          'cap_drop: [ALL]',
          'mem_limit: 64m',
          // Both, because a machine may not allow Podman's own default for the second.
          'ulimits: {nofile: {soft: 100, hard: 200}, nproc: 500}',
          'extra_hosts: ["other:10.0.0.9"]',
          'shm_size: 1m',
          'security_opt: ["no-new-privileges:true"]',
          'init: false',
        ].join('\n'),
        {
          environment: { A: 'b c', EMPTY: '' },
          mounts: [
            {
              type: 'tmpfs',
              target: '/scratch',
              readOnly: false,
              sizeBytes: 2 ** 20,
              at: { file: '', line: 1, column: 1 },
            },
          ],
        },
      );
      const script =
        'id -u; id -g; pwd; hostname; echo "$A|$EMPTY|"; echo $(ulimit -Sn) $(ulimit -Hn); grep other /etc/hosts | cut -c1-8; touch /x 2>/dev/null && echo writable; touch /scratch/x && echo scratch; grep CapEff /proc/self/status';
      const { output } = await bench.engine.exec(id, ['sh', '-c', script], { timeoutMs: 10_000 });
      const lines = output
        .trim()
        .split('\n')
        .map((line) => line.trim());
      assert.deepEqual(lines.slice(0, 5), ['1000', '1000', '/tmp', 'host-a', 'b c||']);
      // runc may raise the soft limit to the hard one while it starts a process (a known race of Go's runtime).
      assert.ok(['100 200', '200 200'].includes(lines[5] ?? ''), lines[5]);
      assert.equal(lines[6], '10.0.0.9');
      assert.ok(!lines.includes('writable'), output);
      assert.ok(lines.includes('scratch'), output);
      assert.match(output, /CapEff:\s+0000000000000000/);
    });

    test('binds, volumes and their data', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-contract-'));
      const volume = `${bench.own}-volume`;
      await writeFile(join(directory, 'file'), 'from the host');
      await bench.engine.createVolume({ name: volume, driverOpts: {}, labels: { [bench.own]: 'volume' } });
      await bench.engine.createVolume({ name: volume, driverOpts: {}, labels: { [bench.own]: 'volume' } });
      const at = { file: '', line: 1, column: 1 };
      const id = await bench.started(sleeper, {
        mounts: [
          { type: 'bind', source: directory, target: '/bind', readOnly: true, createHostPath: false, at },
          { type: 'volume', engineName: volume, target: '/volume', readOnly: false, noCopy: false, at },
          {
            type: 'bind',
            source: join(directory, 'made'),
            target: '/made',
            readOnly: false,
            createHostPath: true,
            at,
          },
        ],
      });
      const { output } = await bench.engine.exec(
        id,
        [
          'sh',
          '-c',
          'cat /bind/file; touch /bind/x 2>/dev/null && echo writable; echo kept > /volume/f; touch /made/y',
        ],
        { timeoutMs: 10_000 },
      );
      assert.equal(output.trim(), 'from the host');
      const mounts = (await bench.state(id)).mounts.map(
        ({ type, target, readOnly, volume: name }) => `${type} ${target} ${readOnly} ${name ?? ''}`,
      );
      assert.deepEqual(
        mounts.sort(),
        [`bind /bind true `, 'bind /made false ', `volume /volume false ${volume}`].sort(),
      );
      await fails(bench.engine.removeVolume(volume), 'in-use');
      await bench.engine.removeContainer(id);
      const mountpoint = (await bench.engine.inspectVolume(volume))?.mountpoint ?? '';
      assert.match(mountpoint, /^\//);
      await bench.engine.removeVolume(volume);
      await bench.engine.removeVolume(volume);
      assert.equal(await bench.engine.inspectVolume(volume), undefined);
      await rm(directory, { recursive: true });
    });

    test('a bind whose source must exist fails where it does not', async () => {
      const at = { file: '', line: 1, column: 1 };
      const missing = join(tmpdir(), `${bench.own}-missing`);
      const work = bench.started(sleeper, {
        mounts: [{ type: 'bind', source: missing, target: '/x', readOnly: false, createHostPath: false, at }],
      });
      await assert.rejects(work, EngineError);
    });

    test('an anonymous volume that was handed on survives its first container, and the removal of the failed second', async () => {
      const at = { file: '', line: 1, column: 1 };
      const anonymous = { type: 'volume', target: '/v', readOnly: false, noCopy: false, at } as const;
      const first = await bench.started(sleeper, { mounts: [anonymous] });
      await bench.engine.exec(first, ['sh', '-c', 'echo precious > /v/f'], { timeoutMs: 10_000 });
      const name = (await bench.state(first)).mounts[0]?.volume ?? '';
      assert.match(name, /^[0-9a-f]{64}$/);
      await bench.engine.stopContainer(first, 0);
      const second = await bench.started(sleeper, { mounts: [{ ...anonymous, engineName: name }] });
      await bench.engine.removeContainer(second, { anonymousVolumes: true });
      await bench.engine.startContainer(first);
      const { output } = await bench.engine.exec(first, ['cat', '/v/f'], { timeoutMs: 10_000 });
      assert.equal(output.trim(), 'precious');
      await bench.engine.removeContainer(first, { anonymousVolumes: true });
      assert.equal(await bench.engine.inspectVolume(name), undefined);
    });

    test('containers of one network find one another by name and alias, at a fixed address where one is asked for', async () => {
      const address = `${bench.subnet}.77`;
      const server = await bench.started('command: [httpd, -f, -p, "80", -h, /etc]\nstop_signal: SIGKILL', {
        network: {
          mode: 'bridge',
          attachments: [{ network: bench.network, aliases: ['server'], ipv4Address: address }],
        },
      });
      assert.equal((await bench.state(server)).networks[bench.network]?.ipAddress, address);
      const client = await bench.started(sleeper);
      const { exitCode, output } = await bench.engine.exec(
        client,
        ['wget', '-q', '-O', '-', 'http://server/group'],
        { timeoutMs: 15_000 },
      );
      assert.equal(exitCode, 0, output);
      assert.match(output, /root/);
    });

    test('a container in the network namespace of another shares its address', async () => {
      const owner = await bench.started(sleeper);
      const guest = await bench.started(sleeper, { network: { mode: 'container', container: owner } });
      const address = async (id: string): Promise<string> =>
        (await bench.engine.exec(id, ['ip', '-4', '-o', 'addr'], { timeoutMs: 10_000 })).output;
      assert.equal(await address(guest), await address(owner));
    });

    test('a healthcheck is kept as it was written', async () => {
      const id = await bench.create(
        `${sleeper}\nhealthcheck: {test: [CMD, "true", x], interval: 7s, timeout: 2s, retries: 4, start_period: 1s}`,
      );
      assert.deepEqual((await bench.state(id)).healthcheck, {
        test: ['CMD', 'true', 'x'],
        intervalMs: 7000,
        timeoutMs: 2000,
        retries: 4,
        startPeriodMs: 1000,
      });
    });

    test('words of a healthcheck stay whole, with spaces, quotes and nothing in them', async () => {
      const service = await mustLoadService(sleeper);
      const words = ['printf', '[%s]', "it's  here", '', 'a'];
      const id = await bench.engine.createContainer(
        bench.specOf({ ...service, healthcheck: { test: ['CMD', ...words] } }),
      );
      await bench.engine.startContainer(id);
      const [form, ...test] = (await bench.state(id)).healthcheck?.test ?? [];
      const command = form === 'CMD-SHELL' ? ['/bin/sh', '-c', ...test] : test;
      const { output } = await bench.engine.exec(id, command, { timeoutMs: 10_000 });
      assert.equal(output.trim(), "[it's  here][][a]");
    });

    test('an image is built from a directory, with arguments, and tagged and untagged', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-build-'));
      await mkdir(join(directory, 'sub'));
      await writeFile(join(directory, 'sub', 'hello'), 'hello');
      await writeFile(
        join(directory, 'Containerfile'),
        `FROM ${needed('BATON_TEST_IMAGE')}\nARG WHO\nCOPY sub/hello /hello\nRUN echo "$WHO" >> /hello\nCMD ["cat", "/hello"]\n`,
      );
      const lines: string[] = [];
      const tag = `localhost/${bench.own}/built:1`;
      const built = await bench.engine.buildImage(
        {
          contextDir: directory,
          dockerfile: 'Containerfile',
          args: { WHO: 'world' },
          labels: { made: 'here' },
          noCache: false,
          pull: false,
          tag,
        },
        (line) => lines.push(line),
      );
      assert.ok(lines.length > 0);
      assert.equal(built.labels['made'], 'here');
      const id = await bench.engine.createContainer(
        bench.specOf(await mustLoadService('restart: "no"'), { image: built.id }),
      );
      await bench.engine.startContainer(id);
      await bench.engine.waitContainer(id);
      assert.match(await bench.engine.logs(id, { tail: 5 }), /hello\s*world/);
      await bench.engine.removeContainer(id);
      const second = `localhost/${bench.own}/kept:abc`;
      await bench.engine.tagImage(built.id, second);
      await bench.engine.untagImage(tag);
      assert.equal((await bench.engine.inspectImage(second))?.id, built.id);
      assert.equal(await bench.engine.inspectImage(tag), undefined);
      await bench.engine.untagImage(second);
      await bench.engine.untagImage(second);
      await rm(directory, { recursive: true });
    });

    test('a build that fails says why', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-build-'));
      const work = bench.engine.buildImage(
        {
          contextDir: directory,
          dockerfileInline: `FROM ${needed('BATON_TEST_IMAGE')}\nRUN echo it went wrong >&2; false\n`,
          args: {},
          labels: {},
          noCache: true,
          pull: false,
          tag: `localhost/${bench.own}/no:1`,
        },
        () => undefined,
      );
      await assert.rejects(work, EngineError);
      await rm(directory, { recursive: true });
    });
  });
};
