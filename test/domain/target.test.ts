/** What is a matter of whom: places of incidents, and targets of playbooks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  isAt,
  parseTarget,
  stackOfTarget,
  targetAt,
  targetForms,
  targetKinds,
  targetText,
  type TargetKind,
} from '../../domain/target.ts';

describe('what is wrong at a place is a matter of a target', () => {
  const rows: [string, string, boolean][] = [
    ['shop/db', 'shop/db', true],
    ['shop', 'shop', true],
    ['shop', 'shop/db', true],
    ['shop/db', 'shop', false],
    ['shop/db', 'shop/app', false],
    ['shop', 'shopping/db', false],
    ['/srv', '/srv', true],
    ['/srv', '/srv/photos', false],
    ['/', '/srv', false],
  ];
  for (const [target, place, expected] of rows)
    test(`${place} ${expected ? 'is one' : 'is none'} of ${target}`, () => {
      assert.equal(isAt(target, place), expected);
    });
});

describe('a target', () => {
  const rows: [TargetKind, string, object | undefined][] = [
    ['filesystem', '/srv', { kind: 'filesystem', path: '/srv' }],
    ['filesystem', '/', { kind: 'filesystem', path: '/' }],
    ['filesystem', 'srv', undefined],
    ['filesystem', './srv/', undefined],
    ['filesystem', '/srv\0/x', undefined],
    ['stack', 'shop', { kind: 'stack', stack: 'shop' }],
    ['stack', 'shop/db', undefined],
    ['stack', '/srv', undefined],
    ['stack', '--shop', undefined],
    ['service', 'shop/db', { kind: 'service', stack: 'shop', service: 'db' }],
    ['service', 'shop', undefined],
    ['service', 'shop/', undefined],
    ['service', 'shop/db/x', undefined],
    ['service', 'shop/-db', undefined],
    ['service', '/db', undefined],
  ];
  for (const [kind, text, expected] of rows)
    test(`${JSON.stringify(text)} is ${expected ? 'a' : 'no'} ${kind}`, () => {
      const target = parseTarget(kind, text);
      assert.deepEqual(target, expected);
      if (!target) return;
      assert.equal(targetText(target), text, 'and is written as it was read');
      assert.equal(stackOfTarget(target), kind === 'filesystem' ? undefined : 'shop');
    });

  test('is the one that a place belongs to', () => {
    assert.equal(targetAt('stack', 'shop/db'), 'shop');
    assert.equal(targetAt('service', 'shop/db'), 'shop/db');
    assert.equal(targetAt('filesystem', '/srv'), '/srv');
    assert.equal(targetAt('stack', '/srv'), undefined);
    assert.equal(targetAt('stack', '/srv/shop'), undefined);
    assert.equal(targetAt('service', 'shop'), undefined);
    assert.equal(targetAt('stack', 'shop/'), 'shop');
  });

  test('of each kind has a form that can be typed', () => {
    for (const kind of targetKinds) {
      const [example = ''] = targetForms[kind].split(' ').slice(-1);
      assert.ok(parseTarget(kind, example), targetForms[kind]);
    }
  });
});
