import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maintenanceTitle } from '../../domain/maintenance.ts';

test('maintenance says where, and whether tables will be locked for their indexes', () => {
  assert.equal(maintenanceTitle('photos/db', { indexes: false }), 'Vacuum and analyse photos/db');
  assert.equal(
    maintenanceTitle('photos/db', { indexes: true }),
    'Vacuum and analyse photos/db, and build its indexes anew',
  );
});
