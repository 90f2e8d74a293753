/** The memory of this machine, and what is told of one that is short: a full machine cannot be had here, so its proc(5) is written. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readHostMemory } from '../../../activities/host-memory.ts';
import { openMemory } from '../../../activities/memory.ts';
import { Counters } from '../../../activities/observe/counters.ts';
import { seeHostMemory } from '../../../activities/observe/host-memory.ts';
import { setScene, type Scene } from '../../../activities/observe/source.ts';
import type { Ports } from '../../../activities/ports/index.ts';
import { openRecords } from '../../../activities/records/index.ts';
import { label } from '../../../domain/labels.ts';

const hourMs = 3_600_000;
const gibibyte = 2 ** 30;

describe('memory of the host', () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-host-memory-'));
    await mkdir(join(directory, 'pressure'));
    await writeFile(
      join(directory, 'meminfo'),
      'MemTotal:       16777216 kB\nMemFree:          100000 kB\nMemAvailable:     524288 kB\n',
    );
    await writeFile(join(directory, 'pressure/memory'), 'full avg10=3.00 avg60=2.00 avg300=1.00 total=9\n');
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });

  test('is what this machine has', async () => {
    const memory = await readHostMemory();
    assert.equal(memory?.totalBytes, totalmem());
    assert.ok(memory.availableBytes > 0 && memory.availableBytes < memory.totalBytes);
  });

  test('that runs out is told while the engine does not answer, with what waited for it', async () => {
    const away = () => Promise.reject(new Error('the engine is away'));
    const ports = {
      host: 'nas',
      memory: openMemory(directory),
      engine: { listContainers: away, readLoads: away },
    } as unknown as Ports;
    const scene: Scene = setScene(ports, Date.now(), new Counters());
    const seen = await seeHostMemory(scene, directory);
    assert.ok('findings' in seen);
    assert.deepEqual(
      seen.findings.map(({ what, state, evidence }) => [what, state, evidence]),
      [
        [
          'memory-pressure',
          'critical',
          '512 MiB of 16 GiB (3 %) can be had, and all waited for it 2 % of the last minute',
        ],
      ],
    );
    assert.deepEqual(
      [seen.whole, seen.unknown],
      [['memory-pressure'], ['what services take: the engine is away']],
    );
  });

  test('names the service that takes more than in its hours on record', async () => {
    const records = await openRecords(join(directory, 'records.db'));
    const at = Math.floor(Date.now() / hourMs) * hourMs;
    const hoursOf = (place: string, mean: number) =>
      Array.from({ length: 48 }, (_, hour) => {
        const value = { count: 12, mean, least: mean, most: mean };
        return { measure: 'memory', place, at: at - (hour + 1) * hourMs, ...value };
      });
    await records.write({ hours: [...hoursOf('shop/db', 6 * gibibyte), ...hoursOf('shop/web', gibibyte)] });
    const takes = { db: 6 * gibibyte, web: 3 * gibibyte, new: 4 * gibibyte };
    const scene = {
      at,
      ports: {
        records: () => Promise.resolve(records),
        engine: {
          readLoads: () =>
            Promise.resolve(
              Object.entries(takes).map(([id, memoryBytes]) => ({ id, memoryBytes, cpuMs: 0 })),
            ),
        },
      },
      recorded: () => Promise.resolve([{ stack: 'shop' }]),
      containers: () =>
        Promise.resolve(
          Object.keys(takes).map((id) => ({
            id,
            name: `shop-${id}-1`,
            labels: { [label.stack]: 'shop', [label.service]: id },
          })),
        ),
    } as unknown as Scene;
    const seen = await seeHostMemory(scene, directory);
    await records.close();
    assert.ok('findings' in seen);
    const [, grown, ...more] = seen.findings;
    assert.deepEqual([grown?.where, more], ['shop/web', []]);
    assert.match(grown?.evidence ?? '', /^3\.0 GiB, 2\.0 GiB more than usual/);
    assert.deepEqual(seen.needs, { 'host memory': ['shop/web'] });
  });

  test('where the kernel tells nothing is not here', async () => {
    assert.ok('notHere' in (await seeHostMemory(undefined as never, join(directory, 'none'))));
  });
});
