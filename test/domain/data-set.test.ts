/** Data sets: where they lie, and which rules count for their paths. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  classesOf,
  classText,
  isKept,
  parseSubvolumeText,
  parseVolumeText,
  placeText,
  rulesOf,
  volumeText,
  writtenPath,
  type PlacedSet,
  type SetPlace,
} from '../../domain/data-set.ts';
import { ruleFor, type Keep } from '../../domain/retention.ts';

const at = { file: 'baton.yml', line: 1, column: 1 };
const keep: Keep = { hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: 0, minimum: 1 };
const set = (place: SetPlace, more: Partial<PlacedSet> = {}): PlacedSet => ({
  name: 'set',
  place,
  class: 'snapshot',
  at,
  ...more,
});

describe('a data set', () => {
  const rows: [SetPlace, string, string | undefined][] = [
    [{ path: '/srv/a' }, '/srv/a', '/srv/a'],
    [{ subvolume: '/srv/a' }, 'subvolume /srv/a', '/srv/a'],
    [{ volume: 'a' }, 'volume a', undefined],
  ];
  for (const [place, text, path] of rows)
    test(`of ${text} says where it lies`, () => {
      assert.equal(placeText(set(place)), text);
      assert.equal(writtenPath(set(place)), path);
    });

  test('its own rule counts before those of snapshots, for the path that it really has', () => {
    const linked = set({ path: '/srv/link' }, { path: '/mnt/real', keep });
    const general = { keep: { ...keep, daily: 1 } };
    const rules = [...rulesOf([linked]), general];
    assert.equal(ruleFor('/mnt/real', rules)?.keep.daily, 7);
    assert.equal(ruleFor('/mnt/real/below', rules)?.keep.daily, 1);
  });

  test('gives its class to its path, as it is written and as it really is', () => {
    const linked = set({ path: '/srv/link' }, { path: '/mnt/real', class: 'discard' });
    assert.deepEqual(classesOf([linked, set({ volume: 'a' })]), {
      '/srv/link': 'discard',
      '/mnt/real': 'discard',
    });
  });

  test('a volume is told from a path', () => {
    assert.equal(parseVolumeText(volumeText('shop_db')), 'shop_db');
    assert.equal(parseVolumeText('/srv/volume shop_db'), undefined);
  });

  test('has no rule of its own where nothing is kept, or nothing is there', () => {
    assert.deepEqual(
      rulesOf([set({ path: '/srv/a' }, { path: '/srv/a' }), set({ volume: 'a' }, { keep })]),
      [],
    );
  });
});

test('how a set is named as data is read back, and nothing that only looks like it', () => {
  assert.equal(parseSubvolumeText('subvolume @home/data'), '@home/data');
  assert.equal(parseVolumeText('volume shop_db'), 'shop_db');
  for (const other of ['/srv/a', 'subvolume ', 'volume ', 'a subvolume x', 'a volume x'])
    assert.deepEqual([parseSubvolumeText(other), parseVolumeText(other)], [undefined, undefined], other);
});

test('its class is told, and whether anything is kept of it', () => {
  const of = (kind: PlacedSet['class']) => set({ path: '/srv/a' }, { class: kind });
  assert.deepEqual(
    ([{ dump: 'postgres' }, 'snapshot', 'discard'] as const).map((kind) => [
      classText(of(kind)),
      isKept(of(kind)),
    ]),
    [
      ['dump (postgres)', true],
      ['snapshot', true],
      ['discard', false],
    ],
  );
});
