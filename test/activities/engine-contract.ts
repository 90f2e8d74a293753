/**
 * What every engine behind the port does: Podman, Docker, and the one in memory that simulations use. What only an engine that
 * runs real processes can do is in engine-inside.ts.
 */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  EngineError,
  type ContainerSpec,
  type Engine,
  type EngineKind,
} from '../../activities/ports/engine.ts';
import { label } from '../../domain/labels.ts';
import { freePort } from '../../setup/local.ts';
import { mustLoadService } from '../compose/loading.ts';
import { EngineBench, fails, sleeper } from './engine-bench.ts';

export const describeEngine = (name: string, kind: EngineKind, open: () => Promise<Engine>): void => {
  describe(`${name} behind the engine port`, () => {
    const bench = new EngineBench(open);

    test('says what it is', async () => {
      const info = await bench.engine.info();
      assert.equal(info.kind, kind);
      assert.match(info.version, /^\d+\.\d+/);
      assert.ok(info.cpus > 0 && info.memoryBytes > 2 ** 28);
    });

    test('a container is created, started, stopped and removed; asked twice, nothing more happens', async () => {
      const id = await bench.create(sleeper);
      assert.equal((await bench.state(id)).status, 'created');
      assert.equal((await bench.state(id)).startedAt, undefined);
      await bench.engine.startContainer(id);
      const { startedAt, pid, status } = await bench.state(id);
      assert.equal(status, 'running');
      await bench.engine.startContainer(id);
      assert.equal((await bench.state(id)).startedAt, startedAt);
      assert.equal((await bench.state(id)).pid, pid);
      await bench.engine.stopContainer(id, 1000);
      await bench.engine.stopContainer(id, 1000);
      assert.equal((await bench.state(id)).status, 'exited');
      await bench.engine.removeContainer(id);
      await bench.engine.removeContainer(id);
      assert.equal(await bench.engine.inspectContainer(id), undefined);
    });

    test('a paused container is neither running nor stopped, and goes on where it was', async (context) => {
      if (!(await bench.engine.info()).canPause) {
        context.diagnostic('This engine cannot pause.');
        return;
      }
      const id = await bench.started(sleeper);
      const { pid } = await bench.state(id);
      await bench.engine.pauseContainer(id);
      await bench.engine.pauseContainer(id);
      assert.equal((await bench.state(id)).status, 'paused');
      assert.equal((await bench.state(id)).pid, pid);
      await bench.engine.unpauseContainer(id);
      await bench.engine.unpauseContainer(id);
      assert.equal((await bench.state(id)).status, 'running');
      assert.equal((await bench.state(id)).pid, pid);
    });

    test('what a container takes is told while it runs', async () => {
      const id = await bench.create(sleeper);
      const load = async () => (await bench.engine.readLoads()).find((one) => one.id === id);
      assert.equal(await load(), undefined);
      await bench.engine.startContainer(id);
      const first = await load();
      assert.ok(first && first.memoryBytes > 0 && first.memoryBytes < 2 ** 28);
      assert.ok(((await load())?.cpuMs ?? 0) >= first.cpuMs);
      await bench.engine.stopContainer(id, 0);
      assert.equal(await load(), undefined);
    });

    test('a volume that a container has is not removed; without one it is, and once', async () => {
      const volume = `${bench.own}-held`;
      await bench.engine.createVolume({ name: volume, driverOpts: {}, labels: { [bench.own]: 'volume' } });
      const at = { file: '', line: 1, column: 1 };
      const mounts: ContainerSpec['mounts'] = [
        { type: 'volume', engineName: volume, target: '/volume', readOnly: false, noCopy: false, at },
      ];
      const id = await bench.create(sleeper, { mounts });
      assert.equal((await bench.state(id)).mounts[0]?.volume, volume);
      assert.match((await bench.engine.inspectVolume(volume))?.mountpoint ?? '', /^\//);
      await fails(bench.engine.removeVolume(volume), 'in-use');
      await bench.engine.removeContainer(id);
      assert.ok(await bench.engine.inspectVolume(volume));
      await bench.engine.removeVolume(volume);
      await bench.engine.removeVolume(volume);
      assert.equal(await bench.engine.inspectVolume(volume), undefined);
    });

    test('an image is found by each of its tags, until that is taken away', async () => {
      const tag = `localhost/${bench.own}/tagged:1`;
      await bench.engine.tagImage(bench.image, tag);
      await bench.engine.tagImage(bench.image, tag);
      assert.equal((await bench.engine.inspectImage(tag))?.id, bench.image);
      await bench.engine.untagImage(tag);
      await bench.engine.untagImage(tag);
      assert.equal(await bench.engine.inspectImage(tag), undefined);
      assert.equal((await bench.engine.inspectImage(bench.image))?.id, bench.image);
    });

    test('an image that a container has stays with all its tags; without one it goes, and once', async () => {
      const tags = ['1', '2'].map((tag) => `localhost/${bench.own}/spare:${tag}`);
      const image = await bench.build(tags[0] ?? '');
      await bench.engine.tagImage(image, tags[1] ?? '');
      const listed = (await bench.engine.listImages()).find(({ id }) => id === image);
      assert.ok(listed);
      assert.deepEqual(listed.tags.toSorted(), tags);
      assert.ok(Date.parse(listed.createdAt) <= Date.now());
      const id = await bench.create(sleeper, { image });
      await fails(bench.engine.removeImage(image, { parents: 'keep' }), 'in-use');
      assert.deepEqual((await bench.engine.inspectImage(image))?.tags.toSorted(), tags);
      await bench.engine.removeContainer(id);
      assert.ok(image in (await bench.engine.readUsage()).images);
      await bench.engine.removeImage(image, { parents: 'keep' });
      await bench.engine.removeImage(image, { parents: 'keep' });
      assert.equal(await bench.engine.inspectImage(image), undefined);
      assert.equal(await bench.engine.inspectImage(tags[1] ?? ''), undefined);
      assert.ok(!(await bench.engine.listImages()).some(({ id: other }) => other === image));
    });

    test('an image without a tag is listed as such, and goes', async () => {
      const tag = `localhost/${bench.own}/moving:1`;
      const [old, young] = [await bench.build(tag), await bench.build(tag)];
      const listed = (await bench.engine.listImages()).filter(({ id }) => id === old || id === young);
      assert.deepEqual(Object.fromEntries(listed.map(({ id, tags }) => [id, tags])), {
        [old]: [],
        [young]: [tag],
      });
      for (const id of [old, young]) await bench.engine.removeImage(id, { parents: 'keep' });
      assert.equal(await bench.engine.inspectImage(old), undefined);
      assert.equal(await bench.engine.inspectImage(tag), undefined);
    });

    test('volumes that no container has are told from the others', async () => {
      const [held, loose] = [`${bench.own}-held2`, `${bench.own}-loose`];
      for (const name of [held, loose])
        await bench.engine.createVolume({ name, driverOpts: {}, labels: { [bench.own]: 'volume' } });
      const at = { file: '', line: 1, column: 1 };
      const id = await bench.create(sleeper, {
        mounts: [{ type: 'volume', engineName: held, target: '/volume', readOnly: false, noCopy: false, at }],
      });
      const dangling = (await bench.engine.listDanglingVolumes()).map(({ name }) => name);
      assert.deepEqual([dangling.includes(held), dangling.includes(loose)], [false, true]);
      await bench.engine.removeContainer(id);
      for (const name of [held, loose]) await bench.engine.removeVolume(name);
    });

    test('a container that is started again is the same one', async () => {
      const id = await bench.started(`${sleeper}\nlabels: {a: b}`);
      await bench.engine.stopContainer(id, 0);
      await bench.engine.startContainer(id);
      const again = await bench.state(id);
      assert.equal(again.status, 'running');
      assert.equal(again.exitCode, undefined);
    });

    test('is renamed, and found by label and by name', async () => {
      const id = await bench.started(sleeper);
      const name = `${bench.own}-renamed`;
      await bench.engine.renameContainer(id, name);
      await bench.engine.renameContainer(id, name);
      assert.equal((await bench.state(name)).id, id);
      assert.equal((await bench.state(id)).status, 'running');
      assert.ok(
        (await bench.engine.listContainers({ labels: [bench.own] })).some((container) => container.id === id),
      );
      assert.deepEqual(await bench.engine.listContainers({ labels: [`${bench.own}=no`] }), []);
      assert.deepEqual(await bench.engine.listContainers({ labels: [bench.own, `${bench.own}=no`] }), []);
    });

    test('a name that is in use is refused as such', async () => {
      const spec = bench.specOf(await mustLoadService(sleeper));
      await bench.engine.createContainer(spec);
      await fails(bench.engine.createContainer(spec), 'name-taken');
    });

    test('a container that the same operation left half made is completed, not made again', async () => {
      const second = `${bench.network}-2`;
      await bench.engine.createNetwork({
        name: second,
        driverOpts: {},
        internal: false,
        attachable: false,
        enableIpv6: false,
        ipam: { config: [] },
        labels: { [bench.own]: 'network' },
      });
      const labels = { [bench.own]: 'half', [label.operation]: '0123abcd' };
      const one = bench.specOf(await mustLoadService(sleeper), { labels });
      const id = await bench.engine.createContainer(one);
      const both: ContainerSpec = {
        ...one,
        network: {
          mode: 'bridge',
          attachments: [
            { network: bench.network, aliases: [] },
            { network: second, aliases: [] },
          ],
        },
      };
      assert.equal(await bench.engine.createContainer(both), id);
      assert.deepEqual(Object.keys((await bench.state(id)).networks).sort(), [bench.network, second]);
      assert.equal(await bench.engine.createContainer(both), id);
      await fails(
        bench.engine.createContainer({ ...both, labels: { ...labels, [label.operation]: '4567cdef' } }),
        'name-taken',
      );
      await bench.engine.removeContainer(id);
      await bench.engine.removeNetwork(second);
    });

    test('a host port that is in use is refused as such, and named', async () => {
      const port = await freePort();
      const text = `${sleeper}\nports: ["127.0.0.1:${port}:80"]`;
      const first = await bench.started(text);
      assert.deepEqual((await bench.state(first)).ports, [
        { hostIp: '127.0.0.1', hostPort: port, containerPort: 80, protocol: 'tcp' },
      ]);
      const second = await bench.create(text);
      const { message } = await fails(bench.engine.startContainer(second), 'port-taken');
      assert.match(message, new RegExp(String(port)));
      await bench.engine.stopContainer(first, 0);
      await bench.engine.startContainer(second);
    });

    test('the end of a container tells its exit code', async () => {
      const id = await bench.started('command: [sh, -c, "echo out; echo err >&2; exit 7"]');
      assert.deepEqual(await bench.engine.waitContainer(id), { exitCode: 7 });
      assert.equal((await bench.state(id)).exitCode, 7);
      const logs = await bench.engine.logs(id, { tail: 10 });
      assert.match(logs, /out/);
      assert.match(logs, /err/);
    });

    test('several networks are joined at once', async () => {
      const other = `${bench.network}-2`;
      const made = await bench.engine.createNetwork({
        name: other,
        driverOpts: {},
        internal: true,
        attachable: false,
        enableIpv6: false,
        ipam: { config: [] },
        labels: {},
      });
      assert.equal(made.internal, true);
      const id = await bench.started(sleeper, {
        network: {
          mode: 'bridge',
          attachments: [
            { network: bench.network, aliases: [] },
            { network: other, aliases: ['deep'] },
          ],
        },
      });
      assert.deepEqual(Object.keys((await bench.state(id)).networks).sort(), [bench.network, other]);
      await fails(bench.engine.removeNetwork(other), 'in-use');
      await bench.engine.removeContainer(id);
      await bench.engine.removeNetwork(other);
      await bench.engine.removeNetwork(other);
      assert.equal(await bench.engine.inspectNetwork(other), undefined);
    });

    test('an image that no registry has is not taken for one that is there', async () => {
      const reference = `localhost:1/${bench.own}/nowhere:1`;
      assert.equal(await bench.engine.inspectImage(reference), undefined);
      const there = await bench.engine.imageExistsRemotely(reference).catch((error: unknown) => error);
      assert.ok(
        there === false || (there instanceof EngineError && there.code === 'unreachable'),
        String(there),
      );
      await assert.rejects(
        bench.engine.pullImage(reference, () => undefined),
        EngineError,
      );
    });

    test('what is not there is not found, and not an error to remove', async () => {
      assert.equal(await bench.engine.inspectContainer(`${bench.own}-none`), undefined);
      assert.equal(await bench.engine.inspectNetwork(`${bench.own}-none`), undefined);
      await bench.engine.removeContainer(`${bench.own}-none`);
      await fails(bench.engine.startContainer(`${bench.own}-none`), 'not-found');
    });

    test('a restart policy is changed where the engine can, and it says so', async () => {
      const id = await bench.create(`${sleeper}\nrestart: always`);
      const changed = await bench.engine.setRestartPolicy(id, 'unless-stopped');
      assert.equal((await bench.state(id)).restartPolicy, changed ? 'unless-stopped' : 'always');
      assert.equal(changed, kind === 'docker');
    });
  });
};
