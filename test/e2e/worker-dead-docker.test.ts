/** A worker that was killed, and does not come back: Temporal lists it for minutes after, and every command says what is the matter. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Site, until } from './site.ts';

describe('while the worker is dead', () => {
  let site: Site;

  before(async () => {
    site = await Site.open('docker', 'btrfs');
    await site.write(
      'shop.yml',
      `
name: shop
services:
  web: {image: "\${IMAGE}", command: [httpd, -f, -p, '80'], stop_signal: SIGKILL, x-baton: {probe: {tcp: 80}}}
x-baton: {min_healthy_time: 100ms}
`,
    );
    // Whoever has answered once is listed.
    assert.equal((await site.baton('status')).code, 0);
    await site.stopWorker('SIGKILL');
  });
  after(async () => {
    await site.close();
  });

  for (const words of [['status'], ['plan', 'shop.yml']])
    test(`baton ${words[0]} ends with exit code 4, and says what to type`, async () => {
      const { code, err } = await site.baton(...words);
      assert.equal(code, 4, err);
      assert.match(err, /does not answer\. Nothing was changed\.\n.*baton up/);
    });

  test('baton doctor names it, and asks no further', async () => {
    const { code, out } = await site.baton('doctor');
    assert.equal(code, 1);
    assert.match(out, /✗ Worker +The Baton worker of host .* does not answer\.\n +→ baton up/);
  });

  const typed = (...words: string[]) => {
    const process = site.beginBaton(...words);
    let all = '';
    for (const stream of [process.stdout, process.stderr])
      stream.on('data', (chunk: Buffer) => (all += chunk.toString()));
    return { process, said: () => all };
  };

  test('a deploy is told to wait, and is done when a worker is back', async () => {
    const { process, said } = typed('deploy', 'shop.yml');
    await until('the word', () => said().includes('No worker answers.'), 40_000);
    await site.startWorker();
    assert.equal((await process).exitCode, 0, said());
    assert.equal(said().split('No worker answers.').length, 2, said());
    assert.equal((await site.containers('shop')).length, 1);
  });

  test('a change without steps is told to wait as well', async () => {
    await site.stopWorker('SIGKILL');
    const { process, said } = typed('auto', 'once');
    await until('the word', () => said().includes('No worker answers.'), 40_000);
    await site.startWorker();
    assert.equal((await process).exitCode, 0, said());
  });
});
