/** `data:` of `baton.yml`: the sets of a host, their schedules, and mistakes with the place where they were written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Settings } from '../../domain/settings.ts';
import { batonYml } from './baton-yml.ts';

describe('data of baton.yml', () => {
  const { read } = batonYml({ HOME: '/root' });
  const settings = async (text: string): Promise<Settings> => {
    const result = await read(text);
    assert.ok(result.ok, JSON.stringify(result));
    return result.settings;
  };
  /** `line:column message`. */
  const mistakes = async (text: string): Promise<string[]> => {
    const result = await read(text);
    assert.ok(!result.ok);
    return result.problems.map(({ at, message }) => `${at?.line ?? 0}:${at?.column ?? 0} ${message}`);
  };

  test('names sets by path, by subvolume and by volume', async () => {
    const { sets } = await settings(`data:
  library: { path: /srv/library, class: snapshot, keep: { daily: 7 } }
  photos: { subvolume: /srv/photos, class: snapshot }
  shop: { volume: shop_database, class: { dump: postgres } }
  thumbs: { path: /srv/thumbs, class: discard }
`);
    assert.deepEqual(
      sets.map(({ at: _at, ...set }) => set),
      [
        {
          name: 'library',
          place: { path: '/srv/library' },
          class: 'snapshot',
          keep: { hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: 0, minimum: 1 },
        },
        { name: 'photos', place: { subvolume: '/srv/photos' }, class: 'snapshot' },
        { name: 'shop', place: { volume: 'shop_database' }, class: { dump: 'postgres' } },
        { name: 'thumbs', place: { path: '/srv/thumbs' }, class: 'discard' },
      ],
    );
  });

  test('a question is as it is written, and nothing in it is filled in', async () => {
    const { sets } = await settings(`data:
  library:
    path: /srv/library
    class: snapshot
    restore_test: { exec: 'ls "$HOME" | wc -l', contains: '3', timeout: 2m, memory: 256M, every: 8d, service: web }
`);
    assert.deepEqual(sets[0]?.restoreTest, {
      command: ['/bin/sh', '-c', 'ls "$$HOME" | wc -l'],
      contains: '3',
      service: 'web',
      timeoutMs: 120_000,
      memoryBytes: 256 * 2 ** 20,
      everyMs: 8 * 86_400_000,
    });
  });

  test('a schedule of a set has its name and takes a snapshot of its place', async () => {
    const { schedules } = await settings(`schedules:
  prune: { cron: '0 4 * * *', prune: all }
data:
  shop: { volume: shop_db, class: dump, schedule: '30 2 * * *', time_zone: Europe/Berlin, copy_limit: 2G }
`);
    assert.deepEqual(
      schedules.map(({ name, cron }) => [name, cron]),
      [
        ['prune', '0 4 * * *'],
        ['shop', '30 2 * * *'],
      ],
    );
    const task = schedules[1]?.task;
    assert.ok(task?.do === 'guard');
    assert.deepEqual(task.question.data, ['volume shop_db']);
    assert.equal(task.question.copyLimitBytes, 2 ** 31);
    assert.equal(schedules[1]?.timeZone, 'Europe/Berlin');
  });

  const rows: [string, string, RegExp][] = [
    ['no place', 'data:\n  a: { class: snapshot }\n', /^2:6 .*needs one of path, subvolume, volume/],
    [
      'two places',
      'data:\n  a: { path: /srv/a, volume: a, class: snapshot }\n',
      /^2:6 .*needs one of path, subvolume, volume/,
    ],
    ['no class', 'data:\n  a: { path: /srv/a }\n', /^2:6 .*class/],
    ['a class that is none', 'data:\n  a: { path: /srv/a, class: copy }\n', /^2:29 .*must be snapshot, dump/],
    ['a relative path', 'data:\n  a: { path: srv/a, class: snapshot }\n', /^2:14 .*absolute path/],
    ['a path that climbs', 'data:\n  a: { path: /srv/../etc, class: snapshot }\n', /^2:14 .*without/],
    ['a name that is none', 'data:\n  A B: { path: /srv/a, class: snapshot }\n', /^2:3 .*must be a name/],
    ['the name of all', 'data:\n  all: { path: /srv/a, class: snapshot }\n', /^2:3 .*means all of them/],
    [
      'what is kept of what is discarded',
      'data:\n  a: { path: /srv/a, class: discard, keep: { daily: 7 } }\n',
      /^2:44 .*means nothing/,
    ],
    [
      'two sets of one path',
      'data:\n  a: { path: /srv/a, class: snapshot }\n  b: { subvolume: /srv/a, class: dump }\n',
      /^3:6 .*is a set already, "a"/,
    ],
    [
      'a name that a schedule has',
      "schedules:\n  a: { cron: '0 4 * * *', prune: all }\ndata:\n  a: { path: /srv/a, class: snapshot, schedule: '0 3 * * *' }\n",
      /^4:49 .*There is a schedule "a"/,
    ],
    [
      'output of no command',
      'data:\n  a: { path: /srv/a, class: snapshot, restore_test: { contains: x } }\n',
      /^2:53 .*needs "exec"/,
    ],
    [
      'a misspelled key',
      'data:\n  a: { path: /srv/a, class: snapshot, kep: { daily: 1 } }\n',
      /^2:39 "kep".*Did you mean "keep"/,
    ],
  ];
  for (const [what, text, expected] of rows)
    test(`${what} is told where it stands`, async () => {
      const told = await mistakes(text);
      assert.ok(
        told.some((line) => expected.test(line)),
        told.join('\n'),
      );
    });
});
