/** Disks are seen whatever else is away: one that is full may be what has ended the engine. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDisk } from '../../../activities/disk/index.ts';
import { openMemory } from '../../../activities/memory.ts';
import { Counters } from '../../../activities/observe/counters.ts';
import { disks } from '../../../activities/observe/disks.ts';
import { setScene } from '../../../activities/observe/source.ts';
import type { Ports } from '../../../activities/ports/index.ts';

test('disks are seen while the engine does not answer', async () => {
  const state = await mkdtemp(join(tmpdir(), 'baton-disks-'));
  const ports = {
    host: 'nas',
    engine: { listContainers: () => Promise.reject(new Error('the engine is away')) },
    engineInfo: { rootDirectory: state },
    memory: openMemory(state),
    disk: openDisk({ home: state, state, others: [] }),
  } as unknown as Ports;
  const seen = await disks.see(setScene(ports, Date.now(), new Counters()));
  assert.ok('samples' in seen);
  assert.ok(seen.samples.some(({ measure, place }) => measure === 'disk.used' && place === '/'));
  await rm(state, { recursive: true });
});
