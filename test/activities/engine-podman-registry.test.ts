/** Podman and a real registry: what is there is seen without pulling it, and pulled by its digest. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { execa } from 'execa';
import { answers } from '../../activities/engines/answers.ts';
import { withRegistry } from '../../activities/engines/podman-registry.ts';
import { podmanEngine } from '../../activities/engines/podman.ts';
import { registryImage } from '../../domain/image-tag.ts';
import { EngineError, type Engine } from '../../activities/ports/engine.ts';
import { until } from '../e2e/site.ts';
import { podmanStorage } from '../host/podman-storage.ts';
import { Registry } from '../host/registry.ts';

describe('podman and a registry', () => {
  let directory: string;
  let registry: Registry;
  let service: ChildProcess;
  let engine: Engine;
  let digest: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-podman-'));
    registry = await Registry.start();
    digest = await registry.publish('stable', { createdAt: 0, runs: ['true'] });
    const socket = join(directory, 'podman.sock');
    // One of its own: only when it starts does it read which registries have no TLS.
    service = spawn(
      'podman',
      [...podmanStorage(directory), 'system', 'service', '--time=0', `unix://${socket}`],
      {
        stdio: 'ignore',
        env: { ...process.env, CONTAINERS_REGISTRIES_CONF: registry.configuration },
      },
    );
    await until('Podman', () => answers(socket));
    engine = await podmanEngine({ socket });
  });
  after(async () => {
    await engine.close();
    await execa('podman', [...podmanStorage(directory), 'rmi', '--all', '--force'], { reject: false });
    const ended = once(service, 'exit');
    service.kill();
    await ended;
    await registry.close();
    await rm(directory, { recursive: true, force: true });
  });

  test('what is there is seen, and what is not there is not', async () => {
    const name = `${registry.address}/base`;
    assert.equal(await engine.imageExistsRemotely(`${name}:stable`), true);
    assert.equal(await engine.imageExistsRemotely(`${name}@${digest}`), true);
    assert.equal(await engine.imageExistsRemotely(`${name}:nothing`), false);
    assert.equal(await engine.imageExistsRemotely(`${registry.address}/nothing:stable`), false);
    assert.equal(await engine.inspectImage(`${name}:stable`), undefined);
  });

  test('what is pulled by its digest is known by it, and keeps its name where it is given a tag', async () => {
    const { id } = await engine.pullImage(`${registry.address}/base@${digest}`, () => undefined);
    await engine.tagImage(id, `${registry.address}/base:stable`);
    const found = await engine.inspectImage(`${registry.address}/base:stable`);
    assert.deepEqual([found?.id, found?.repoDigests], [id, [`${registry.address}/base@${digest}`]]);
  });

  test('what lost its name to a newer image is known by that under which it is kept', async () => {
    const reference = `${registry.address}/base:stable`;
    const { id = '' } = (await engine.inspectImage(reference)) ?? {};
    await engine.tagImage(id, 'localhost/baton-kept/shop/web:0123456789ab');
    await registry.publish('stable', { createdAt: 1_000, runs: ['false'] });
    assert.notEqual((await engine.pullImage(reference, () => undefined)).id, id);
    const kept = await engine.inspectImage(id);
    assert.deepEqual(registryImage(reference, kept?.repoDigests ?? []), { reference, digests: [digest] });
  });

  test('a registry that does not answer is told as that', async () => {
    await registry.shut();
    await assert.rejects(
      engine.imageExistsRemotely(`${registry.address}/base:other`),
      (error: unknown) => error instanceof EngineError && error.code === 'unreachable',
    );
  });

  test('short names are those of Docker Hub, as where they are pulled', () => {
    assert.deepEqual(
      ['nginx', 'nginx:1', 'immich/server:1', 'ghcr.io/a/b', 'localhost/a', 'host:5000/a'].map(withRegistry),
      [
        'docker.io/library/nginx',
        'docker.io/library/nginx:1',
        'docker.io/immich/server:1',
        'ghcr.io/a/b',
        'localhost/a',
        'host:5000/a',
      ],
    );
  });
});
