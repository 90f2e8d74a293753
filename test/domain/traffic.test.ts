/** What Traefik tells of requests, as it writes it and as clients try to make it look; whose requests they are. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import type { Release } from '../../domain/release.ts';
import { readTrafficLine } from '../../domain/traffic-line.ts';
import { grownSince, readTrafficMetrics } from '../../domain/traffic-metrics.ts';
import { trafficRoutes } from '../../domain/traffic-routes.ts';
import {
  lastAsked,
  longestMs,
  trafficMeasure,
  trafficSamples,
  unmappedFinding,
  type Counted,
} from '../../domain/traffic.ts';

type Labels = Record<string, string>;
const release = (name: string, services: Record<string, Labels>): Pick<Release, 'spec'> =>
  ({
    spec: {
      name,
      services: Object.entries(services).map(([service, labels]) => ({ name: service, labels })),
    },
  }) as unknown as Pick<Release, 'spec'>;

describe('a line of the access log', () => {
  test('in JSON tells its router, or that none took the request', () => {
    const line = (fields: Record<string, unknown>): string =>
      JSON.stringify({ DownstreamStatus: 200, RequestMethod: 'GET', level: 'info', ...fields });
    assert.equal(
      readTrafficLine(line({ RouterName: 'shop@docker', ServiceName: 's@docker' })),
      'router shop@docker',
    );
    assert.equal(readTrafficLine(line({ ServiceName: 's@docker' })), 'service s@docker');
    assert.equal(readTrafficLine(line({})), 'unrouted');
    assert.equal(readTrafficLine(line({ ServiceAddr: '10.0.0.2:80' })), undefined, 'names are left out');
  });

  test('in JSON that is none of Traefik’s tells nothing', () => {
    for (const text of [
      '{}',
      '{"RouterName":7,"DownstreamStatus":200}',
      '{"RouterName":"a\\nb","DownstreamStatus":200}',
      `{"RouterName":"${'x'.repeat(300)}"}`,
      '{"RouterName":"shop@docker"',
      '{"msg":"started"}',
    ])
      assert.equal(readTrafficLine(text), undefined, text);
  });

  const common = (router: string, agent = '"curl/8.0"'): string =>
    `192.0.2.7, 10.0.0.1 - - [26/Nov/2026:11:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" ${agent} 42 ${router} "http://172.18.0.3:80" 3ms`;

  test('in the common format tells its router, or that none took the request', () => {
    assert.equal(readTrafficLine(common('"shop@docker"')), 'router shop@docker');
    assert.equal(readTrafficLine(common('"-"').replace('"http://172.18.0.3:80"', '"-"')), 'unrouted');
  });

  test('is not what a client writes into its headers or its address', () => {
    const forged = '"x" 7 "admin@docker" "http://10.0.0.9:80" 3ms"';
    assert.equal(readTrafficLine(common('"shop@docker"', forged)), 'router shop@docker');
    assert.equal(
      readTrafficLine(common('"shop@docker"', `"${'" 1 "'.repeat(200_000)}"`)),
      'router shop@docker',
    );
    assert.equal(
      readTrafficLine(
        JSON.stringify({ RouterName: 'shop@docker', request_X: '","RouterName":"admin@docker' }),
      ),
      'router shop@docker',
    );
  });

  /** Written by the access log of Traefik 3.3.4, asked by clients that mean it well and by others. */
  const written = async (format: string) =>
    (await readFile(join(import.meta.dirname, `traefik-3.3-${format}.txt`), 'utf8'))
      .trimEnd()
      .split('\n')
      .map(readTrafficLine);
  const shop = 'router shop@docker';
  const told = [shop, shop, 'unrouted', 'router wiki@file', shop, shop, 'router dashboard@internal'];

  test('as Traefik itself writes it is read in both formats', async () => {
    assert.deepEqual(await written('json'), told);
    const common = await written('common');
    assert.equal(common[5], undefined, 'a user’s name had the end of a line in it');
    assert.deepEqual(
      common.filter((one) => one !== undefined),
      told,
    );
  });

  test('of another program, or cut off, tells nothing', () => {
    for (const text of [
      '',
      '-',
      '\0\0\0',
      '192.0.2.7 - - [26/Nov/2026:11:00:00 +0000] "GET / HTTP/1.1" 200 5 "-" "curl"',
      '7 "shop@docker" "http://172.18.0.3:80" 3ms',
      common('"shop@docker"').slice(0, -2),
    ])
      assert.equal(readTrafficLine(text), undefined, text);
  });
});

