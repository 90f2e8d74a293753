/** `snapshots:` of `baton.yml`: what is kept, and mistakes with the place where they were written. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { readBatonFile } from '../../compose/baton-file.ts';
import type { RetentionRule } from '../../domain/retention.ts';
import { batonYml } from './baton-yml.ts';

describe('snapshots of baton.yml', () => {
  const { directory, read } = batonYml();
  const rules = async (text: string): Promise<RetentionRule[]> => {
    const result = await read(text);
    assert.ok(result.ok, JSON.stringify(result));
    return result.settings.snapshots;
  };
  /** `line:column message`. */
  const mistakes = async (text: string): Promise<string[]> => {
    const result = await read(text);
    assert.ok(!result.ok);
    return result.problems.map(({ at, message }) => `${at?.line ?? 0}:${at?.column ?? 0} ${message}`);
  };

  test('say what is kept of which path', async () => {
    const text = `snapshots:
  - paths: ['/srv/immich/*']
    keep: { hourly: 24, daily: 7, weekly: 4, monthly: 6, yearly: 1, minimum: 3 }
  - keep: { daily: 7 }
`;
    assert.deepEqual(await rules(text), [
      {
        paths: ['/srv/immich/*'],
        keep: { hourly: 24, daily: 7, weekly: 4, monthly: 6, yearly: 1, minimum: 3 },
      },
      { keep: { hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: 0, minimum: 1 } },
    ]);
  });

  test('are none where none are written', async () => {
    assert.deepEqual(await rules(''), []);
    assert.deepEqual(await rules('gates: []\n'), []);
    const result = await readBatonFile(join(directory(), 'none.yml'), {});
    assert.ok(result.ok);
    assert.deepEqual(result.settings.snapshots, []);
  });

  const rows: [string, string, RegExp][] = [
    ['a count that is none', 'snapshots:\n  - keep: { daily: many }\n', /^2:20 .*keep\.daily/],
    ['a negative count', 'snapshots:\n  - keep: { daily: -1 }\n', /^2:20 .*keep\.daily/],
    ['no minimum at all', 'snapshots:\n  - keep: { minimum: 0 }\n', /^2:22 .*keep\.minimum/],
    ['nothing kept', 'snapshots:\n  - keep: {}\n', /^2:11 .*must say what is kept/],
    ['a rule without an end', "snapshots:\n  - paths: ['/srv']\n", /^2:5 .*keep/],
    ['a misspelled period', 'snapshots:\n  - keep: { dayly: 7 }\n', /^2:13 "dayly".*Did you mean "daily"/],
    [
      'a relative path',
      "snapshots:\n  - paths: ['/srv', srv/data]\n    keep: { daily: 7 }\n",
      /^2:21 .*must be an absolute path/,
    ],
    ['no path', 'snapshots:\n  - paths: []\n    keep: { daily: 7 }\n', /^2:12 .*paths/],
    ['no list', 'snapshots: { keep: { daily: 7 } }\n', /^1:12 .*snapshots/],
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
