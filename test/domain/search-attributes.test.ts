import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  changesServices,
  firstStep,
  searchAttributeName,
  searchAttributeNames,
} from '../../domain/search-attributes.ts';

test('the attributes that a server is asked to have are those that operations set', () => {
  assert.deepEqual(searchAttributeNames, Object.values(searchAttributeName));
  for (const name of searchAttributeNames) assert.match(name, /^Baton[A-Z][a-z]+$/);
});

describe('services may be down because of an operation', () => {
  for (const kind of ['deploy', 'undo', 'remove'])
    test(`${kind}: once it does more than prepare or wait`, () => {
      for (const step of [firstStep, 'approval', 'hour', 'release', 'settle', 'images', undefined])
        assert.equal(changesServices(kind, step), false, step);
      for (const step of ['services', 'unwind']) assert.equal(changesServices(kind, step), true, step);
    });

  test('never because of one that leaves services alone, or that says nothing', () => {
    for (const kind of ['snapshot', 'cleanup', '', undefined])
      assert.equal(changesServices(kind, 'services'), false, kind);
  });
});
