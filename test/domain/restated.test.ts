/** Whether a stack says something else of how it is looked after than the release that runs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRestated } from '../../domain/restated.ts';
import type { StackSpec } from '../../domain/stack.ts';

const at = (line: number) => ({ file: '/srv/shop.yml', line, column: 1 });
const spec = (service: object = {}, more: object = {}): StackSpec =>
  ({
    name: 'shop',
    validate: [],
    requires: ['auth'],
    policy: { minHealthyTimeMs: 1 },
    services: [
      {
        name: 'web',
        at: at(3),
        image: 'nginx',
        dependsOn: [],
        probe: { type: 'tcp', port: 80, at: at(5) },
        data: { '/a': 'snapshot', '/b': 'discard' },
        ...service,
      },
    ],
    ...more,
  }) as unknown as StackSpec;

test('a stack that runs is restated where its health, checks, data or policy are', () => {
  for (const other of [
    spec({ probe: { type: 'tcp', port: 81, at: at(5) } }),
    spec({ data: { '/a': 'snapshot', '/b': 'external' } }),
    spec({ changelog: 'https://a' }),
    spec({ healthyDeadlineMs: 5 }),
    spec({}, { requires: ['auth', 'proxy'] }),
    spec({}, { policy: { minHealthyTimeMs: 2 } }),
    spec({}, { validate: [{ type: 'tcp', port: 1 }] }),
    spec({}, { requires: null }),
  ])
    assert.equal(isRestated(spec(), other), true, JSON.stringify(other));
});

test('it is not where only the place, the order of keys, or what containers are made from is another', () => {
  for (const other of [
    spec(),
    spec({ at: at(9), probe: { at: at(11), port: 80, type: 'tcp' } }),
    spec({ data: { '/b': 'discard', '/a': 'snapshot' } }),
    spec({ image: 'nginx:2' }),
  ])
    assert.equal(isRestated(spec(), other), false, JSON.stringify(other));
  const lists = (requires: string[]) => spec({}, { requires });
  assert.equal(
    isRestated(lists(['b', 'a']), lists(['a', 'b'])),
    true,
    'the order of a list may mean something',
  );
});

test('a stack that does not run says nothing else', () => {
  assert.equal(isRestated(undefined, spec()), false);
});
