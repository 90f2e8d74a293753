/** Asks real processes that print what systemctl and journalctl would: a machine for tests seldom has systemd as its first process. */
import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemd as source } from '../../activities/observe/systemd.ts';
import type { Scene } from '../../activities/observe/source.ts';
import type { Records } from '../../activities/ports/records.ts';
import { openRecords } from '../../activities/records/index.ts';
import { openSystemd } from '../../activities/systemd.ts';

const now = Date.parse('2026-03-01T12:00:00Z');

describe('systemd', () => {
  let directory: string;
  let records: Records;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-systemd-'));
    await mkdir(join(directory, 'systemd', 'private'), { recursive: true });
    records = await openRecords(join(directory, 'records.db'));
  });
  after(async () => {
    await records.close();
    await rm(directory, { recursive: true });
  });

  const prints = async (program: string, script: string): Promise<void> => {
    const file = join(directory, program);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  };
  const open = (booted = directory, runtime = directory) =>
    openSystemd({ booted, runtime, path: `${directory}:/usr/bin:/bin` });
  const see = async (port = open()) =>
    await source.see({
      at: now,
      ports: { systemd: port, records: () => Promise.resolve(records) },
    } as unknown as Scene);
  const failed = (...units: string[]) => `echo '${JSON.stringify(units.map((unit) => ({ unit })))}'`;
  const errors = (count: number) =>
    `for i in $(seq ${count}); do echo '{"__REALTIME_TIMESTAMP":"${now * 1_000}","_SYSTEMD_UNIT":"app.service"}'; done`;

  test('that did not start the host is not here', async () => {
    const seen = await see(open(join(directory, 'nothing')));
    assert.ok('notHere' in seen);
  });

  test('is asked for the units of the system, and of the user where it runs them', async () => {
    assert.deepEqual(await open(directory, '/nowhere').managers(), ['system']);
    await prints(
      'systemctl',
      `case $1 in --system) ${failed('backup.service')};; --user) ${failed('sync.service')};; esac`,
    );
    await prints('journalctl', errors(12));
    assert.deepEqual(await see(), {
      samples: [
        { measure: 'units.failed', place: 'system', value: 1 },
        { measure: 'units.failed', place: 'user', value: 1 },
        { measure: 'journal.errors', place: 'app.service', value: 144 },
      ],
      findings: [
        { what: 'unit-failed', where: 'backup.service', state: 'warning', evidence: 'failed' },
        { what: 'unit-failed', where: 'user:sync.service', state: 'warning', evidence: 'failed' },
        {
          what: 'journal-errors',
          where: 'app.service',
          state: 'info',
          evidence: '12 errors in the journal, 144 an hour',
        },
      ],
      needs: {},
      whole: ['unit-failed', 'journal-errors'],
    });
  });

  test('is asked for errors since the last look that was kept', async () => {
    await prints('systemctl', failed());
    const since = `--since=@${(now - 600_000) / 1_000}`;
    await prints('journalctl', `case "$*" in *${since}*) ${errors(1)};; esac`);
    const at = now - 600_000;
    await records.write({ entries: [{ kind: 'look', id: 'a', at, about: 'nas', body: {} }] });
    const seen = await see();
    assert.ok(!('notHere' in seen));
    assert.equal(seen.samples.at(-1)?.value, 6);
  });

  test('of which a part cannot be asked is told as far as it was seen', async () => {
    await prints(
      'systemctl',
      `[ $1 = --system ] && ${failed('a.service')} || { echo 'No bus' >&2; exit 1; }`,
    );
    await prints('journalctl', 'echo "Hint: You are currently not seeing messages from the system." >&2');
    const seen = await see();
    assert.ok(!('notHere' in seen));
    assert.deepEqual([seen.findings.length, seen.unknown?.length, seen.whole], [1, 2, []]);
  });

  test('with more failed units than are told says how many', async () => {
    const units = Array.from({ length: 25 }, (_, index) => `job@${index}.service`);
    await prints('systemctl', `[ $1 = --system ] && ${failed(...units)} || ${failed()}`);
    await prints('journalctl', 'true');
    const seen = await see();
    assert.ok(!('notHere' in seen));
    assert.deepEqual([seen.findings.length, seen.unknown?.length, seen.whole], [20, 1, ['journal-errors']]);
    assert.equal(seen.samples[0]?.value, 25);
  });

  test('whose journal has more than is read does not end what may go on', async () => {
    await prints('systemctl', failed());
    await prints('journalctl', errors(2_000));
    const seen = await see();
    assert.ok(!('notHere' in seen));
    assert.deepEqual([seen.findings.length, seen.whole], [1, ['unit-failed']]);
  });
});
