import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  copiesToRemove,
  copyExitCodes,
  copyOutcome,
  newestCopy,
  planSet,
  setReportText,
  targetText,
  type Copy,
  type SetReport,
} from '../../domain/copy.ts';
import { copyFinding, isPruneDue, type CopyNotes } from '../../domain/copy-notes.ts';
import { newestGood, type SnapshotInfo } from '../../domain/snapshot.ts';

const snapshot = (day: number, more: Partial<SnapshotInfo> = {}): SnapshotInfo => ({
  name: `web.taken.202611${day}T000000Z.0000000a` as SnapshotInfo['name'],
  stack: 'web' as SnapshotInfo['stack'],
  operation: '0000000a' as SnapshotInfo['operation'],
  purpose: 'taken',
  takenAt: `2026-11-${day}T00:00:00Z`,
  outcome: 'done',
  path: '/srv/web',
  location: `/srv/.baton-snapshots/web/${day}`,
  driver: 'btrfs',
  neededBy: [],
  ...more,
});
const copy = (day: number, more: Partial<Copy> = {}): Copy => {
  const { name, takenAt, path, purpose } = snapshot(day);
  return { snapshot: name, takenAt, path, purpose, id: `${day}`, complete: true, ...more };
};
const hourMs = 3_600_000;
const now = Date.parse('2026-11-23T00:30:00Z');

describe('which snapshot is copied', () => {
  test('the newest good one: not of a failed change, not of one under way, not of one that a person is needed for', () => {
    const all = [
      snapshot(20),
      snapshot(21, { purpose: 'before', outcome: 'rolled-back' }),
      snapshot(22, { outcome: 'needs-human' }),
      snapshot(23, { purpose: 'failed' }),
    ];
    const { outcome: _open, ...open } = snapshot(24);
    assert.equal(newestGood([...all, open])?.takenAt, '2026-11-21T00:00:00Z');
    assert.equal(newestGood([open]), undefined);
  });

  const table: [string, SnapshotInfo[], Copy[], number, 'copy' | 'take' | 'there'][] = [
    ['fresh, and not there', [snapshot(23)], [copy(22)], hourMs, 'copy'],
    ['fresh, and there', [snapshot(23)], [copy(23)], hourMs, 'there'],
    ['too old', [snapshot(22)], [copy(22)], hourMs, 'take'],
    ['never fresh enough', [snapshot(23)], [], 0, 'take'],
    ['none', [], [copy(22)], hourMs, 'take'],
  ];
  for (const [title, snapshots, there, freshMs, action] of table)
    test(`${title}: ${action}`, () => {
      assert.equal(planSet('/srv/web', { freshMs }, snapshots, there, now).action, action);
    });
});

test('what is planned of a set names the snapshot to copy, and the newest copy', () => {
  const named = (day: number) => ({ snapshot: snapshot(day).name, takenAt: `2026-11-${day}T00:00:00Z` });
  assert.deepEqual(
    planSet('/srv/web', { freshMs: hourMs }, [snapshot(23)], [copy(21), copy(22), copy(20)], now),
    {
      path: '/srv/web',
      action: 'copy',
      newest: {
        name: snapshot(23).name,
        takenAt: '2026-11-23T00:00:00Z',
        ageMs: 30 * 60_000,
        driver: 'btrfs',
      },
      last: named(22),
    },
  );
  assert.deepEqual(planSet('/srv/web', { freshMs: hourMs }, [], [], now), {
    path: '/srv/web',
    action: 'take',
  });
  const some = [copy(23), copy(22)];
  assert.equal(planSet('/srv/web', { freshMs: hourMs }, [snapshot(23)], some, now).action, 'there');
  const half = Date.parse('2026-11-23T01:00:00Z');
  assert.equal(planSet('/srv/web', { freshMs: hourMs }, [snapshot(23)], [], half).action, 'copy');
});

test('the newest copy is a whole one, and of one time the last by name', () => {
  assert.equal(newestCopy([copy(22), copy(23, { complete: false })])?.id, '22');
  const [a, b] = ['a', 'b'].map((name) => copy(22, { snapshot: name as Copy['snapshot'] }));
  assert.ok(a && b);
  assert.equal(newestCopy([b, a])?.snapshot, 'b');
  assert.equal(newestCopy([copy(23), copy(22)])?.id, '23');
  assert.equal(newestCopy([]), undefined);
});

test('what became of a set is told in a line, and the first three of what could not be read', () => {
  const told = (did: SetReport['did'], more: Partial<SetReport> = {}): string =>
    setReportText({ path: '/srv/web', did, notes: [], ...more });
  assert.equal(told('copied'), '/srv/web: copied');
  assert.equal(
    told('copied', { addedBytes: 3 * 2 ** 20, notes: ['its stack is busy'] }),
    '/srv/web: copied, 3.0 MiB new there; its stack is busy',
  );
  assert.equal(told('there'), '/srv/web: its newest snapshot was there already');
  const unread = { count: 4, items: ['a', 'b', 'c', 'd'] };
  assert.equal(told('incomplete', { unread }), '/srv/web: not whole: 4 could not be read: a, b, c');
  assert.equal(told('incomplete'), '/srv/web: not whole: 0 could not be read: ');
  assert.equal(told('failed', { why: 'no room' }), '/srv/web: not copied: no room');
  assert.equal(told('failed'), '/srv/web: not copied: ');
});

test('only what went well, or had nothing to do, ends with 0', () => {
  assert.deepEqual(copyExitCodes, { done: 0, unchanged: 0, refused: 1, incomplete: 1, stopped: 1 });
});

