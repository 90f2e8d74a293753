import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newestGood, type SnapshotInfo } from '../../domain/snapshot.ts';

const snapshot = (name: string, more: Partial<SnapshotInfo> = {}): SnapshotInfo =>
  ({
    ...{ name, purpose: 'before', outcome: 'done', takenAt: '2026-11-26T18:00:00Z' },
    ...more,
  }) as unknown as SnapshotInfo;

test('what is gone back to is the newest of those whose operation has ended, and needs nobody', () => {
  const older = snapshot('a', { takenAt: '2026-11-25T18:00:00Z' });
  const [first, second] = [snapshot('a'), snapshot('b', { purpose: 'taken' })];
  assert.equal(newestGood([first, older, second]), second);
  assert.equal(newestGood([second, first, older]), second, 'of one second the last by name');
  const { outcome: _none, ...open } = snapshot('c');
  assert.equal(newestGood([open, snapshot('d', { outcome: 'needs-human' }), older]), older);
  assert.equal(newestGood([snapshot('e', { purpose: 'failed' })]), undefined);
});
