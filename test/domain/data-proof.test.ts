/** Whether what is kept of a data set is new enough, and proven. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { proofAges, proofFindings, restoreProved } from '../../domain/data-proof.ts';
import type { SetStatus } from '../../domain/data-set.ts';
import type { OperationId } from '../../domain/names.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';

const now = Date.parse('2026-11-26T03:00:00Z');
const hours = (count: number): string => new Date(now - count * 3_600_000).toISOString();
const keep = { hourly: 0, daily: 7, weekly: 4, monthly: 0, yearly: 0, minimum: 1 };
const set = (age: number | undefined, more: Partial<SetStatus> = {}): SetStatus => ({
  name: 'photos',
  place: '/srv/photos',
  class: 'snapshot',
  count: 1,
  restore: { state: 'proven' },
  wrong: [],
  keep,
  ...(age === undefined
    ? {}
    : { newest: { name: 's' as SnapshotName, takenAt: hours(age), driver: 'btrfs' as const } }),
  ...more,
});
const told = (one: SetStatus): Record<string, string> =>
  Object.fromEntries(proofFindings(one, now).map(({ what, state }) => [what, state]));

describe('what is kept of a data set', () => {
  test('is old where two of the finest that are kept are missing', () => {
    assert.equal(told(set(47))['snapshot-old'], 'fine');
    assert.equal(told(set(49))['snapshot-old'], 'warning');
    assert.equal(told(set(49, { keep: { ...keep, daily: 0 } }))['snapshot-old'], 'fine');
    assert.equal(told(set(4, { keep: { ...keep, hourly: 24 } }))['snapshot-old'], 'warning');
  });

  test('is old for each kind of rule after its own time', () => {
    const none = { ...keep, daily: 0, weekly: 0 };
    const rows: [Partial<typeof keep>, number][] = [
      [{ hourly: 1 }, 3],
      [{ daily: 1 }, 48],
      [{ weekly: 1 }, 14 * 24],
      [{ monthly: 1 }, 62 * 24],
      [{ yearly: 1 }, 731 * 24],
    ];
    for (const [more, atMost] of rows) {
      const at = (age: number) => told(set(age, { keep: { ...none, ...more } }))['snapshot-old'];
      assert.deepEqual([at(atMost), at(atMost + 1)], ['fine', 'warning'], JSON.stringify(more));
    }
  });

  test('is told in words', () => {
    const words = (one: SetStatus): string[] => proofFindings(one, now).map(({ evidence }) => evidence);
    assert.deepEqual(words(set(47)), ['its newest snapshot is 47 h old', 'a restore of it was proven']);
    assert.equal(words(set(49))[0], 'its newest snapshot is 2 days old, and daily ones are kept');
    assert.equal(words(set(undefined))[0], 'there is no snapshot of it');
  });

  test('without a rule has no age at which it is old; without a snapshot there is nothing', () => {
    const { keep: _, ...without } = set(9_999);
    assert.equal(told(without)['snapshot-old'], 'fine');
    assert.equal(told(set(undefined))['snapshot-old'], 'warning');
  });

  for (const [state, severity] of [
    ['proven', 'fine'],
    ['old', 'warning'],
    ['never', 'info'],
    ['failed', 'critical'],
  ] as const)
    test(`whose restore is ${state} is ${severity}`, () => {
      assert.equal(told(set(1, { restore: { state } }))['restore-unproven'], severity);
    });

  test('is not asked for where nothing is kept', () => {
    const { restore: _, ...discarded } = set(undefined);
    assert.deepEqual(proofFindings(discarded, now), []);
  });

  test('has ages, of the newest snapshot and of the last proof', () => {
    const proven = {
      result: 'proven' as const,
      at: hours(5),
      tookMs: 1,
      operation: '0a1b2c3d' as OperationId,
      snapshot: 's' as SnapshotName,
      question: '',
    };
    const { snapshotMs, provenMs } = proofAges(
      set(2, { restore: { state: 'proven', last: proven, proven } }),
      now,
    );
    assert.deepEqual([snapshotMs, provenMs], [2 * 3_600_000, 5 * 3_600_000]);
    assert.deepEqual(proofAges(set(undefined), now), {});
  });
});

describe('a restore of what a target writes to', () => {
  const sets = [
    { path: '/srv/books', state: 'proven' },
    { path: '/srv/photos', state: 'old' },
    { path: '/srv/cache', state: 'not kept' },
  ] as const;
  for (const [what, places, proved] of [
    ['is proved where every place is', ['/srv/books', '/srv/books/covers'], true],
    ['does without what nobody wants back', ['/srv/books', '/srv/cache'], true],
    ['is not where one proof is too old', ['/srv/books', '/srv/photos'], false],
    ['is not known where a place is of no set', ['/srv/books', '/srv/other'], 'unknown'],
    ['of a set that begins with the same letters says nothing', ['/srv/books-old'], 'unknown'],
    ['is not known where nothing is written', [], 'unknown'],
  ] as const)
    test(what, () => {
      assert.equal(restoreProved(places, sets), proved);
    });
});
