import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openFiles } from '../../activities/files.ts';

test('a file that cannot take its place leaves no draft beside it', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-files-'));
  t.after(async () => {
    await rm(directory, { recursive: true });
  });
  const place = join(directory, 'app.yml');
  await mkdir(join(place, 'full'), { recursive: true });

  await assert.rejects(openFiles().replace(place, Buffer.from('port: 80\n'), { mode: 0o644 }), {
    code: 'EISDIR',
  });

  assert.deepEqual(await readdir(directory), ['app.yml']);
});
