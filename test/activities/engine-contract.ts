/** What every engine behind the port does. Podman and Docker pass it; so must anything that stands in for them. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  EngineError,
  type ContainerSpec,
  type Engine,
  type EngineKind,
} from '../../activities/ports/engine.ts';
import { guestsFirst } from '../../activities/container.ts';
import { connectEngine } from '../../activities/engines/connect.ts';
import { label } from '../../domain/labels.ts';
import type { ServiceSpec } from '../../domain/stack.ts';
import { freePort } from '../../setup/local.ts';
import { mustLoadService } from '../compose/loading.ts';
import { until } from '../e2e/site.ts';
import { needed } from '../host/environment.ts';

export const describeEngine = (kind: EngineKind, socket: string): void => {
  describe(`${kind} behind the engine port`, () => {
    let engine: Engine;
    let image: string;
    const own = `contract-${randomBytes(3).toString('hex')}`;
    const network = `${own}-net`;
    /** Another one in each run: an interface that a killed run left behind would be in the way. */
    const subnet = `10.${180 + ((randomBytes(1)[0] ?? 0) % 60)}.${randomBytes(1)[0] ?? 0}`;
    let counter = 0;

    const specOf = (service: ServiceSpec, more: Partial<ContainerSpec> = {}): ContainerSpec => {
      const { environment: _e, mounts: _m, network: _n, secrets: _s, configs: _c, ...rest } = service;
      counter += 1;
      return {
        name: `${own}-${counter}`,
        image,
        service: rest,
        environment: {},
        labels: { [own]: String(counter) },
        mounts: [],
        network: { mode: 'bridge', attachments: [{ network, aliases: ['alias'] }] },
        ...more,
      };
    };
    /** A container of a service written as in a Compose file. */
    const create = async (text: string, more: Partial<ContainerSpec> = {}): Promise<string> =>
      await engine.createContainer(specOf(await mustLoadService(text), more));
    const started = async (text: string, more: Partial<ContainerSpec> = {}): Promise<string> => {
      const id = await create(text, more);
      await engine.startContainer(id);
      return id;
    };
    const state = async (id: string) => {
      const container = await engine.inspectContainer(id);
      assert.ok(container);
      return container;
    };
    const fails = async (work: Promise<unknown>, code: string): Promise<EngineError> => {
      const error = await work.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assert.ok(error instanceof EngineError, `it did not fail as an EngineError: ${String(error)}`);
      assert.equal(error.code, code, error.message);
      return error;
    };
    const sleeper = 'command: [sleep, "1000"]\nstop_signal: SIGKILL';

    before(async () => {
      engine = await connectEngine({ kind, socket });
      image = (await engine.inspectImage(needed('BATON_TEST_IMAGE')))?.id ?? '';
      assert.match(image, /^sha256:[0-9a-f]{64}$/);
      await engine.createNetwork({
        name: network,
        driverOpts: {},
        internal: false,
        attachable: false,
        enableIpv6: false,
        ipam: { config: [{ subnet: `${subnet}.0/24` }] },
        labels: { [own]: 'network' },
      });
    });
    after(async () => {
      for (const { id } of guestsFirst(await engine.listContainers({ label: own })))
        await engine.removeContainer(id, { anonymousVolumes: true });
      await engine.removeNetwork(network);
      await engine.close();
    });

    test('says what it is', async () => {
      const info = await engine.info();
      assert.equal(info.kind, kind);
      assert.match(info.version, /^\d+\.\d+/);
      assert.ok(info.cpus > 0 && info.memoryBytes > 2 ** 28);
    });

    test('a container is created, started, stopped and removed; asked twice, nothing more happens', async () => {
      const id = await create(sleeper);
      assert.equal((await state(id)).status, 'created');
      assert.equal((await state(id)).startedAt, undefined);
      await engine.startContainer(id);
      const { startedAt, pid, status } = await state(id);
      assert.equal(status, 'running');
      await engine.startContainer(id);
      assert.equal((await state(id)).startedAt, startedAt);
      assert.equal((await state(id)).pid, pid);
      await engine.stopContainer(id, 1000);
      await engine.stopContainer(id, 1000);
      assert.equal((await state(id)).status, 'exited');
      await engine.removeContainer(id);
      await engine.removeContainer(id);
      assert.equal(await engine.inspectContainer(id), undefined);
    });

    test('a container that is started again is the same one', async () => {
      const id = await started(`${sleeper}\nlabels: {a: b}`);
      await engine.stopContainer(id, 0);
      await engine.startContainer(id);
      const again = await state(id);
      assert.equal(again.status, 'running');
      assert.equal(again.exitCode, undefined);
    });

    test('a container that stays reaches its gateway while others come and go', async () => {
      const stays = await started(`${sleeper}\ncap_add: [NET_RAW]`);
      const reaches = async (): Promise<void> => {
        const { exitCode, output } = await engine.exec(stays, ['ping', '-c', '1', '-W', '1', `${subnet}.1`], {
          timeoutMs: 5_000,
        });
        assert.equal(exitCode, 0, output);
      };
      await reaches();
      // A bridge whose address is the lowest of its ports changes it with some of them.
      for (let others = 0; others < 5; others += 1) {
        const other = await started(sleeper);
        await reaches();
        if (others % 2 === 0) await engine.stopContainer(other, 0);
        await reaches();
      }
    });

    test('is renamed, and found by label and by name', async () => {
      const id = await started(sleeper);
      const name = `${own}-renamed`;
      await engine.renameContainer(id, name);
      await engine.renameContainer(id, name);
      assert.equal((await state(name)).id, id);
      assert.equal((await state(id)).status, 'running');
      assert.ok((await engine.listContainers({ label: own })).some((container) => container.id === id));
      assert.deepEqual(await engine.listContainers({ label: `${own}=no` }), []);
    });

    test('a name that is in use is refused as such', async () => {
      const spec = specOf(await mustLoadService(sleeper));
      await engine.createContainer(spec);
      await fails(engine.createContainer(spec), 'name-taken');
    });

    test('a container that the same operation left half made is completed, not made again', async () => {
      const second = `${network}-2`;
      await engine.createNetwork({
        name: second,
        driverOpts: {},
        internal: false,
        attachable: false,
        enableIpv6: false,
        ipam: { config: [] },
        labels: { [own]: 'network' },
      });
      const labels = { [own]: 'half', [label.operation]: '0123abcd' };
      const one = specOf(await mustLoadService(sleeper), { labels });
      const id = await engine.createContainer(one);
      const both: ContainerSpec = {
        ...one,
        network: {
          mode: 'bridge',
          attachments: [
            { network, aliases: [] },
            { network: second, aliases: [] },
          ],
        },
      };
      assert.equal(await engine.createContainer(both), id);
      assert.deepEqual(Object.keys((await state(id)).networks).sort(), [network, second]);
      assert.equal(await engine.createContainer(both), id);
      await fails(
        engine.createContainer({ ...both, labels: { ...labels, [label.operation]: '4567cdef' } }),
        'name-taken',
      );
      await engine.removeContainer(id);
      await engine.removeNetwork(second);
    });

    test('a host port that is in use is refused as such, and named', async () => {
      const port = await freePort();
      const text = `${sleeper}\nports: ["127.0.0.1:${port}:80"]`;
      const first = await started(text);
      assert.deepEqual((await state(first)).ports, [
        { hostIp: '127.0.0.1', hostPort: port, containerPort: 80, protocol: 'tcp' },
      ]);
      const second = await create(text);
      const { message } = await fails(engine.startContainer(second), 'port-taken');
      assert.match(message, new RegExp(String(port)));
      await engine.stopContainer(first, 0);
      await engine.startContainer(second);
    });

    test('a published port is reached from this host', async () => {
      const port = await freePort();
      await started(
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

    test('the end of a container tells its exit code', async () => {
      const id = await started('command: [sh, -c, "echo out; echo err >&2; exit 7"]');
      assert.deepEqual(await engine.waitContainer(id), { exitCode: 7 });
      assert.equal((await state(id)).exitCode, 7);
      const logs = await engine.logs(id, { tail: 10 });
      assert.match(logs, /out/);
      assert.match(logs, /err/);
    });

    test('the tail of a log is its end', async () => {
      const id = await started(
        'command: [sh, -c, "for n in 1 2 3 4 5; do echo line $$n; done"]'.replaceAll('$$', '$'),
      );
      await engine.waitContainer(id);
      assert.deepEqual(
        (await engine.logs(id, { tail: 2 }))
          .trim()
          .split('\n')
          .map((line) => line.trim()),
        ['line 4', 'line 5'],
      );
    });

    test('a command runs inside, with its exit code and output, and a limit to its time', async () => {
      const id = await started(sleeper);
      const { exitCode, output } = await engine.exec(id, ['sh', '-c', 'echo hello; echo oops >&2; exit 3'], {
        timeoutMs: 10_000,
      });
      assert.equal(exitCode, 3);
      assert.match(output, /hello/);
      assert.match(output, /oops/);
      await fails(engine.exec(id, ['sleep', '60'], { timeoutMs: 300 }), 'timeout');
    });

    test('restarts what crashes, and counts', async () => {
      const id = await started('command: [sh, -c, "exit 1"]\nrestart: always');
      await until('a restart', async () => (await state(id)).restartCount > 0, 20_000);
      assert.equal((await state(id)).restartPolicy, 'always');
      await engine.stopContainer(id, 0);
    });

    test('what stands in the file is what the container has', async () => {
      const id = await started(
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
      const { output } = await engine.exec(id, ['sh', '-c', script], { timeoutMs: 10_000 });
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
      const volume = `${own}-volume`;
      await writeFile(join(directory, 'file'), 'from the host');
      await engine.createVolume({ name: volume, driverOpts: {}, labels: { [own]: 'volume' } });
      await engine.createVolume({ name: volume, driverOpts: {}, labels: { [own]: 'volume' } });
      const at = { file: '', line: 1, column: 1 };
      const id = await started(sleeper, {
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
      const { output } = await engine.exec(
        id,
        [
          'sh',
          '-c',
          'cat /bind/file; touch /bind/x 2>/dev/null && echo writable; echo kept > /volume/f; touch /made/y',
        ],
        { timeoutMs: 10_000 },
      );
      assert.equal(output.trim(), 'from the host');
      const mounts = (await state(id)).mounts.map(
        ({ type, target, readOnly, volume: name }) => `${type} ${target} ${readOnly} ${name ?? ''}`,
      );
      assert.deepEqual(
        mounts.sort(),
        [`bind /bind true `, 'bind /made false ', `volume /volume false ${volume}`].sort(),
      );
      await fails(engine.removeVolume(volume), 'in-use');
      await engine.removeContainer(id);
      const mountpoint = (await engine.inspectVolume(volume))?.mountpoint ?? '';
      assert.match(mountpoint, /^\//);
      await engine.removeVolume(volume);
      await engine.removeVolume(volume);
      assert.equal(await engine.inspectVolume(volume), undefined);
      await rm(directory, { recursive: true });
    });

    test('a bind whose source must exist fails where it does not', async () => {
      const at = { file: '', line: 1, column: 1 };
      const missing = join(tmpdir(), `${own}-missing`);
      const work = started(sleeper, {
        mounts: [{ type: 'bind', source: missing, target: '/x', readOnly: false, createHostPath: false, at }],
      });
      await assert.rejects(work, EngineError);
    });

    test('an anonymous volume that was handed on survives its first container, and the removal of the failed second', async () => {
      const at = { file: '', line: 1, column: 1 };
      const anonymous = { type: 'volume', target: '/v', readOnly: false, noCopy: false, at } as const;
      const first = await started(sleeper, { mounts: [anonymous] });
      await engine.exec(first, ['sh', '-c', 'echo precious > /v/f'], { timeoutMs: 10_000 });
      const name = (await state(first)).mounts[0]?.volume ?? '';
      assert.match(name, /^[0-9a-f]{64}$/);
      await engine.stopContainer(first, 0);
      const second = await started(sleeper, { mounts: [{ ...anonymous, engineName: name }] });
      await engine.removeContainer(second, { anonymousVolumes: true });
      await engine.startContainer(first);
      const { output } = await engine.exec(first, ['cat', '/v/f'], { timeoutMs: 10_000 });
      assert.equal(output.trim(), 'precious');
      await engine.removeContainer(first, { anonymousVolumes: true });
      assert.equal(await engine.inspectVolume(name), undefined);
    });

    test('containers of one network find one another by name and alias, at a fixed address where one is asked for', async () => {
      const address = `${subnet}.77`;
      const server = await started('command: [httpd, -f, -p, "80", -h, /etc]\nstop_signal: SIGKILL', {
        network: { mode: 'bridge', attachments: [{ network, aliases: ['server'], ipv4Address: address }] },
      });
      assert.equal((await state(server)).networks[network]?.ipAddress, address);
      const client = await started(sleeper);
      const { exitCode, output } = await engine.exec(
        client,
        ['wget', '-q', '-O', '-', 'http://server/group'],
        { timeoutMs: 15_000 },
      );
      assert.equal(exitCode, 0, output);
      assert.match(output, /root/);
    });

    test('a container in the network namespace of another shares its address', async () => {
      const owner = await started(sleeper);
      const guest = await started(sleeper, { network: { mode: 'container', container: owner } });
      const hostname = async (id: string): Promise<string> =>
        (await engine.exec(id, ['ip', 'addr'], { timeoutMs: 10_000 })).output.replaceAll(/\s+/g, ' ');
      assert.equal(await hostname(guest), await hostname(owner));
    });

    test('several networks are joined at once', async () => {
      const other = `${network}-2`;
      const made = await engine.createNetwork({
        name: other,
        driverOpts: {},
        internal: true,
        attachable: false,
        enableIpv6: false,
        ipam: { config: [] },
        labels: {},
      });
      assert.equal(made.internal, true);
      const id = await started(sleeper, {
        network: {
          mode: 'bridge',
          attachments: [
            { network, aliases: [] },
            { network: other, aliases: ['deep'] },
          ],
        },
      });
      assert.deepEqual(Object.keys((await state(id)).networks).sort(), [network, other]);
      await fails(engine.removeNetwork(other), 'in-use');
      await engine.removeContainer(id);
      await engine.removeNetwork(other);
      await engine.removeNetwork(other);
      assert.equal(await engine.inspectNetwork(other), undefined);
    });

    test('a healthcheck is kept as it was written', async () => {
      const id = await create(
        `${sleeper}\nhealthcheck: {test: [CMD, "true", x], interval: 7s, timeout: 2s, retries: 4, start_period: 1s}`,
      );
      assert.deepEqual((await state(id)).healthcheck, {
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
      const id = await engine.createContainer(
        specOf({ ...service, healthcheck: { test: ['CMD', ...words] } }),
      );
      await engine.startContainer(id);
      const [form, ...test] = (await state(id)).healthcheck?.test ?? [];
      const command = form === 'CMD-SHELL' ? ['/bin/sh', '-c', ...test] : test;
      const { output } = await engine.exec(id, command, { timeoutMs: 10_000 });
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
      const tag = `localhost/${own}/built:1`;
      const built = await engine.buildImage(
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
      const id = await engine.createContainer(
        specOf(await mustLoadService('restart: "no"'), { image: built.id }),
      );
      await engine.startContainer(id);
      await engine.waitContainer(id);
      assert.match(await engine.logs(id, { tail: 5 }), /hello\s*world/);
      await engine.removeContainer(id);
      const second = `localhost/${own}/kept:abc`;
      await engine.tagImage(built.id, second);
      await engine.untagImage(tag);
      assert.equal((await engine.inspectImage(second))?.id, built.id);
      assert.equal(await engine.inspectImage(tag), undefined);
      await engine.untagImage(second);
      await engine.untagImage(second);
      await rm(directory, { recursive: true });
    });

    test('a build that fails says why', async () => {
      const directory = await mkdtemp(join(tmpdir(), 'baton-build-'));
      const work = engine.buildImage(
        {
          contextDir: directory,
          dockerfileInline: `FROM ${needed('BATON_TEST_IMAGE')}\nRUN echo it went wrong >&2; false\n`,
          args: {},
          labels: {},
          noCache: true,
          pull: false,
          tag: `localhost/${own}/no:1`,
        },
        () => undefined,
      );
      await assert.rejects(work, EngineError);
      await rm(directory, { recursive: true });
    });

    test('an image that no registry has is not taken for one that is there', async () => {
      const reference = `localhost:1/${own}/nowhere:1`;
      assert.equal(await engine.inspectImage(reference), undefined);
      const there = await engine.imageExistsRemotely(reference).catch((error: unknown) => error);
      assert.ok(
        there === false || (there instanceof EngineError && there.code === 'unreachable'),
        String(there),
      );
      await assert.rejects(
        engine.pullImage(reference, () => undefined),
        EngineError,
      );
    });

    test('what is not there is not found, and not an error to remove', async () => {
      assert.equal(await engine.inspectContainer(`${own}-none`), undefined);
      assert.equal(await engine.inspectNetwork(`${own}-none`), undefined);
      await engine.removeContainer(`${own}-none`);
      await fails(engine.startContainer(`${own}-none`), 'not-found');
    });

    test('a restart policy is changed where the engine can, and it says so', async () => {
      const id = await create(`${sleeper}\nrestart: always`);
      const changed = await engine.setRestartPolicy(id, 'unless-stopped');
      assert.equal((await state(id)).restartPolicy, changed ? 'unless-stopped' : 'always');
      assert.equal(changed, kind === 'docker');
    });
  });
};
