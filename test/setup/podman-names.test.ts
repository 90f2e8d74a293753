/** Whether Podman's name server is the process that its file names. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { namesFinding } from '../../setup/examine.ts';
import { nameServerIn } from '../../setup/podman-names.ts';

describe('Podman’s name server', () => {
  let runtime: string;
  let directory: string;
  before(async () => {
    runtime = await mkdtemp(join(tmpdir(), 'baton-names-'));
    directory = join(runtime, 'containers/networks/aardvark-dns');
  });
  after(async () => {
    await rm(runtime, { recursive: true });
  });
  const found = async () => namesFinding(await nameServerIn(runtime));

  test('is not missed where no container is on a network', async () => {
    assert.equal((await found()).state, 'ok');
  });

  test('is missed where its pid is another’s by now, and is begun again without that file', async () => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'shop_default'), '');
    const other = spawn('sleep', ['60']);
    await once(other, 'spawn');
    await writeFile(join(directory, 'aardvark.pid'), String(other.pid));
    const { state, detail, mend } = await found();
    other.kill();
    assert.equal(state, 'problem');
    assert.match(detail, /shop_default/);
    assert.equal(mend, `rm ${join(directory, 'aardvark.pid')}; podman restart --latest`);
  });

  test('is missed where nothing is known of it', async () => {
    await rm(join(directory, 'aardvark.pid'));
    assert.equal((await found()).mend, 'podman restart --latest');
  });

  test('of this machine runs, as the test host keeps a container on a network', async () => {
    const finding = namesFinding(await nameServerIn('/run'));
    assert.deepEqual([finding.state, finding.detail], ['ok', 'containers find one another']);
  });
});
