/** What a playbook's step says of snapshots that are gone is read again from what it said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goneIn, goneNotes, mostRemovals, rotationExitCodes } from '../../domain/rotation.ts';

test('snapshots that are gone are named, and found in the notes', () => {
  const notes = ['2 removed, 0 could not be.', ...goneNotes(['books.taken.1', 'books.taken.2'])];
  assert.deepEqual(notes, ['2 removed, 0 could not be.', 'No longer there: books.taken.1, books.taken.2']);
  assert.deepEqual(goneIn(notes), ['books.taken.1', 'books.taken.2']);
});

test('none are named where none are gone', () => {
  assert.deepEqual(goneNotes([]), []);
  assert.deepEqual(goneIn(['books.taken.1 is kept.']), []);
});

test('a rotation fails where something was to go and did not', () => {
  assert.deepEqual(rotationExitCodes, { done: 0, unchanged: 0, refused: 1, incomplete: 1, stopped: 1 });
  assert.equal(mostRemovals, 500);
});
