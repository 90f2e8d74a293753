/** `copies:` of `baton.yml`, and the schedules that make them: what is read, and mistakes with the place where they were written. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { batonYml } from './baton-yml.ts';

describe('copies of baton.yml', () => {
  const { directory, read } = batonYml();

  test('say what goes where', async () => {
    const result = await read(`copies:
  offsite:
    data: [/srv/photos, /srv/paperless]
    restic:
      repository: sftp:backup@nas:/srv/restic
      password_file: restic.password
      environment: [AWS_ACCESS_KEY_ID]
    keep: { daily: 7 }
  disk:
    data: [/srv/photos]
    btrfs: { to: /srv/backup, host: root@nas }
    fresh: 0s
    copy_limit: 20G
schedules:
  night: { cron: '0 4 * * *', copy: offsite }
  look: { cron: '0 5 * * 0', check_copy: { copy: offsite, read_data: 5% } }
  look-too: { cron: '0 5 * * 0', check_copy: disk }
`);
    assert.ok(result.ok, JSON.stringify(result));
    const { copies, schedules } = result.settings;
    assert.deepEqual(copies, [
      {
        name: 'offsite',
        data: ['/srv/photos', '/srv/paperless'],
        target: {
          by: 'restic',
          repository: { at: 'sftp:backup@nas:/srv/restic' },
          password: { file: join(directory(), 'restic.password') },
          variables: ['AWS_ACCESS_KEY_ID'],
          pruneEveryMs: 7 * 86_400_000,
        },
        keep: { hourly: 0, daily: 7, weekly: 0, monthly: 0, yearly: 0, minimum: 1 },
        freshMs: 3_600_000,
        copyLimitBytes: 2 ** 30,
      },
      {
        name: 'disk',
        data: ['/srv/photos'],
        target: { by: 'btrfs', directory: '/srv/backup', remote: 'root@nas' },
        freshMs: 0,
        copyLimitBytes: 20 * 2 ** 30,
      },
    ]);
    assert.deepEqual(
      schedules.map(({ task }) => task),
      [
        { do: 'copy', copy: 'offsite' },
        { do: 'check-copy', copy: 'offsite', readPercent: 5 },
        { do: 'check-copy', copy: 'disk' },
      ],
    );
  });

  const restic = (keys: string): string => `copies:\n  a:\n    data: [/srv]\n    restic:\n${keys}`;
  const rows: [string, string, RegExp][] = [
    ['no target', 'copies:\n  a: { data: [/srv] }\n', /^2:6 .*needs either "restic" or "btrfs"/],
    [
      'a relative path',
      'copies:\n  a:\n    data: [srv]\n    btrfs: { to: /mnt }\n',
      /^3:12 There is no data set "srv", and it is no absolute path/,
    ],
    [
      'a path upwards',
      'copies:\n  a:\n    data: [/srv/../etc]\n    btrfs: { to: /mnt }\n',
      /^3:12 .*must be an absolute path, or the name of a data set/,
    ],
    [
      'a relative repository',
      restic('      repository: backup\n      password_file: p\n'),
      /^5:19 .*absolute path, or an address/,
    ],
    [
      'a password in an address',
      restic('      repository: rest:https://me:hunter2@nas/\n      password_file: p\n'),
      /^5:19 .*holds a password.*repository_file/,
    ],
    ['no password', restic('      repository: /mnt/r\n'), /^5:7 .*password_file/],
    [
      'two passwords',
      restic('      repository: /mnt/r\n      password_file: p\n      password_command: p\n'),
      /^5:7 .*either "password_file"/,
    ],
    [
      'the password itself',
      restic('      repository: /mnt/r\n      password: hunter2\n'),
      /^6:7 .*"password" is not a key/,
    ],
    [
      'a host that is an option',
      'copies:\n  a:\n    data: [/srv]\n    btrfs: { to: /mnt, host: -oProxyCommand=x }\n',
      /^4:30 .*host as ssh takes it/,
    ],
    [
      'one directory for two',
      'copies:\n  a: { data: [/a], btrfs: { to: /mnt } }\n  b: { data: [/b], btrfs: { to: /mnt } }\n',
      /^3:33 .*"a" go there already/,
    ],
    [
      'a schedule of none',
      "schedules:\n  n: { cron: '0 4 * * *', copy: offsite }\n",
      /^2:33 There is no "offsite"/,
    ],
    [
      'a check of none',
      "schedules:\n  n: { cron: '0 4 * * *', check_copy: { copy: x } }\n",
      /^2:39 There is no "x"/,
    ],
    [
      'more than all',
      "schedules:\n  n: { cron: '0 4 * * *', check_copy: { copy: x, read_data: 101% } }\n",
      /share of the data/,
    ],
  ];
  for (const [title, text, expected] of rows)
    test(`${title} is told where it was written`, async () => {
      const result = await read(text);
      assert.ok(!result.ok);
      const told = result.problems.map(({ at, message }) => `${at?.line ?? 0}:${at?.column ?? 0} ${message}`);
      assert.ok(
        told.some((one) => expected.test(one)),
        told.join('\n'),
      );
      assert.ok(told.every((one) => !one.includes('hunter2')));
    });
});