describe('which copies go', () => {
  const minimum = (count: number) => ({
    hourly: 0,
    daily: 0,
    weekly: 0,
    monthly: 0,
    yearly: 0,
    minimum: count,
  });
  test('those that the rule does not keep, of each path by itself', () => {
    const other = { path: '/srv/other' };
    const there = [copy(20), copy(20, other), copy(21), copy(22)];
    assert.deepEqual(copiesToRemove(minimum(2), there), [copy(20)]);
    assert.deepEqual(copiesToRemove(undefined, there), []);
  });
  test('one that is not whole counts for nothing, and goes once a whole one is as new', () => {
    const half = copy(22, { complete: false });
    assert.deepEqual(copiesToRemove(minimum(1), [copy(20), copy(21), half]), [copy(20)]);
    assert.deepEqual(copiesToRemove(undefined, [half, copy(23)]), [half]);
    assert.deepEqual(copiesToRemove(undefined, [half, copy(22, { id: 'again' })]), [half]);
    assert.deepEqual(copiesToRemove(minimum(1), [half]), []);
  });
});

test('only where everything was copied is it done', () => {
  const did = (...all: SetReport['did'][]): SetReport[] =>
    all.map((one) => ({ path: '/', did: one, notes: [] }));
  assert.equal(copyOutcome(did('copied', 'there'), undefined), 'done');
  assert.equal(copyOutcome(did('there', 'there'), undefined), 'unchanged');
  assert.equal(copyOutcome(did('copied', 'incomplete'), undefined), 'incomplete');
  assert.equal(copyOutcome(did('copied', 'failed'), undefined), 'incomplete');
  assert.equal(copyOutcome(did('copied'), 'locked'), 'incomplete');
});

test('a target is told in its own words, and a file that holds its address by name', () => {
  const password = { file: '/etc/p' };
  const restic = { by: 'restic' as const, password, variables: [] };
  assert.equal(targetText({ ...restic, repository: { at: 'sftp:nas:/x' } }), 'sftp:nas:/x');
  assert.match(targetText({ ...restic, repository: { file: '/etc/where' } }), /\/etc\/where/);
  assert.equal(targetText({ by: 'btrfs', directory: '/mnt', remote: 'root@nas' }), 'root@nas:/mnt');
});

describe('how old copies are', () => {
  const last = (hoursAgo: number): CopyNotes['last'] => ({
    '/srv/web': {
      addedBytes: 0,
      snapshot: snapshot(20).name,
      operation: snapshot(20).operation,
      at: new Date(now - hoursAgo * hourMs).toISOString(),
    },
  });
  const run = (outcome: NonNullable<CopyNotes['run']>['outcome']): NonNullable<CopyNotes['run']> => ({
    operation: snapshot(20).operation,
    at: new Date(now - hourMs).toISOString(),
    outcome,
    why: ['the disk is away'],
  });
  const day = 24 * hourMs;
  const table: [
    string,
    Parameters<typeof copyFinding>[0],
    number | undefined,
    'ok' | 'warning' | 'problem',
  ][] = [
    ['young, by a schedule', { last: last(5) }, day, 'ok'],
    ['late once', { last: last(40) }, day, 'ok'],
    ['late twice', { last: last(49) }, day, 'problem'],
    ['late twice, but there was nothing new', { last: last(49), run: run('unchanged') }, day, 'ok'],
    ['the last run failed', { last: last(5), run: run('incomplete') }, day, 'problem'],
    ['no schedule', { last: last(500) }, undefined, 'warning'],
    ['never', { last: {} }, day, 'warning'],
    [
      'a check found something',
      { last: last(5), check: { at: '2026-11-20T00:00:00Z', problems: ['rot'] } },
      day,
      'problem',
    ],
  ];
  for (const [title, notes, everyMs, state] of table)
    test(`${title}: ${state}`, () => {
      assert.equal(copyFinding(notes, ['/srv/web'], everyMs, now).state, state);
    });
  test('is told in words', () => {
    const told = (notes: Parameters<typeof copyFinding>[0], everyMs?: number): string =>
      copyFinding(notes, ['/srv/web', '/srv/b'].slice(0, 1), everyMs, now).detail;
    const check = { at: new Date(now - 90_000).toISOString(), problems: [] };
    assert.equal(told({ last: last(5) }, day), 'copied 5h 0m ago; never checked');
    assert.equal(told({ last: last(0), check }, day), 'copied just now; checked 1m ago');
    assert.equal(told({ last: last(1 / 60) }), 'copied 1m ago, and no schedule does it; never checked');
    assert.equal(
      told({ last: last(49), run: run('incomplete'), check: { ...check, problems: ['rot', 'rust'] } }, day),
      'the last run, 1h 0m ago, was incomplete: the disk is away. the last copy is of 49h 0m ago, though one is due every 24h 0m. the last check, 1m ago, found: rot; rust',
    );
    const cancelled = { ...run('incomplete'), why: [] };
    assert.match(told({ last: last(1), run: cancelled }, day), /was incomplete: cancelled$/);
    assert.equal(told({ last: last(1), run: run('done') }, day), 'copied 1h 0m ago; never checked');
    assert.equal(
      copyFinding({ last: {} }, ['/srv/web', '/srv/b'], day, now).detail,
      'never copied: /srv/web, /srv/b',
    );
    assert.equal(copyFinding({ last: last(48) }, ['/srv/web'], day, now).state, 'ok');
  });
  test('what nothing refers to is removed as seldom as was said', () => {
    assert.equal(isPruneDue('2026-11-22T00:00:00Z', day, now), true);
    assert.equal(isPruneDue('2026-11-23T00:00:00Z', day, now), false);
    const at = new Date(now - day).toISOString();
    assert.deepEqual([isPruneDue(at, day, now), isPruneDue(at, day, now - 1)], [true, false]);
  });
});
