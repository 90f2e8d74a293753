/** What needs what, as a map, a tree and for Graphviz. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { graphOf, type DependencyMap } from '../../domain/dependency-map.ts';
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
