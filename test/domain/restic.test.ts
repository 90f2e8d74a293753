import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  lockHolder,
  parseTags,
  resticFault,
  resticWords,
  statusOf,
  summaryOf,
  tagsOf,
  unreadItems,
  type ResticEnd,
} from '../../domain/restic.ts';

/** As restic 0.14 (Debian 12) and 0.18 (Debian 13) say it. */
const locked = `unable to create lock in backend: repository is already locked exclusively by PID 4711 on nas by root (UID 0, GID 0)
lock was created at 2026-11-26 02:00:00 (1h2m3s ago)
storage ID 8a1f
the \`unlock\` command can be used to remove stale locks
`;
const noRepository = `Fatal: unable to open config file: stat /srv/restic/config: no such file or directory
Is there a repository at the following location?
/srv/restic
`;

describe('how restic ended', () => {
  const table: [ResticEnd, ReturnType<typeof resticFault>][] = [
    [{ exitCode: 0, stderr: 'warning' }, undefined],
    [{ exitCode: 3, stderr: '' }, 'unread'],
    [{ exitCode: 10, stderr: '' }, 'no-target'],
    [{ exitCode: 11, stderr: '' }, 'locked'],
    [{ exitCode: 12, stderr: '' }, 'wrong-password'],
    [{ exitCode: 130, stderr: '' }, 'interrupted'],
    [{ exitCode: null, stderr: '' }, 'interrupted'],
    [{ exitCode: 1, stderr: locked }, 'locked'],
    [{ exitCode: 1, stderr: noRepository }, 'no-target'],
    [{ exitCode: 1, stderr: 'Fatal: wrong password or no key found' }, 'wrong-password'],
    [{ exitCode: 1, stderr: 'Resolving password failed: Fatal: /etc/p does not exist' }, 'wrong-password'],
    [{ exitCode: 1, stderr: 'Fatal: unable to save snapshot: write: no space left on device' }, 'no-space'],
    [
      {
        exitCode: 1,
        stderr:
          'Fatal: unable to open repository at sftp:nas:/x: unable to start the sftp session, error: EOF',
      },
      'unreachable',
    ],
    [{ exitCode: 1, stderr: 'Fatal: dial tcp 10.0.0.9:22: connect: connection refused' }, 'unreachable'],
    [{ exitCode: 1, stderr: 'Fatal: open /srv/restic/config: permission denied' }, 'permission'],
    [{ exitCode: 1, stderr: 'Fatal: something new' }, 'internal'],
    // A Go runtime error, and a code that nobody knows yet.
    [{ exitCode: 2, stderr: 'panic' }, 'internal'],
    [{ exitCode: 99, stderr: '' }, 'internal'],
  ];
  for (const [end, fault] of table)
    test(`${end.exitCode} ${JSON.stringify(end.stderr.slice(0, 40))} is ${fault ?? 'success'}`, () => {
      assert.equal(resticFault(end), fault);
    });

  test('who holds a lock is told, and since when', () => {
    assert.equal(
      lockHolder(locked),
      'PID 4711 on nas by root (UID 0, GID 0), created at 2026-11-26 02:00:00 (1h2m3s ago)',
    );
    assert.equal(
      lockHolder(
        `{"message_type":"exit_error","code":11,"message":"unable to create lock in backend: repository is already locked by PID 9 on nas by root (UID 0, GID 0)\\nlock was created at 2026-11-26 02:00:00 (1m ago)\\nstorage ID 8a"}`,
      ),
      'PID 9 on nas by root (UID 0, GID 0), created at 2026-11-26 02:00:00 (1m ago)',
    );
    assert.equal(lockHolder('Fatal: something else'), undefined);
  });

  test('newer versions wrap their last words in JSON', () => {
    assert.equal(
      resticWords(
        'warning\n{"message_type":"exit_error","code":12,"message":"Fatal: wrong password or no key found"}\n',
      ),
      'warning Fatal: wrong password or no key found',
    );
  });
});

test('what a backup measured is read from its last message', () => {
  const status = '{"message_type":"status","percent_done":0.425,"bytes_done":42,"files_done":3}';
  const summary = (more: object): string =>
    `${status}\n${JSON.stringify({ message_type: 'summary', total_files_processed: 7, total_bytes_processed: 99, data_added: 50, snapshot_id: '1e71', ...more })}\n`;
  assert.deepEqual(summaryOf(summary({})), { id: '1e71', files: 7, sizeBytes: 99, addedBytes: 50 });
  assert.equal(summaryOf(summary({ data_added_packed: 30 }))?.addedBytes, 30);
  assert.equal(summaryOf(status), undefined);
  assert.equal(summaryOf(''), undefined);
  assert.deepEqual(statusOf(status), { percent: 42, bytesDone: 42, filesDone: 3 });
  assert.equal(statusOf('{"message_type":"sum'), undefined);
  assert.equal(statusOf('text'), undefined);
});

test('files that could not be read are named', () => {
  const stderr = `{"message_type":"error","error":{},"during":"archival","item":"/a"}\nother\n{"message_type":"error","item":"/b"}`;
  assert.deepEqual(unreadItems(stderr), ['/a', '/b']);
});

test('a path comes back from its tag, whatever is in it', () => {
  for (const path of ['/srv/a', '/srv/a, b', '/srv/100%', '/srv/ä\nb', '/srv/%2C']) {
    const tags = { copy: 'offsite', path, snapshot: 's', root: '755:0:0' };
    const made = tagsOf(tags);
    assert.ok(made.every((tag) => !/[,\s]/.test(tag)));
    assert.deepEqual(parseTags(made), { ...tags, incomplete: false });
    assert.equal(parseTags([...made, 'incomplete'])?.incomplete, true);
  }
  assert.equal(parseTags(['baton', 'copy=x']), undefined);
  assert.equal(parseTags(tagsOf({ copy: 'x', path: '/', snapshot: 's', root: '' }).slice(1)), undefined);
});
