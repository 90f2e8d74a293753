/** Retention: which snapshots of a path are kept, and why. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { parseOperationId, parseReleaseId, parseStackName } from '../../domain/names.ts';
import {
  decide,
  holdsOn,
  keepText,
  ruleFor,
  type Candidate,
  type Keep,
  type RetentionRule,
} from '../../domain/retention.ts';
import { snapshotName, type SnapshotPurpose } from '../../domain/snapshot.ts';

const none: Keep = { hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, minimum: 1 };
const rule = (keep: Partial<Keep>): RetentionRule => ({ keep: { ...none, ...keep } });

let operations = 0;
const candidate = (
  takenAt: string,
  { purpose = 'before', holds = [] }: { purpose?: SnapshotPurpose; holds?: string[] } = {},
): Candidate => {
  operations += 1;
  const stack = parseStackName('photos');
  const operation = parseOperationId(operations.toString(16).padStart(8, '0'));
  assert.ok(stack && operation);
  return { name: snapshotName({ stack, operation, purpose, takenAt }), purpose, takenAt, holds };
};

/** Reasons by time; none: removed. */
const reasons = (candidates: readonly Candidate[], keep: Partial<Keep>): Record<string, string> =>
  Object.fromEntries(
    decide(candidates, rule(keep)).map(({ takenAt, reasons: why }) => [takenAt, why.join(', ')]),
  );
const removed = (candidates: readonly Candidate[], keep: Partial<Keep>): string[] =>
  decide(candidates, rule(keep)).flatMap(({ name, reasons: why }) => (why.length === 0 ? [name] : []));

describe('retention', () => {
  test('a rule of one path fits that path, and nothing below it or like it', () => {
    const own: RetentionRule = { path: '/srv/*', keep: none };
    assert.equal(ruleFor('/srv/*', [own]), own);
    for (const other of ['/srv/a', '/srv', '/srv/*/a']) assert.equal(ruleFor(other, [own]), undefined);
  });

  test('keeps the newest of each of so many hours, days, weeks, months and years that have any', () => {
    const given = [
      '2024-05-05T12:00:00Z',
      '2025-12-31T23:59:59Z',
      '2026-01-01T00:00:00Z',
      '2026-10-30T08:00:00Z',
      '2026-11-21T08:00:00Z',
      '2026-11-22T10:00:00Z',
      '2026-11-23T08:10:00Z',
      '2026-11-23T08:50:00Z',
      '2026-11-23T09:00:00Z',
    ].map((time) => candidate(time));
    assert.deepEqual(reasons(given, { hourly: 2, daily: 2, weekly: 2, monthly: 3, yearly: 2, minimum: 1 }), {
      '2026-11-23T09:00:00Z': 'hourly, daily, weekly, monthly, yearly, minimum',
      '2026-11-23T08:50:00Z': 'hourly',
      '2026-11-23T08:10:00Z': '',
      // 22 November was a Sunday.
      '2026-11-22T10:00:00Z': 'daily, weekly',
      '2026-11-21T08:00:00Z': '',
      '2026-10-30T08:00:00Z': 'monthly',
      '2026-01-01T00:00:00Z': 'monthly',
      '2025-12-31T23:59:59Z': 'yearly',
      '2024-05-05T12:00:00Z': '',
    });
  });

  test('a week begins on Monday, also over the turn of a year', () => {
    const week = (from: string, to: string): string =>
      reasons([candidate(from), candidate(to)], { weekly: 2 })[from] ?? '';
    assert.equal(week('2026-12-28T00:00:00Z', '2027-01-03T23:59:59Z'), '');
    assert.equal(week('2027-01-03T23:59:59Z', '2027-01-04T00:00:00Z'), 'weekly');
  });

  test('states that failed take no place of a good one', () => {
    const good = candidate('2026-11-23T02:00:00Z');
    const failed = candidate('2026-11-23T03:00:00Z', { purpose: 'failed' });
    const older = candidate('2026-11-23T01:00:00Z', { purpose: 'failed' });
    assert.deepEqual(removed([good, failed, older], { daily: 1 }), [older.name]);
  });

  test('what is held stays, and the reason is told', () => {
    const [old, held, newest] = [
      candidate('2026-11-20T02:00:00Z'),
      candidate('2026-11-21T02:00:00Z', { holds: ['pinned by anna'] }),
      candidate('2026-11-22T02:00:00Z'),
    ];
    assert.deepEqual(removed([old, held, newest], {}), [old.name]);
    assert.equal(reasons([old, held, newest], {})[held.takenAt], 'pinned by anna');
  });

  test('a name without a real time is left alone', () => {
    const odd = candidate('2026-99-99T99:99:99Z');
    assert.deepEqual(removed([candidate('2026-11-22T02:00:00Z'), odd], {}), []);
    assert.deepEqual(removed([candidate('9999-01-01T00:00:00Z'), odd], {}), []);
  });
});

