/** What needs what, as a map, a tree and for Graphviz. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dependencyMap, graphOf, placeOf, stackAt, type DependencyMap } from '../../domain/dependency-map.ts';
import { dependencyDot, dependencyText } from '../../domain/dependency-text.ts';

const map: DependencyMap = {
  places: ['auth/web', 'auth/redis', 'shop/app', 'shop/db'],
  edges: [
    { from: 'auth', to: 'auth/web', why: 'part of' },
    { from: 'auth', to: 'auth/redis', why: 'part of' },
    { from: 'auth/web', to: 'auth/redis', why: 'depends_on' },
    { from: 'shop/app', to: 'shop/db', why: 'depends_on' },
    { from: 'shop/app', to: 'auth/redis', why: 'network_mode' },
  ],
  networks: [{ network: 'proxy', places: ['auth/web', 'shop/app'] }],
  routes: [{ place: 'shop/app', rule: 'Host("shop.example")' }],
};

describe('the dependencies of a host', () => {
  test('are drawn as a tree, from what nobody needs', () => {
    assert.deepEqual(dependencyText(map), [
      'auth/web',
      '└─ auth/redis  depends_on',
      'shop/app',
      '├─ shop/db  depends_on',
      '└─ auth/redis  network_mode',
      'network proxy: auth/web, shop/app',
      'route Host("shop.example") → shop/app',
    ]);
  });

  test('in a circle are drawn once', () => {
    const circle: DependencyMap = {
      places: ['a', 'b'],
      edges: [
        { from: 'a', to: 'b', why: 'depends_on' },
        { from: 'b', to: 'a', why: 'depends_on' },
      ],
      networks: [],
      routes: [],
    };
    assert.deepEqual(dependencyText(circle), ['a', '└─ b  depends_on', '   └─ a  depends_on (see above)']);
  });

  test('are written for Graphviz, with names that hold quotes', () => {
    const dot = dependencyDot(map);
    assert.ok(dot.includes('  "auth/web" -> "auth/redis" [label="depends_on"];'));
    assert.ok(dot.includes('  "Host(\\"shop.example\\")" -> "shop/app" [style=dashed];'));
  });

  test('make the graph by which causes are told from effects', () => {
    assert.deepEqual(graphOf(map).get('shop/app'), ['shop/db', 'auth/redis']);
    assert.deepEqual(graphOf(map).get('auth'), ['auth/web', 'auth/redis']);
  });
});

describe('the map of what is released', () => {
  type Made = Record<string, { needs?: string[]; inside?: string; networks?: string[]; labels?: object }>;
  const spec = (name: string, services: Made, more: object = {}) => ({
    spec: {
      name,
      requires: [],
      networks: { proxy: { name: 'proxy' }, own: { name: `${name}_own` } },
      services: Object.entries(services).map(
        ([service, { needs = [], inside, networks = [], labels = {} }]) => ({
          name: service,
          dependsOn: needs.map((need) => ({ service: need, condition: 'service_healthy' })),
          network:
            inside === undefined
              ? { mode: 'bridge', attachments: networks.map((network) => ({ network })) }
              : { mode: 'service', service: inside },
          labels,
        }),
      ),
      ...more,
    },
  });
  const released = [
    spec('shop', {
      web: {
        needs: ['db'],
        networks: ['proxy', 'own'],
        labels: {
          'traefik.http.routers.shop.rule': 'Host(`shop.example`)',
          'traefik.http.routers.shop.entrypoints': 'web',
          'traefik.http.routers.a.b.rule': 'Host(`a`)',
          'my.traefik.http.routers.shop.rule': 'Host(`b`)',
          'traefik.http.routers.shop.rules': 'Host(`c`)',
        },
      },
      db: { networks: ['own'] },
      metrics: { inside: 'db', needs: ['web'] },
    }),
    spec('blog', { app: { networks: ['proxy', 'own', 'outer'] } }, { requires: ['shop'] }),
    spec('proxy', { traefik: { networks: ['proxy', 'outer'] } }, { networks: {} }),
  ];
  const map = dependencyMap(released as never);

  test('holds each service, and says why one needs another', () => {
    assert.deepEqual(map.places, ['shop/web', 'shop/db', 'shop/metrics', 'blog/app', 'proxy/traefik']);
    assert.deepEqual(
      map.edges.map(({ from, to, why }) => `${from} ${why} ${to}`),
      [
        'shop part of shop/web',
        'shop part of shop/db',
        'shop part of shop/metrics',
        'shop/web depends_on shop/db',
        'shop/metrics depends_on shop/web',
        'shop/metrics network_mode shop/db',
        'blog part of blog/app',
        'blog/app requires shop',
        'proxy part of proxy/traefik',
      ],
    );
  });

  test('tells of networks that several stacks are in, and of routes that are written out', () => {
    assert.deepEqual(map.networks, [
      { network: 'proxy', places: ['shop/web', 'blog/app', 'proxy/traefik'] },
      { network: 'outer', places: ['blog/app', 'proxy/traefik'] },
    ]);
    assert.deepEqual(map.routes, [{ place: 'shop/web', rule: 'Host(`shop.example`)' }]);
  });

  test('names places as everybody does', () => {
    assert.equal(placeOf('shop', 'db'), 'shop/db');
    assert.deepEqual(['shop/db', 'shop', ''].map(stackAt), ['shop', 'shop', '']);
  });

  test('is written for Graphviz whole', () => {
    const small = dependencyMap([released[2]] as never);
    assert.deepEqual(dependencyDot({ ...small, networks: [{ network: 'proxy', places: ['a', 'b'] }] }), [
      'digraph baton {',
      '  rankdir=LR;',
      '  "proxy/traefik";',
      '  "proxy" -> "proxy/traefik" [label="part of"];',
      '  "network proxy" -> "a" [dir=none, style=dotted];',
      '  "network proxy" -> "b" [dir=none, style=dotted];',
      '}',
    ]);
  });

  test('is drawn with lines from one branch to the next', () => {
    assert.deepEqual(dependencyText({ ...map, networks: [], routes: [] }), [
      'shop/metrics',
      '├─ shop/web  depends_on',
      '│  └─ shop/db  depends_on',
      '└─ shop/db  network_mode',
      'blog/app',
      '└─ shop  requires',
      'proxy/traefik',
    ]);
  });
});
