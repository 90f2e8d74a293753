/** Traffic as a look sees it, with real records: counted once, over restarts of the worker, and kept only with the look. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, mock, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { lookActivities } from '../../activities/look.ts';
import { traffic } from '../../activities/observe/traffic.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { Records } from '../../activities/ports/records.ts';
import type { Scene } from '../../activities/observe/source.ts';
import { quietHoursActivities, quietWindowFor } from '../../activities/quiet-hours.ts';
import { openRecords } from '../../activities/records/index.ts';
import type { Asked } from '../../domain/look.ts';
import type { TrafficSource } from '../../domain/traffic.ts';

const labels = { 'traefik.http.routers.shop.rule': 'Host(`shop.example`)' };
const spec = { name: 'shop', services: [{ name: 'web', labels, dependsOn: [], network: {} }], requires: [] };
const minute = 60_000;

describe('traffic', () => {
  let directory: string;
  let log: string;
  let records: Records;
  let from: TrafficSource | undefined;
  let server: Server;
  let page = '';
  /** Looks are made at this time. */
  let now = Date.parse('2026-11-26T03:00:00Z');

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-traffic-'));
    server = createServer((_, response) => response.writeHead(page === '' ? 503 : 200).end(page)).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    mock.method(Date, 'now', () => now);
  });
  after(async () => {
    mock.restoreAll();
    server.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(async () => {
    const own = await mkdtemp(join(directory, 'own-'));
    log = join(own, 'access.log');
    await writeFile(log, '');
    records = await openRecords(join(own, 'records.db'));
    from = { accessLog: log };
  });

  const ports = (): Ports =>
    ({
      host: 'nas',
      records: () => Promise.resolve(records),
      settings: () => Promise.resolve({ ok: true, settings: from ? { traffic: from } : {} }),
    }) as unknown as Ports;
  const run = async <Result>(work: () => Promise<Result>): Promise<Result> =>
    await new MockActivityEnvironment().run(work);
  /** As a worker that has just started; of what it looks at only this source can be asked. */
  const keep = async (id: string): Promise<Asked | undefined> => {
    now += 5 * minute;
    const { asked } = await run(() => lookActivities(ports()).keepLook(id));
    return asked.find(({ source }) => source === 'traffic');
  };
  const see = async () => await traffic.see(scene());
  const scene = (): Scene =>
    ({
      ports: ports(),
      at: now,
      stacks: () => Promise.resolve([{ stack: 'shop', release: { spec } }]),
    }) as unknown as Scene;
  /** Kept as a look keeps it, in one go. */
  const count = async (
    after = 5 * minute,
  ): Promise<{ value?: number; unknown?: string[]; told?: string }> => {
    now += after;
    const seen = await see();
    assert.ok(!('notHere' in seen));
    const { samples, cursor, unknown, findings } = seen;
    const entries =
      cursor === undefined
        ? []
        : [{ kind: 'cursor' as const, id: 'nas traffic', at: now, about: 'traffic', body: cursor }];
    await records.write({ samples: samples.map((one) => ({ ...one, at: now })), entries });
    const [told] = findings.filter(({ state }) => state !== 'fine');
    return {
      ...(samples[0] ? { value: samples[0].value } : {}),
      ...(unknown ? { unknown } : {}),
      ...(told ? { told: told.evidence } : {}),
    };
  };
  const requests = async (times: number, router = 'shop@docker'): Promise<void> => {
    await appendFile(log, `${JSON.stringify({ RouterName: router, DownstreamStatus: 200 })}\n`.repeat(times));
  };

  test('is not here where nobody says where it is told', async () => {
    from = undefined;
    assert.ok('notHere' in (await see()));
  });

  test('is counted from the second look on, also as nothing', async () => {
    await requests(5);
    assert.deepEqual(await count(), {});
    await requests(3);
    assert.deepEqual(await count(), { value: 3 });
    assert.deepEqual(await count(), { value: 0 });
  });

  test('is counted again by a look that was not kept, and by nobody after one that was', async () => {
    await count();
    await requests(4);
    now += 5 * minute;
    for (let time = 0; time < 2; time += 1) {
      const seen = await see();
      assert.ok(!('notHere' in seen));
      assert.deepEqual(seen.samples, [{ measure: 'traffic.requests', place: 'shop/web', value: 4 }]);
    }
    assert.deepEqual(await count(), { value: 4 });
    assert.deepEqual(await count(0), {}, 'a second look within a second takes nothing away');
    assert.deepEqual(await count(), { value: 0 });
  });

  test('of more than one look is not told of one', async () => {
    await count();
    await requests(400);
    assert.match((await count(60 * minute)).unknown?.join() ?? '', /since .* were not counted/);
    await requests(2);
    assert.deepEqual(await count(), { value: 2 });
  });

  test('of routers that nobody has is told, and so is a log that is none of Traefik’s', async () => {
    await count();
    await requests(2, 'wiki@file');
    assert.match((await count()).told ?? '', /wiki@file/);
    await appendFile(log, 'GET / 200\nGET / 200\n');
    assert.match((await count()).unknown?.join() ?? '', /2 of 2 lines/);
  });

  test('is unknown while the log cannot be read, and goes on where it was', async () => {
    await keep('a');
    await requests(3);
    from = { accessLog: join(directory, 'none') };
    const asked = await keep('b');
    assert.equal(asked?.state, 'unknown');
    from = { accessLog: log };
    assert.deepEqual(await count(minute), { value: 3 });
  });

  test('is kept with its cursor in one go, or not at all', async () => {
    await keep('a');
    const cursor = async (): Promise<unknown> => (await records.entries({ kind: 'cursor' }))[0]?.body;
    const first = await cursor();
    assert.notEqual(first, undefined);
    await requests(2);
    await run(() => lookActivities(ports()).lookAtHost());
    assert.deepEqual(await cursor(), first, 'a look that keeps nothing leaves it');
    const write = mock.method(records, 'write', () => Promise.reject(new Error('the disk is full')));
    await assert.rejects(keep('b'), /the disk is full/);
    write.mock.restore();
    assert.deepEqual(await cursor(), first);
  });

  test('is told by metrics, from the second look on, through a restart of Traefik', async () => {
    from = { metrics: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics` };
    const metrics = (
      total: number,
      started: number,
    ): string => `# HELP traefik_config_reloads_total Config reloads
traefik_config_reloads_total 1
traefik_service_requests_total{code="200",method="GET",protocol="http",service="web-shop@docker"} ${total}
process_start_time_seconds ${started}
`;
    page = metrics(100, 1);
    assert.deepEqual(await count(), {});
    page = metrics(130, 1);
    assert.deepEqual(await count(), { value: 30 });
    page = metrics(140, 2);
    assert.deepEqual(await count(), { value: 140 });
    page = '';
    await assert.rejects(count(), /it answers 503/);
    page = 'x'.repeat(17 * 2 ** 20);
    await assert.rejects(count(), /longer than 16 MiB/);
    page = 'up 1\n';
    await assert.rejects(count(), /no metrics of Traefik/);
    from = { metrics: 'http://127.0.0.1:1/metrics' };
    await assert.rejects(count(), /127\.0\.0\.1:1/);
  });

  test('of days is what quiet hours are told from, without hours that were half looked at', async () => {
    const begin = new Date('2026-11-20T00:00:00').getTime();
    const isBlind = (at: Date): boolean =>
      at.getDate() === 22 && at.getHours() === 7 && at.getMinutes() >= 20;
    const samples = Array.from({ length: 4 * 24 * 12 }, (_, look) => begin + look * 5 * minute)
      .filter((at) => !isBlind(new Date(at)))
      .map((at) => ({
        measure: 'traffic.requests',
        place: 'shop/web',
        at,
        value: new Date(at).getHours() === 4 ? 1 : 12,
      }));
    await records.write({ samples });
    now = begin + 4 * 24 * 60 * minute;
    await records.tidy(now);
    const { targets } = await run(() =>
      quietHoursActivities(ports()).findQuietHours(30, { hours: 1, count: 24 }),
    );
    const [one] = targets;
    assert.ok(one?.quiet.state === 'told', JSON.stringify(one));
    const [quietest] = one.quiet.windows;
    assert.deepEqual([quietest?.from, quietest?.expected, one.quiet.usual], [4, 12, 144]);
    const morning = one.quiet.windows.find(({ from: hour }) => hour === 7);
    assert.equal(morning?.low, 144);

    // The same hours are what decisions choose, where nobody has said others.
    const wanted = { target: 'shop/web', takesMs: minute };
    const nobody = { weekday: { maxActions: 5 }, weekend: { maxActions: 5 }, minConfidence: {} };
    const preferences = { ...nobody, protected: [], optOuts: [] };
    const told = (await quietWindowFor(records, preferences, now))(wanted);
    assert.ok(told !== 'unknown' && new Date(told.from).getHours() <= 4 && new Date(told.to).getHours() >= 5);
    assert.match(told.why, /as measured on 4 days/);
    const quietHours = { opens: '0 22 * * *', lastsMs: 60 * minute, except: [] };
    const said = (await quietWindowFor(records, { ...preferences, quietHours }, now))(wanted);
    assert.ok(said !== 'unknown' && new Date(said.from).getHours() === 22);
    const early = (await quietWindowFor(records, preferences, begin))(wanted);
    assert.ok(early !== 'unknown' && new Date(early.from).getHours() === 3);
    assert.match(early.why, /too little traffic/);
  });
});