describe('metrics', () => {
  const page = (lines: string): string => `# TYPE traefik_config_reloads_total counter
traefik_config_reloads_total 1
${lines}`;

  test('are added up over codes and methods, by router where it is counted', () => {
    const service = `traefik_service_requests_total{code="200",method="GET",protocol="http",service="shop@docker"} 12
traefik_service_requests_total{code="404",method="GET",protocol="http",service="shop@docker"} 3e+00
process_start_time_seconds 1.7e+09
`;
    assert.deepEqual(readTrafficMetrics(page(service)), {
      startedAt: 1.7e9,
      totals: [['service shop@docker', 15]],
    });
    const router = `traefik_router_requests_total{code="200",method="a}\\"b",router="r@docker",service="shop@docker"} 4\n`;
    assert.deepEqual(readTrafficMetrics(page(service + router)).totals, [['router r@docker', 4]]);
    const strange =
      String.raw`traefik_service_requests_total{code="200",service="my \"own\" wiki@file"} 4` + '\n';
    assert.deepEqual(readTrafficMetrics(page(strange)).totals, [['service my "own" wiki@file', 4]]);
    assert.deepEqual(readTrafficMetrics(page('')).totals, []);
  });

  test('of another program, with impossible counts, or by entry point alone are refused', () => {
    assert.throws(() => readTrafficMetrics('up 1\n'), /no metrics of Traefik/);
    assert.throws(
      () => readTrafficMetrics(page('traefik_entrypoint_requests_total{code="200",entrypoint="web"} 3\n')),
      /by entry point only/,
    );
    for (const value of ['NaN', '-1', '+Inf', '1e999', 'x'])
      assert.throws(
        () => readTrafficMetrics(page(`traefik_service_requests_total{service="a@docker"} ${value}\n`)),
        /is no count/,
      );
    assert.throws(
      () => readTrafficMetrics(page('traefik_service_requests_total{code="200"} 1\n')),
      /no name/,
    );
  });

  test('grow, and begin anew with Traefik or where they fall', () => {
    const totals = (count: number, startedAt = 1) => ({
      startedAt,
      totals: [['service a@docker', count] as [`service ${string}`, number]],
    });
    const grown = (before: number, now: number, startedAt = 1) =>
      grownSince(totals(before), totals(now, startedAt)).get('service a@docker');
    assert.equal(grown(5, 8), 3);
    assert.equal(grown(5, 2), 2);
    assert.equal(grown(5, 8, 2), 8, 'Traefik has started since');
    assert.equal(grownSince({ startedAt: 1, totals: [] }, totals(4)).get('service a@docker'), 4);
  });
});

