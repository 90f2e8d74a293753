/** What is a matter of whom: places of incidents, and targets of playbooks. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAt } from '../../domain/target.ts';

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
