import assert from 'node:assert/strict';
import { test } from 'node:test';
import { titleOf } from '../../domain/operation.ts';

test('an operation is called by its kind, one of a playbook by that', () => {
  assert.equal(titleOf({ kind: 'deploy', stack: 'photos' }), 'deploy photos');
  assert.equal(
    titleOf({ kind: 'playbook', playbook: 'service-restart', stack: 'shop/db' }),
    'service-restart shop/db',
  );
});
