/** Cleanup, purely: what is held is never in the plan, the order, the arithmetic of a target, and what the end is called. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'node:test';
import {
  cleanupExitCodes,
  cleanupOutcome,
  cleanupParts,
  defaultRules,
  partTitles,
  type CleanupItem,
  type ImageRule,
  type PartReport,
} from '../../domain/cleanup.ts';
import {
  expectedNeed,
  isNeeded,
  isReached,
  spaceBetween,
  stillShort,
  usedPercent,
  withNewest,
  type DiskUsage,
} from '../../domain/cleanup-target.ts';
import {
  decideImages,
  isHeldAncestor,
  isSameReference,
  parseKeptTag,
  type ImageCandidate,
  type ImageNeed,
  type KeptTagState,
} from '../../domain/image-holds.ts';
import { vacuumable } from '../../domain/journal.ts';
import { whyNotTemp, wrongTempPath, type PathsInUse } from '../../domain/temp-path.ts';
import { decideVolumes } from '../../domain/volume-holds.ts';
import { keptTag } from '../../activities/image.ts';

const now = Date.parse('2026-11-26T00:00:00Z');
const day = 86_400_000;

describe('images', () => {
  const image = (id: string, more: Partial<ImageCandidate> = {}): ImageCandidate => ({
    id,
    tags: [],
    repoDigests: [],
    bytes: 1,
    since: now - 30 * day,
    ancestors: [],
    ...more,
  });
  const need = (more: Partial<ImageNeed>): ImageNeed => ({
    ids: [],
    references: [],
    who: 'somebody',
    ...more,
  });
  const rule: ImageRule = { olderThanMs: 7 * day, keep: [] };
  const going = (
    images: ImageCandidate[],
    needs: ImageNeed[] = [],
    how: { rule?: ImageRule; state?: KeptTagState } = {},
  ): string[] =>
    decideImages(images, needs, how.rule ?? rule, { stateOf: () => how.state ?? 'unknown', now })
      .filter(({ reasons }) => reasons.length === 0)
      .map(({ image: { id } }) => id);

  const rows: [string, ImageCandidate, ImageNeed[], boolean][] = [
    ['that nothing needs', image('a', { tags: ['redis:7'] }), [], true],
    ['that a container was made from', image('a'), [need({ ids: ['a'] })], false],
    [
      'whose tag a container names',
      image('a', { tags: ['redis:7'] }),
      [need({ references: ['redis:7'] })],
      false,
    ],
    [
      'whose tag is named in full',
      image('a', { tags: ['docker.io/library/redis:7'] }),
      [need({ references: ['redis:7'] })],
      false,
    ],
    [
      'whose digest is named',
      image('a', { repoDigests: ['redis@sha256:ab'] }),
      [need({ references: ['docker.io/redis@sha256:ab'] })],
      false,
    ],
    [
      'of which another tag is named',
      image('a', { tags: ['redis:7'] }),
      [need({ references: ['redis:8'] })],
      true,
    ],
    ['that is too new', image('a', { since: now - day }), [], false],
    ['that is exactly as old as asked for', image('a', { since: now - 7 * day }), [], true],
  ];
  for (const [what, one, needs, goes] of rows)
    test(`one ${what} ${goes ? 'goes' : 'stays'}`, () => {
      assert.deepEqual(going([one], needs), goes ? ['a'] : []);
    });

  test('patterns of baton.yml keep, and narrow down', () => {
    const images = [image('a', { tags: ['ghcr.io/me/app:1'] }), image('b', { tags: ['redis:7'] })];
    assert.deepEqual(going(images, [], { rule: { ...rule, keep: ['ghcr.io/me/*'] } }), ['b']);
    assert.deepEqual(going(images, [], { rule: { ...rule, only: ['ghcr.io/me/*'] } }), ['a']);
    assert.deepEqual(
      going([image('c')], [], { rule: { ...rule, only: ['*'] } }),
      [],
      'a name fits what has one',
    );
  });

  test('one under a tag of Baton’s own goes only where the records say that nothing needs it', () => {
    const tag = keptTag('web' as never, 'App' as never, '0123456789ab' as never);
    assert.deepEqual(parseKeptTag(tag), { stack: 'web', release: '0123456789ab' });
    for (const state of ['needed', 'unknown', 'obsolete'] as const)
      assert.deepEqual(
        going([image('a', { tags: [tag] })], [], { state }),
        state === 'obsolete' ? ['a'] : [],
      );
  });

  test('those without a tag go first, those that may be nowhere else last, and of these the oldest', () => {
    const images = [
      image('built', { tags: ['mine:1'], since: now - 90 * day }),
      image('young', { tags: ['redis:7'], repoDigests: ['redis@sha256:a'], since: now - 20 * day }),
      image('old', { tags: ['redis:6'], repoDigests: ['redis@sha256:b'], since: now - 60 * day }),
      image('dangling', { since: now - 10 * day }),
    ];
    assert.deepEqual(going(images), ['dangling', 'old', 'young', 'built']);
  });

  test('what is built on goes after what is built on it, and stays with it', () => {
    const images = [
      image('base', { tags: ['base:1'] }),
      image('child', { tags: ['child:1'], ancestors: ['base'] }),
    ];
    assert.deepEqual(going(images), ['child', 'base']);
    assert.deepEqual(going(images, [need({ ids: ['child'] })]), []);
    assert.equal(isHeldAncestor({ ancestors: ['step'] }, [need({ ids: ['step'] })]), true);
    assert.equal(isHeldAncestor({ ancestors: ['step'] }, [need({ ids: ['other'] })]), false);
  });

  const same: [string, string, boolean][] = [
    ['redis', 'redis:latest', true],
    ['redis', 'docker.io/library/redis:latest', true],
    ['localhost:5000/app', 'localhost:5000/app:latest', true],
    ['localhost/app:1', 'app:1', true],
    ['redis:7', 'myredis:7', false],
    ['a@sha256:1', 'a:1@sha256:1', true],
    ['', '', false],
  ];
  for (const [one, other, expected] of same)
    test(`${one || 'nothing'} and ${other || 'nothing'} are ${expected ? '' : 'not '}the same`, () => {
      assert.equal(isSameReference(one, other), expected);
      assert.equal(isSameReference(other, one), expected);
    });

  test('nothing that is held, nor what it is built on, is ever among those that go', () => {
    const id: fc.Arbitrary<string> = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const tag = fc.constantFrom(
      'redis:7',
      'redis:8',
      'docker.io/library/redis:7',
      'app:1',
      'localhost/app:1',
    );
    const some = <T>(one: fc.Arbitrary<T>) => fc.uniqueArray(one, { maxLength: 3 });
    const parents = fc.record({
      b: fc.option(fc.constant('a')),
      c: fc.option(fc.constantFrom('a', 'b')),
      d: fc.option(fc.constantFrom('a', 'c')),
      e: fc.option(fc.constantFrom('b', 'd')),
    });
    const listed = fc.uniqueArray(fc.record({ id, tags: some(tag) }), { selector: ({ id: own }) => own });
    const images = fc.tuple(listed, parents).map(([all, parentOf]) =>
      all.map((one) => {
        const ancestors: string[] = [];
        for (let next = one.id; ;) {
          const parent = (parentOf as Record<string, string | null>)[next] ?? undefined;
          if (parent === undefined) return image(one.id, { ...one, ancestors });
          ancestors.push((next = parent));
        }
      }),
    );
    const needs = fc.array(fc.record({ ids: some(id), references: some(tag), who: fc.constant('x') }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(images, needs, (all, needed) => {
        const gone = going(all, needed);
        const left = all.filter(({ id: own }) => !gone.includes(own));
        for (const { ids, references } of needed) {
          assert.ok(!gone.some((own) => ids.includes(own)));
          for (const one of all)
            if (one.tags.some((own) => references.some((reference) => isSameReference(own, reference))))
              assert.ok(!gone.includes(one.id));
        }
        for (const { ancestors } of left) assert.ok(!gone.some((own) => ancestors.includes(own)));
        for (const [index, own] of gone.entries())
          for (const later of gone.slice(index + 1))
            assert.ok(!all.find((one) => one.id === later)?.ancestors.includes(own), 'a child goes first');
        assert.equal(new Set(gone).size, gone.length);
      }),
    );
  });
});

describe('a target', () => {
  const usage = (usedBytes: number, freeBytes: number, filesystem = '/'): DiskUsage => ({
    filesystem,
    usedBytes,
    freeBytes,
    settled: true,
  });
  const item = (bytes: number, filesystem = '/'): CleanupItem => ({
    part: 'images',
    id: 'x',
    title: 'x',
    place: '/',
    filesystem,
    bytes,
  });

  test('counts as df does, and is reached at that share exactly', () => {
    assert.equal(usedPercent(usage(70, 30)), 70);
    assert.equal(usedPercent(usage(0, 0)), 0);
    assert.equal(isReached(usage(70, 30), 70), true);
    assert.equal(isReached(usage(71, 30), 70), false);
  });

  test('without one everything is needed; with one, what lies on a fuller filesystem that can be measured', () => {
    assert.equal(isNeeded(item(1), [], undefined), true);
    assert.equal(isNeeded(item(1), [usage(80, 20)], 70), true);
    assert.equal(isNeeded(item(1), [usage(60, 40)], 70), false);
    assert.equal(isNeeded(item(1), [usage(80, 20, '/srv')], 70), false);
    assert.equal(isNeeded({ filesystem: '/gone' }, [usage(80, 20)], 70), false);
  });

  test('the newest measure of a filesystem counts', () => {
    assert.deepEqual(withNewest([usage(80, 20), usage(1, 1, '/srv')], usage(60, 40)), [
      usage(1, 1, '/srv'),
      usage(60, 40),
    ]);
    assert.deepEqual(withNewest([usage(80, 20)], undefined), [usage(80, 20)]);
    assert.deepEqual(stillShort([usage(80, 20), usage(1, 99, '/srv')], 70), [usage(80, 20)]);
    assert.deepEqual(stillShort([usage(80, 20)], undefined), []);
  });

  test('an estimate goes on until it is enough, filesystem by filesystem', () => {
    const items = [item(5), item(10, '/srv'), item(5), item(5)];
    assert.deepEqual(expectedNeed(items, [usage(80, 20), usage(10, 90, '/srv')], 70), [
      true,
      false,
      true,
      false,
    ]);
  });

  test('whatever is estimated, what is needed comes before what is not, and never frees more than there is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 50 }), { maxLength: 20 }),
        fc.nat({ max: 100 }),
        fc.nat({ max: 100 }),
        fc.integer({ min: 1, max: 99 }),
        (sizes, used, free, until) => {
          const needed = expectedNeed(
            sizes.map((bytes) => item(bytes)),
            [usage(used, free)],
            until,
          );
          assert.deepEqual(needed, [...needed].sort().reverse());
          const freed = sizes.slice(0, needed.filter(Boolean).length).reduce((sum, bytes) => sum + bytes, 0);
          const left = Math.max(0, used - freed);
          if (needed.includes(false))
            assert.ok(usedPercent({ usedBytes: left, freeBytes: used + free - left }) <= until);
        },
      ),
    );
  });
});

describe('the end of a cleanup', () => {
  const told = { id: 'x', title: 'x' };
  const part = (more: Partial<PartReport>): PartReport => ({
    part: 'images',
    removed: [],
    gone: [],
    kept: [],
    failed: [],
    notNeeded: [],
    space: [],
    ...more,
  });
  const removed = part({ removed: [{ ...told, notes: [] }] });
  const space = (freeBefore: number, freeAfter: number) => [
    { filesystem: '/', freeBefore, freeAfter, settled: true },
  ];
  const calm = { stopped: false, short: false };
  const rows: [string, PartReport[], ReturnType<typeof space>, typeof calm, string][] = [
    ['more room', [removed], space(1, 2), calm, 'done'],
    ['no more room', [removed], space(2, 2), calm, 'freed-nothing'],
    ['less room, because others write', [removed], space(2, 1), calm, 'freed-nothing'],
    ['nothing that went', [part({ kept: [{ ...told, reasons: ['x'] }] })], space(1, 2), calm, 'unchanged'],
    ['what an earlier try removed', [part({ gone: [told] })], space(1, 2), calm, 'done'],
    [
      'one that resisted',
      [removed, part({ failed: [{ ...told, why: 'x' }] })],
      space(1, 2),
      calm,
      'incomplete',
    ],
    ['a target that was missed', [removed], space(1, 2), { ...calm, short: true }, 'short'],
    ['a cancel', [removed], space(1, 2), { ...calm, stopped: true }, 'stopped'],
  ];
  for (const [what, parts, change, how, expected] of rows)
    test(`with ${what} is called ${expected}`, () => {
      assert.equal(cleanupOutcome(parts, change, how), expected);
    });
  test('is measured only where it was measured twice', () => {
    const one = { filesystem: '/', usedBytes: 1, freeBytes: 1, settled: true };
    assert.deepEqual(spaceBetween([one], [{ ...one, freeBytes: 5 }]), space(1, 5));
    assert.deepEqual(spaceBetween([one], []), []);
  });
  test('parts go from what can be had again to what is gone for good', () => {
    assert.deepEqual([cleanupParts[0], cleanupParts.at(-1)], ['temp', 'volumes']);
    assert.ok(cleanupParts.indexOf('images') < cleanupParts.indexOf('snapshots'));
  });
});

describe('the journal', () => {
  const archived = [3, 2, 1].map((age) => ({ bytes: 10, from: now - age * day }));
  const rows: [string, Parameters<typeof vacuumable>[1]['keep'], number][] = [
    ['that is older', { forMs: 1.5 * day }, 2],
    ['of no such age', { forMs: 5 * day }, 0],
    ['until the size fits, with what is written to', { bytes: 30 }, 2],
    ['for a size that fits', { bytes: 50 }, 0],
    ['for a size that never fits, as far as it can', { bytes: 1 }, 3],
  ];
  for (const [what, keep, files] of rows)
    test(`loses whole archived files ${what}`, () => {
      assert.deepEqual(vacuumable({ bytes: 50, archived }, { keep }, now), { files, bytes: files * 10 });
    });
});

describe('a path for temporary files', () => {
  const inUse: PathsInUse = {
    homes: ['/home/anna', '/root'],
    own: ['/home/anna/.local/state/baton', '/var/lib/docker'],
    data: [
      { path: '/srv/immich', who: 'stack immich', readOnly: false },
      { path: '/', who: 'container "watcher"', readOnly: true },
      { path: '/srv/read', who: 'container "reader"', readOnly: true },
    ],
  };
  for (const path of [
    '/',
    '',
    'tmp',
    '/tmp/',
    '/tmp/../etc',
    '/tmp//x',
    '/tmp/.',
    '/etc',
    '/etc/x',
    '/usr/share',
    '/home',
    '/var',
    '/var/lib',
    '/var/lib/docker/tmp',
    '/root',
    '/srv',
  ])
    test(`${path || 'nothing'} cannot be one`, () => {
      assert.ok(wrongTempPath(path) !== undefined);
    });
  for (const path of [
    '/tmp',
    '/var/tmp',
    '/srv/scratch',
    '/home/anna/scratch',
    '/var/cache/mine',
    '/scratch',
    '/tmp/..x',
  ])
    test(`${path} can be one`, () => {
      assert.equal(wrongTempPath(path), undefined);
      assert.deepEqual(whyNotTemp(path, path, inUse), []);
    });
  const refused: [string, string, RegExp][] = [
    ['/tmp/link', '/srv/immich', /symbolic link/],
    ['/tmp/link', '/etc', /belongs to the system/],
    ['/home/anna', '/home/anna', /home/],
    ['/srv/immich', '/srv/immich', /stack immich has/],
    ['/srv/immich/cache', '/srv/immich/cache', /stack immich has/],
    ['/srv/read', '/srv/read', /"reader" has/],
    ['/var/lib/docker', '/var/lib/docker', /its own/],
    ['/home/anna/.local', '/home/anna/.local', /its own/],
  ];
  for (const [path, real, expected] of refused)
    test(`${path}, which is ${real}, is refused`, () => {
      assert.match(whyNotTemp(path, real, inUse).join(), expected);
    });
  test('nothing is one where a container may write everywhere', () => {
    const data = [{ path: '/', who: 'container "all"', readOnly: false }];
    assert.equal(whyNotTemp('/tmp', '/tmp', { ...inUse, data }).length, 1);
  });
});

describe('volumes', () => {
  const loose = [{ name: 'b', bytes: 1 }, { name: 'a' }];
  const reasons = (owners: Parameters<typeof decideVolumes>[1], asked: string[]): [string, number][] =>
    decideVolumes(loose, owners, asked).map(({ name, reasons: why }) => [name, why.length]);
  test('stay unless they are named', () => {
    assert.deepEqual(reasons([], []), [
      ['a', 1],
      ['b', 1],
    ]);
    assert.deepEqual(reasons([], ['a']), [
      ['a', 0],
      ['b', 1],
    ]);
  });
  test('of a stack stay though they are named, until it is removed', () => {
    assert.deepEqual(reasons([{ name: 'a', stack: 's', removed: false }], ['a'])[0], ['a', 1]);
    assert.deepEqual(reasons([{ name: 'a', stack: 's', removed: true }], ['a'])[0], ['a', 0]);
  });
});

describe('what a cleanup says', () => {
  test('names each part by what people call it', () => {
    assert.deepEqual(
      cleanupParts.map((part) => partTitles[part]),
      [
        ...['temporary files', 'build cache', 'unused images', "Baton's own logs", "the system's journal"],
        ...['snapshots', 'volumes'],
      ],
    );
  });
  test('is 0 only where nothing is left to do', () => {
    assert.deepEqual(cleanupExitCodes, {
      ...{ done: 0, 'freed-nothing': 0, unchanged: 0 },
      ...{ refused: 1, incomplete: 1, short: 1, stopped: 1 },
    });
  });
  test('without a rule is of images and the build cache of more than a week', () => {
    assert.deepEqual(defaultRules, {
      images: { olderThanMs: 7 * day, keep: [] },
      buildCache: { olderThanMs: 7 * day },
      temp: [],
    });
  });
});
