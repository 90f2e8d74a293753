/** Tags are asked for seldom: what was answered is in the records, and a quiet look asks neither the engine nor a registry. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openMemory } from '../../../activities/memory.ts';
import { Counters } from '../../../activities/observe/counters.ts';
import { cursorEntry } from '../../../activities/observe/cursor.ts';
import { images } from '../../../activities/observe/images.ts';
import { setScene } from '../../../activities/observe/source.ts';
import type { Ports } from '../../../activities/ports/index.ts';
import type { Records } from '../../../activities/ports/records.ts';
import { openRecords } from '../../../activities/records/index.ts';
import type { Seen } from '../../../domain/look.ts';
import type { OperationId, ReleaseId, ServiceName, StackName } from '../../../domain/names.ts';
import type { Release } from '../../../domain/release.ts';

const hourMs = 3_600_000;
const now = Date.parse('2026-11-26T03:00:00Z');
const digest = `sha256:${'a'.repeat(64)}`;
const count = 100;
const indexes = Array.from({ length: count }, (_, index) => index);

describe('a host with a hundred images of registries', () => {
  let state: string;
  let records: Records;
  let asked: string[];
  before(async () => {
    state = await mkdtemp(join(tmpdir(), 'baton-images-'));
    records = await openRecords(join(state, 'records.db'));
    const stack = 'town' as StackName;
    const release = 'a'.repeat(12) as ReleaseId;
    const service = (index: number) => ({
      name: `s${index}`,
      image: `town/s${index}:1`,
      pullPolicy: 'missing',
      validate: [],
    });
    const memory = openMemory(state);
    await memory.putRelease({
      id: release,
      spec: { name: stack, services: indexes.map(service), validate: [] },
      variables: {},
      images: Object.fromEntries(indexes.map((index) => [`s${index}` as ServiceName, `sha256:id${index}`])),
      secretsDigest: {},
    } as unknown as Release);
    const operation = '00000000' as OperationId;
    const committedAt = new Date(now).toISOString();
    await memory.record(stack, { release, operation, committedAt, kind: 'deploy', snapshots: [] });
  });
  after(async () => {
    await records.close();
    await rm(state, { recursive: true });
  });

  const look = async (at: number, answers = true): Promise<Seen> => {
    asked = [];
    const ports = {
      host: 'nas',
      memory: openMemory(state),
      records: () => Promise.resolve(records),
      engine: {
        inspectImage: (id: string) => {
          asked.push(id);
          const [, index = ''] = id.split('id');
          const repoDigests = [`town/s${index}@${digest}`];
          return Promise.resolve({ id, repoDigests, createdAt: '2026-01-01T00:00:00Z' });
        },
      },
      registry: {
        canAsk: () => Promise.resolve(true),
        tagged: (reference: string) => {
          asked.push(reference);
          return answers ? Promise.resolve({ digest }) : Promise.reject(new Error('connection refused'));
        },
      },
    } as unknown as Ports;
    const seen = await images.see(setScene(ports, at, new Counters()));
    assert.ok('findings' in seen);
    const { cursor } = seen;
    if (cursor !== undefined) await records.write({ entries: [cursorEntry('nas', 'images', at, cursor)] });
    return seen;
  };
  const registriesAsked = (): string[] => asked.filter((one) => one.startsWith('town/'));

  test('asks for a few of them in a look, and calls no other current', async () => {
    const first = await look(now);
    assert.equal(registriesAsked().length, 3);
    assert.equal(first.findings.length, 3);
    assert.deepEqual([first.whole, first.unknown], [[], undefined]);
  });

  test('has asked for all of them in three hours, and then asks nobody', async () => {
    for (let minutes = 5; minutes <= 175; minutes += 5) await look(now + minutes * 60_000);
    const quiet = await look(now + 3 * hourMs);
    assert.deepEqual(asked, []);
    assert.deepEqual(
      [quiet.findings.length, quiet.whole, quiet.cursor],
      [count, ['image-outdated'], undefined],
    );
  });

  test('knows of none that it is current where its registry does not answer', async () => {
    const silent = await look(now + 7 * hourMs, false);
    assert.equal(silent.findings.length, count - 3);
    assert.deepEqual([silent.whole, silent.unknown?.length], [[], 3]);
    assert.match(silent.unknown?.[0] ?? '', /^town\/s\d+:1: connection refused$/);
  });
});