describe('what holds a snapshot', () => {
  const release = parseReleaseId('1f2e3d4c5b6a');
  assert.ok(release);
  const rows: [Parameters<typeof holdsOn>[0], RegExp | undefined][] = [
    [{ outcome: 'done', neededBy: [] }, undefined],
    [{ outcome: 'rolled-back', neededBy: [] }, undefined],
    [{ outcome: 'kept', neededBy: [] }, undefined],
    [{ neededBy: [] }, /under way, or has not noted/],
    [{ outcome: 'needs-human', neededBy: [] }, /needs a person/],
    [{ outcome: 'done', neededBy: [release] }, /release 1f2e3d4c5b6a needs it/],
    [{ outcome: 'done', neededBy: [], pinned: { by: 'anna', at: '' } }, /^pinned by anna$/],
    [
      { outcome: 'done', neededBy: [], pinned: { by: 'anna', at: '', reason: 'why' } },
      /^pinned by anna: why$/,
    ],
  ];
  for (const [facts, expected] of rows)
    test(`${JSON.stringify(facts)} → ${String(expected ?? 'nothing')}`, () => {
      const holds = holdsOn(facts);
      assert.equal(holds.length, expected ? 1 : 0);
      if (expected) assert.match(holds[0] ?? '', expected);
    });
});

describe('the rule of a path', () => {
  const first = { ...rule({ daily: 1 }), paths: ['/srv/immich/*', '/srv/a.b'] };
  const all = rule({ daily: 2 });
  const rows: [string, RetentionRule | undefined][] = [
    ['/srv/immich/library', first],
    ['/srv/immich/library/deep', first],
    ['/srv/immich', undefined],
    ['/data/srv/immich/library', undefined],
    ['/srv/a.b', first],
    ['/srv/aXb', undefined],
  ];
  for (const [path, expected] of rows)
    test(`${path} has ${expected ? 'the first' : 'none, or the one for every path'}`, () => {
      assert.equal(ruleFor(path, [first]), expected);
      assert.equal(ruleFor(path, [first, all]), expected ?? all);
    });

  test('a pattern is no regular expression', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const path = `/${text.replaceAll('*', '')}`;
        assert.ok(ruleFor(path, [{ ...all, paths: [path] }]));
        assert.ok(ruleFor(path, [{ ...all, paths: [`${path}*`] }]));
        assert.equal(ruleFor(`${path}x`, [{ ...all, paths: [path] }]), undefined);
      }),
    );
  });

  test('is told in words', () => {
    assert.equal(keepText({ ...none, daily: 7, monthly: 6, minimum: 3 }), '7 daily, 6 monthly, at least 3');
  });
});

describe('whatever the snapshots and the rule,', () => {
  const count = fc.nat({ max: 4 });
  const keeps = fc.record({
    hourly: count,
    daily: count,
    weekly: count,
    monthly: count,
    yearly: count,
    minimum: fc.integer({ min: 1, max: 4 }),
  });
  // Dense enough that hours, days and weeks are shared.
  const times = fc
    .oneof(fc.integer({ min: 0, max: 60 * 48 }), fc.integer({ min: 0, max: 60 * 24 * 800 }))
    .map((minutes) => `${new Date(Date.UTC(2024, 11, 30) + minutes * 60_000).toISOString().slice(0, 19)}Z`);
  const candidates = fc
    .array(
      fc.record({
        takenAt: times,
        purpose: fc.constantFrom<SnapshotPurpose[]>('before', 'failed', 'undone', 'removed'),
        holds: fc.oneof(
          { weight: 4, arbitrary: fc.constant<string[]>([]) },
          { weight: 1, arbitrary: fc.constant<string[]>(['held']) },
        ),
      }),
      { maxLength: 40 },
    )
    .map((all) => all.map(({ takenAt, ...rest }) => candidate(takenAt, rest)));
  const periods = ['hourly', 'daily', 'weekly', 'monthly', 'yearly', 'minimum'] as const;
  const newestFirst = (all: readonly Candidate[]): Candidate[] =>
    [...all].sort((a, b) => (`${a.takenAt} ${a.name}` > `${b.takenAt} ${b.name}` ? -1 : 1));

  test('the newest are kept: one at least, and as many as the minimum says', () => {
    fc.assert(
      fc.property(candidates, keeps, (all, keep) => {
        const gone = removed(all, keep);
        for (const { name } of newestFirst(all).slice(0, Math.max(1, keep.minimum)))
          assert.ok(!gone.includes(name));
        assert.ok(all.length - gone.length >= Math.min(all.length, keep.minimum));
      }),
    );
  });

  test('what is held is kept', () => {
    fc.assert(
      fc.property(candidates, keeps, (all, keep) => {
        const gone = removed(all, keep);
        for (const { name, holds } of all) assert.ok(holds.length === 0 || !gone.includes(name));
      }),
    );
  });

  test('a more generous rule removes nothing more', () => {
    fc.assert(
      fc.property(candidates, keeps, fc.constantFrom(...periods), (all, keep, more) => {
        const gone = removed(all, keep);
        for (const name of removed(all, { ...keep, [more]: keep[more] + 1 })) assert.ok(gone.includes(name));
      }),
    );
  });

  test('their order decides nothing', () => {
    fc.assert(
      fc.property(
        candidates.chain((all) =>
          fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
        ),
        keeps,
        ([all, shuffled], keep) => {
          assert.deepEqual(decide(shuffled, rule(keep)), decide(all, rule(keep)));
        },
      ),
    );
  });

  test('what is removed once leaves nothing more to remove', () => {
    fc.assert(
      fc.property(candidates, keeps, (all, keep) => {
        const gone = removed(all, keep);
        const left = all.filter(({ name }) => !gone.includes(name));
        assert.deepEqual(removed(left, keep), []);
      }),
    );
  });
});
