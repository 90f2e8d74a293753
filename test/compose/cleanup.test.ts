/** `cleanup:` of `baton.yml`: what may go, and mistakes with the place where they were written. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultRules } from '../../domain/cleanup.ts';
import { batonYml } from './baton-yml.ts';

describe('cleanup of baton.yml', () => {
  const { read } = batonYml();
  const rules = async (text: string) => {
    const result = await read(text);
    assert.ok(result.ok, JSON.stringify(result));
    return result.settings.cleanup;
  };

  test('says what may go, and when it is enough', async () => {
    const text = `cleanup:
  until: 70%
  images: { older_than: 3d, only: ['ghcr.io/*'], keep: ['ghcr.io/me/*'] }
  build_cache: { older_than: 1d }
  logs: { older_than: 30d }
  journal: { keep: 500MB, directory: /var/log/journal/remote }
  temp:
    - { path: /var/tmp/scratch, older_than: 12h, keep: ['*.iso'] }
`;
    assert.deepEqual(await rules(text), {
      until: 70,
      images: { olderThanMs: 259_200_000, only: ['ghcr.io/*'], keep: ['ghcr.io/me/*'] },
      buildCache: { olderThanMs: 86_400_000 },
      logs: { olderThanMs: 2_592_000_000 },
      journal: { keep: { bytes: 500 * 2 ** 20 }, directory: '/var/log/journal/remote' },
      temp: [{ path: '/var/tmp/scratch', olderThanMs: 43_200_000, keep: ['*.iso'] }],
    });
  });

  test('is, without a word, only of what can be had again', async () => {
    assert.deepEqual(await rules(''), defaultRules);
    assert.deepEqual(await rules('cleanup: {}\n'), defaultRules);
    assert.deepEqual(await rules('cleanup: { images: false, build_cache: false }\n'), { temp: [] });
    assert.deepEqual((await rules('cleanup: { journal: { keep: 7d } }\n')).journal, {
      keep: { forMs: 604_800_000 },
    });
  });

  const rows: [string, string, RegExp][] = [
    ['a target without its sign', 'cleanup:\n  until: 70\n', /^2:10 .*until/],
    ['a target of nothing', 'cleanup:\n  until: 0%\n', /^2:10 .*such as 70%/],
    ['a full disk as target', 'cleanup:\n  until: 100%\n', /^2:10 /],
    ['an age that is none', 'cleanup:\n  images: { older_than: old }\n', /^2:\d+ .*images/],
    [
      'the whole disk',
      'cleanup:\n  temp:\n    - { path: /, older_than: 1d }\n',
      /^3:15 .*must be a path below/,
    ],
    [
      'a relative path',
      'cleanup:\n  temp:\n    - { path: tmp, older_than: 1d }\n',
      /^3:15 .*must be absolute/,
    ],
    ['a way upwards', 'cleanup:\n  temp:\n    - { path: /tmp/../etc, older_than: 1d }\n', /^3:15 /],
    [
      'a path of the system',
      'cleanup:\n  temp:\n    - { path: /etc/cron.d, older_than: 1d }\n',
      /^3:15 .*belongs to the system/,
    ],
    ['a path without an age', 'cleanup:\n  temp:\n    - { path: /tmp/x }\n', /^3:7 .*older_than/],
    [
      'a path declared twice',
      'cleanup:\n  temp:\n    - { path: /tmp/x, older_than: 1d }\n    - { path: /tmp/x, older_than: 2d }\n',
      /^4:15 .*twice/,
    ],
    ['a size that may be a time', 'cleanup:\n  journal: { keep: 500m }\n', /^2:20 .*500MB/],
    ['a journal of no size', 'cleanup:\n  journal: { keep: 0s }\n', /^2:20 /],
    ['a misspelled part', 'cleanup:\n  image: { older_than: 1d }\n', /^2:3 "image".*Did you mean "images"/],
  ];
  for (const [what, text, expected] of rows)
    test(`${what} is told where it stands`, async () => {
      const result = await read(text);
      assert.ok(!result.ok);
      const told = result.problems.map(({ at, message }) => `${at?.line ?? 0}:${at?.column ?? 0} ${message}`);
      assert.ok(
        told.some((line) => expected.test(line)),
        told.join('\n'),
      );
    });
});