describe('whose requests they are', () => {
  const rule = 'Host(`shop.example`)';
  const routes = trafficRoutes([
    release('shop', {
      web: {
        'traefik.http.routers.shop.rule': rule,
        'traefik.http.routers.shop.entrypoints': 'web, websecure',
      },
      api: { 'traefik.http.routers.api.rule': rule, 'traefik.http.routers.api.service': 'backend' },
      backend: { 'traefik.http.services.backend.loadbalancer.server.port': '8080' },
      db: {},
      off: { 'traefik.enable': 'false', 'traefik.http.routers.off.rule': rule },
    }),
    release('proxy', {
      traefik: {
        'traefik.http.routers.dash.rule': rule,
        'traefik.http.routers.dash.service': 'api@internal',
      },
    }),
    release('one', { web: { 'traefik.http.routers.twice.rule': rule } }),
    release('two', {
      web: { 'traefik.http.routers.twice.rule': rule },
      late: { 'traefik.http.routers.late.rule': rule, 'traefik.http.routers.late.service': '${SERVICE}' },
    }),
  ]);

  test('is told by labels, by the names that Traefik gives, and by the service that a router names', () => {
    assert.equal(routes.placeOf('router shop@docker'), 'shop/web');
    assert.equal(routes.placeOf('router websecure-shop@docker'), 'shop/web');
    assert.equal(routes.placeOf('router api@docker'), 'shop/backend');
    assert.equal(routes.placeOf('service backend@docker'), 'shop/backend');
    assert.equal(routes.placeOf('service web-shop@docker'), 'shop/web');
    assert.equal(routes.placeOf('router db-shop@docker'), 'shop/db');
    assert.equal(routes.placeOf('router dash@docker'), 'traefik itself');
    assert.equal(routes.placeOf('router acme-http@internal'), 'traefik itself');
  });

  test('is not guessed', () => {
    for (const name of [
      'router twice@docker',
      'router late@docker',
      'router shop@file',
      'router shop',
      'router off@docker',
      'router constructor@docker',
      'router other-shop@docker',
    ] as const)
      assert.equal(routes.placeOf(name), undefined, name);
  });

  const counted = (requests: Record<string, number>, unreadable = 0): Counted => ({
    requests: new Map(Object.entries(requests)) as Counted['requests'],
    unreadable,
  });

  test('is measured as nothing where nobody asked, and added up where several routers lead there', () => {
    const seen = counted({
      'router shop@docker': 3,
      'router web-shop@docker': 2,
      'router db-shop@docker': 1,
    });
    const names = lastAsked([], seen, 1_000);
    const values = (one: Counted, asked: typeof names) =>
      Object.fromEntries(trafficSamples(one, routes, asked).map(({ place, value }) => [place, value]));
    const zeros = { 'one/web': 0, 'two/web': 0, 'shop/backend': 0 };
    assert.deepEqual(values(seen, names), { ...zeros, 'shop/web': 5, 'shop/db': 1 });
    assert.deepEqual(values(counted({}), names), { ...zeros, 'shop/web': 0, 'shop/db': 0 });
  });

  test('is told of for a day where no target has the router', () => {
    const day = 24 * 3_600_000;
    const names = lastAsked([], counted({ 'router wiki@file': 2, 'router shop@docker': 1 }), 0);
    const finding = (at: number, one = counted({})) => unmappedFinding('traefik', one, routes, names, at);
    assert.equal(finding(day).state, 'info');
    assert.match(finding(day).evidence, /router wiki@file/);
    assert.equal(finding(day + 1).state, 'fine');
    assert.equal(finding(day + 1, counted({}, 3)).state, 'info');
    assert.deepEqual(lastAsked(names, counted({}), 8 * day), []);
  });

  test('is remembered for a week, the newest first, and not where nothing was asked', () => {
    const at = 30 * 86_400_000;
    const name = (text: string) => `router ${text}` as const;
    const before: ReturnType<typeof lastAsked> = [
      [name('old'), at - 7 * 86_400_000 - 1],
      [name('week'), at - 7 * 86_400_000],
      [name('again'), at - 5],
      [name('later'), at - 3],
    ];
    const requests = counted({ 'router again': 1, 'router none': 0 });
    assert.deepEqual(lastAsked(before, requests, at), [
      [name('again'), at],
      [name('later'), at - 3],
      [name('week'), at - 7 * 86_400_000],
    ]);
    const many = counted(Object.fromEntries(Array.from({ length: 2_005 }, (_, n) => [`router r${n}`, 1])));
    assert.equal(lastAsked([], many, at).length, 2_000);
    assert.deepEqual([longestMs, trafficMeasure], [600_000, 'traffic.requests']);
  });

  test('is told where nobody knows, of the last day, four names at the most', () => {
    const at = 30 * 86_400_000;
    const names = (...all: [string, number][]) =>
      all.map(([one, ago]) => [`router ${one}`, at - ago]) as ReturnType<typeof lastAsked>;
    const told = (unreadable: number, ...all: [string, number][]) =>
      unmappedFinding('nas', counted({}, unreadable), routes, names(...all), at);
    assert.deepEqual(told(0, ['shop@docker', 0], ['gone@file', 86_400_001]), {
      what: 'traffic-unmapped',
      where: 'nas',
      state: 'fine',
      evidence: 'all have a target',
    });
    assert.deepEqual(told(3, ['b@file', 86_400_000], ['a@file', 0]), {
      what: 'traffic-unmapped',
      where: 'nas',
      state: 'info',
      evidence:
        'requests of no target that Baton knows: router a@file, router b@file; 3 lines without a router',
    });
    assert.match(told(0, ['a', 0], ['b', 0], ['c', 0], ['d', 0], ['e', 0]).evidence, /router d, and 1 more$/);
  });

  test('is not counted where it is Traefik’s own, or nobody’s', () => {
    const seen = counted({ 'router dash@docker': 3, 'router nobody@file': 2 });
    const values = trafficSamples(seen, routes, []).filter(({ value }) => value > 0);
    assert.deepEqual(values, []);
    assert.ok(trafficSamples(seen, routes, []).every(({ measure }) => measure === 'traffic.requests'));
  });
});
