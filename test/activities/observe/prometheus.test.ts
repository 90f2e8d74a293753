/** Asks an HTTP server that answers as the HTTP API of Prometheus is published. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { prometheus } from '../../../activities/observe/prometheus.ts';
import type { Scene } from '../../../activities/observe/source.ts';
import { openRecords } from '../../../activities/records/index.ts';
import type { Records } from '../../../activities/ports/records.ts';
import { afterLook } from '../../../domain/incident.ts';
import type { Seen } from '../../../domain/look.ts';
import { setImpossibleAside } from '../../../domain/possible.ts';
import type { Prometheus, PrometheusQuery } from '../../../domain/prometheus.ts';

const minuteMs = 60_000;
const now = Date.parse('2026-03-01T12:00:00Z');

type Given = { query: string; authorization: string | undefined; path: string | undefined };

describe('what a Prometheus answers', () => {
  let server: Server;
  let directory: string;
  let records: Records;
  let answer: (response: ServerResponse, given: Given) => void;

  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const query = new URLSearchParams(await text(request)).get('query') ?? '';
    answer(response, { query, authorization: request.headers.authorization, path: request.url });
  };

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-prometheus-'));
    records = await openRecords(join(directory, 'records.db'));
    server = createServer((request, response) => void take(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await records.close();
    await rm(directory, { recursive: true });
  });

  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const see = async (
    query: Partial<PrometheusQuery> = {},
    more: Partial<Prometheus> = {},
    environment = {},
  ): Promise<Seen> => {
    const queries: PrometheusQuery[] = [
      { name: 'hot', query: 'temp', forMs: 0, severity: 'warning', ...query },
    ];
    const settings = { prometheus: { url: url(), queries, ...more } };
    const seen = await prometheus.see({
      at: now,
      ports: {
        settings: () => Promise.resolve({ ok: true, settings }),
        records: () => Promise.resolve(records),
        environment,
      },
    } as unknown as Scene);
    assert.ok(!('notHere' in seen));
    return seen;
  };
  const tell = (status: number, body: unknown) => (response: ServerResponse) => {
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  };
  const vector = (...series: [Record<string, string>, string][]) =>
    tell(200, {
      status: 'success',
      data: {
        resultType: 'vector',
        result: series.map(([metric, value]) => ({ metric, value: [now / 1_000, value] })),
      },
    });

  test('becomes a sample a series, and what is beyond the threshold an incident named by the query', async () => {
    answer = vector(
      [{ __name__: 'temp', chip: 'cpu', host: 'nas' }, '91.5'],
      [{ __name__: 'temp', chip: 'disk', host: 'nas' }, '-4'],
    );
    const seen = await see({ threshold: { above: 80 }, severity: 'critical' });
    const [cpu, disk] = ['temp{chip="cpu",host="nas"}', 'temp{chip="disk",host="nas"}'];
    assert.deepEqual(seen, {
      samples: [
        { measure: 'prometheus.hot', place: cpu, value: 91.5 },
        { measure: 'prometheus.hot', place: disk, value: -4 },
      ],
      findings: [
        { what: 'prometheus-hot', where: cpu, state: 'critical', evidence: '91.5, above 80' },
        { what: 'prometheus-hot', where: disk, state: 'fine', evidence: '-4' },
      ],
      needs: {},
      whole: ['prometheus-hot'],
    });
    assert.deepEqual(setImpossibleAside(seen.samples).findings, []);
  });

  test('is an incident only once it has been so for as long, without a break in the looks', async () => {
    answer = vector([{ __name__: 'temp' }, '90']);
    const query = { threshold: { above: 80 }, forMs: 10 * minuteMs };
    const waits = await see(query);
    assert.deepEqual([waits.findings, waits.whole], [[], []]);
    const sample = (minutes: number, value: number) => ({
      measure: 'prometheus.hot',
      place: 'temp',
      at: now - minutes * minuteMs,
      value,
    });
    await records.write({ samples: [sample(10, 90), sample(5, 70)] });
    assert.deepEqual((await see(query)).findings, []);
    await records.write({ samples: [sample(5, 85)] });
    assert.deepEqual(
      (await see(query)).findings.map(({ state, evidence }) => [state, evidence]),
      [['warning', '90, above 80 for 10 min']],
    );
  });

  test('of a scalar, or of a sum without labels, is told by the name of the query', async () => {
    answer = tell(200, { status: 'success', data: { resultType: 'scalar', result: [now / 1_000, '7'] } });
    assert.deepEqual((await see()).samples, [{ measure: 'prometheus.hot', place: 'hot', value: 7 }]);
    answer = vector([{}, '8']);
    assert.deepEqual((await see()).samples, [{ measure: 'prometheus.hot', place: 'hot', value: 8 }]);
  });

  for (const value of ['NaN', '+Inf', '-Inf'])
    test(`that is ${value} is set aside and told, and ends no incident`, async () => {
      answer = vector([{ __name__: 'temp' }, value]);
      const seen = await see({ threshold: { above: 80 } });
      const { samples, findings } = setImpossibleAside(seen.samples);
      assert.deepEqual(samples, []);
      assert.deepEqual(
        findings.map(({ what, where }) => [what, where]),
        [['impossible-value', 'prometheus.hot temp']],
      );
      const open = { what: 'prometheus-hot', where: 'temp', state: 'warning', evidence: '' } as const;
      const known = afterLook([], [open], now - minuteMs);
      assert.deepEqual(afterLook(known, seen.findings, now, seen.whole), known);
    });

  test('without a series that had an incident ends it', async () => {
    answer = vector();
    const seen = await see({ threshold: { above: 80 } });
    assert.deepEqual([seen.samples, seen.findings, seen.whole], [[], [], ['prometheus-hot']]);
  });

  test('with more series than are looked at, or with long and hostile labels, is bounded and told', async () => {
    const many = Array.from({ length: 51 }, (_, index): [Record<string, string>, string] => [
      { path: `${'x'.repeat(500)}\u001b[2J\u202e${index}` },
      '1',
    ]);
    answer = vector(...many);
    const { samples, unknown, whole } = await see({ threshold: { above: 80 } });
    assert.equal(new Set(samples.map(({ place }) => place)).size, 50);
    assert.ok(samples.every(({ place }) => place.length <= 160 && !/[\p{Cc}\p{Cf}]/u.test(place)));
    assert.deepEqual([unknown?.length, whole], [1, []]);
  });

  test('with a warning counts, and is told as not whole', async () => {
    const result = [{ metric: { __name__: 'temp' }, value: [now / 1_000, '1'] }];
    answer = tell(200, {
      status: 'success',
      data: { resultType: 'vector', result },
      warnings: ['a store is away'],
    });
    const { samples, unknown, whole } = await see();
    assert.deepEqual([samples.length, unknown, whole], [1, ['hot: a store is away'], []]);
  });

  const failures: [string, (response: ServerResponse) => void, RegExp][] = [
    [
      'a mistake in the query',
      tell(400, { status: 'error', errorType: 'bad_data', error: 'parse error' }),
      /bad_data: parse error/,
    ],
    ['a status without words', (response) => response.writeHead(502).end('<html>'), /502/],
    ['another place', (response) => response.writeHead(302, { Location: '/login' }).end(), /302/],
    ['another page', (response) => response.end('<html>'), /something else/],
    ['nothing', (response) => response.end(), /something else/],
    ['another shape', tell(200, { status: 'success', data: { resultType: 'vector', result: [1] } }), /else/],
    [
      'an end halfway',
      (response) => response.writeHead(200, { 'Content-Length': 9 }).write('{', () => response.destroy()),
      /reached/,
    ],
    ['more than is read', (response) => response.end(' '.repeat(2 ** 20 + 1)), /1 MiB/],
    ['a range', tell(200, { status: 'success', data: { resultType: 'matrix', result: [] } }), /over_time/],
    ['a text', tell(200, { status: 'success', data: { resultType: 'string', result: [1, 'a'] } }), /text/],
    [
      'a histogram',
      tell(200, {
        status: 'success',
        data: { resultType: 'vector', result: [{ metric: {}, histogram: [1, {}] }] },
      }),
      /histogram/,
    ],
  ];
  for (const [what, respond, why] of failures)
    test(`being ${what} is unknown, and nothing is measured`, async () => {
      answer = respond;
      const { samples, findings, whole, unknown = [] } = await see({ threshold: { above: 80 } });
      assert.deepEqual([samples, findings, whole], [[], [], []]);
      assert.equal(unknown.length, 1);
      assert.match(unknown[0] ?? '', why);
    });

  test('that nobody gives is unknown', async () => {
    const { unknown } = await see({}, { url: 'http://127.0.0.1:1' });
    assert.match(unknown?.[0] ?? '', /^hot: cannot be reached/);
  });

  test('leaves the answers of other queries as they are', async () => {
    answer = (response, { query }) => {
      (query === 'bad' ? tell(422, {}) : vector([{ __name__: 'up' }, '1']))(response);
    };
    const queries = ['bad', 'up'].map((name) => ({
      name,
      query: name,
      forMs: 0,
      severity: 'warning' as const,
    }));
    const { samples, unknown } = await see({}, { queries });
    assert.deepEqual([samples.length, unknown], [1, ['bad: answered 422']]);
  });

  test('is asked with the secret that a file or a variable holds, and nothing of it is told', async () => {
    answer = (response, { authorization, path }) => {
      tell(400, { status: 'error', errorType: path ?? '', error: `sent ${authorization ?? 'nothing'}` })(
        response,
      );
    };
    const file = join(directory, 'token');
    await writeFile(file, 'canary-secret\n');
    const bearer = await see({}, { login: { by: 'bearer', token: { file } } });
    assert.deepEqual(bearer.unknown, ['hot: /api/v1/query: sent Bearer •••']);
    const password = { variable: 'PASSWORD' };
    const basic = await see(
      {},
      { login: { by: 'basic', user: 'me', password } },
      { PASSWORD: 'canary-secret' },
    );
    assert.deepEqual(basic.unknown, ['hot: /api/v1/query: sent Basic •••']);
  });

  test('is not asked for where the secret is not there, or would not fit into a header', async () => {
    const login = { by: 'bearer', token: { variable: 'TOKEN' } } as const;
    await assert.rejects(see({}, { login }), /TOKEN/);
    await assert.rejects(see({}, { login }, { TOKEN: 'canary\ncanary' }), (error: Error) => {
      assert.doesNotMatch(error.message, /canary/);
      return true;
    });
  });
});
