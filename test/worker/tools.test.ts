/** What the worker looks for before it takes on any work. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from 'node:path';
import { execa } from 'execa';

test('a worker on a host where data could not be put back does not begin', async () => {
  const program = join(import.meta.dirname, '..', '..', 'worker', 'main.ts');
  const { exitCode, stderr } = await execa(process.execPath, [program], {
    env: { PATH: '/nowhere' },
    reject: false,
    timeout: 60_000,
  });
  assert.deepEqual(
    [exitCode, stderr.trim().split('\n').at(-1)],
    [
      64,
      'The worker puts data back in one step through python3, which is not here (sudo apt-get install python3). Nothing was changed.',
    ],
  );
});
