/** Containers that crash, and that are killed for lack of memory, once they were deployed well: found by the engine's API. */
import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Look } from '../../domain/look.ts';
import { Site, until } from './site.ts';

describe('containers that end', () => {
  let site: Site;
  let signs: string;

  before(async () => {
    site = await Site.open('docker', 'btrfs');
    signs = join(site.data, 'signs');
    await mkdir(signs);
    const waiting = (name: string, then: string): string =>
      `[sh, -c, "while [ ! -e /signs/${name} ]; do sleep 0.1; done; ${then}"]`;
    await site.write(
      'shop.yml',
      `
name: shop
services:
  crashes:
    image: \${IMAGE}
    command: ${waiting('crash', 'exit 3')}
    restart: always
    stop_signal: SIGKILL
    volumes: ["${signs}:/signs:ro"]
  eats:
    image: \${IMAGE}
    command: ${waiting('eat', 'tail -c 100000000 /dev/zero')}
    mem_limit: 16m
    stop_signal: SIGKILL
    volumes: ["${signs}:/signs:ro"]
x-baton: {min_healthy_time: 100ms, data: {"${signs}": discard}}
`,
    );
    const deployed = await site.baton('deploy', 'shop.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
  });
  after(async () => {
    await site.close();
  });

  const critical = async (): Promise<string[]> => {
    const { out } = await site.baton('auto', 'once', '--json');
    // What was decided after the look stands in a line of its own.
    const { causes } = JSON.parse(out.split('\n')[0] ?? '') as Look;
    return causes
      .flatMap(({ incident, effects }) => [incident, ...effects])
      .filter(({ severity, what }) => severity === 'critical' && what !== 'disk-full')
      .map(({ what, where }) => `${what}@${where}`);
  };

  /** Docker hears of it by an event, which is lost now and then where the container ends first: it eats again. */
  const knowsOfKill = async (): Promise<boolean> => {
    const format = '{{.State.Status}} {{.State.OOMKilled}}';
    const state = (await site.cli('inspect', 'shop-eats-1', '--format', format)).trim();
    if (state === 'exited false') await site.cli('start', 'shop-eats-1');
    return state === 'exited true';
  };

  test('while they run nothing of it is told', async () => {
    assert.deepEqual(await critical(), []);
  });

  test('are told as a crash loop, and as out of memory', async () => {
    for (const sign of ['crash', 'eat']) await writeFile(join(signs, sign), '');
    const restarts = async (): Promise<number> =>
      Number(await site.cli('inspect', 'shop-crashes-1', '--format', '{{.RestartCount}}'));
    await until('three restarts', async () => (await restarts()) >= 3, 60_000);
    await until('Docker to know what ended it', knowsOfKill);
    const found = await critical();
    assert.ok(found.includes('crash-loop@shop/crashes'), found.join(' '));
    assert.ok(found.includes('out-of-memory@shop/eats'), found.join(' '));
  });
});
