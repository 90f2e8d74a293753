/** Approvals and hours as a person types them, on a real engine: nothing is touched before, and what was approved is what runs. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { oneService, Site } from './site.ts';

describe('a gate', () => {
  let site: Site;
  before(async () => {
    site = await Site.open('podman', 'btrfs');
    await site.write('door.yml', oneService('door', 1));
  });
  after(async () => {
    await site.close();
  });
  const containers = async (): Promise<number> => (await site.containers('door')).length;
  type Waiting = { operation: string; waiting: { for: string; plan: string } };
  const pending = async (): Promise<Waiting[]> => {
    const { out } = await site.baton('pending', '--json', '--host', site.host);
    return out
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Waiting);
  };
  const planOf = async (): Promise<string> => (await pending())[0]?.waiting.plan ?? '';

  test('a deploy waits, says what to type, and holds the stack; nothing runs yet', async () => {
    const { code, out } = await site.baton('deploy', 'door.yml', '--approve');
    assert.equal(code, 6);
    assert.match(out, /Waits for an approval; without, nothing is done after .*\n.*baton approve door/);
    assert.equal(await containers(), 0);
    const [only] = await pending();
    assert.equal(only?.waiting.for, 'approval');
    const busy = await site.baton('deploy', 'door.yml');
    assert.equal(busy.code, 1);
    assert.match(busy.err, /"door" is busy: deploy \(operation [0-9a-f]{8}\) waits for an approval/);
  });

  test('what is approved is what runs, though the file has been edited meanwhile', async () => {
    await site.write('door.yml', oneService('door', 2));
    const blind = await site.baton('approve', 'door');
    assert.equal(blind.code, 64);
    assert.match(blind.err, /Say which plan is approved: --plan [0-9a-f]{12}\. Nothing was changed\./);
    const wrong = await site.baton('approve', 'door', '--plan', 'ffffffff');
    assert.equal(wrong.code, 1);
    assert.match(
      wrong.err,
      /The plan is [0-9a-f]{12}, and the answer was to ffffffff\. .*The answer changed nothing\./,
    );
    const { code, out } = await site.baton(
      'approve',
      'door',
      '--plan',
      await planOf(),
      '--comment',
      'looks good',
    );
    assert.equal(code, 0, out);
    assert.match(out, /: approve \(plan [0-9a-f]{12}\), by baton: looks good/);
    const [container] = await site.containers('door');
    assert.ok(container?.running);
    assert.match(await site.cli('inspect', container.name), /VERSION=1/);
    assert.deepEqual(await pending(), []);
  });

  test('a rejected guard runs no command', async () => {
    const data = join(site.data, 'door');
    await mkdir(data);
    await writeFile(join(data, 'note'), 'old\n');
    const asked = await site.baton(
      'guard',
      '--approve',
      '--data',
      data,
      '--shell',
      '--',
      `echo new > ${data}/note`,
    );
    assert.equal(asked.code, 6, asked.err);
    const [only] = await pending();
    assert.ok(only);
    const { code, out } = await site.baton('reject', only.operation, '--comment', 'not today');
    assert.equal(code, 1);
    assert.match(out, /Not approved: nothing was changed(?:.|\n)*Rejected by .*: not today\./);
    assert.equal(await readFile(join(data, 'note'), 'utf8'), 'old\n');
    assert.equal((await site.baton('reject', only.operation)).code, 1);
  });

  test('an operation with an hour waits for it, is put off, and begins when somebody says so', async () => {
    const at = new Date(Date.now() + 30 * 3_600_000).toISOString();
    const { code, out } = await site.baton('deploy', 'door.yml', '--at', at);
    assert.equal(code, 0);
    assert.match(out, /Starts \w{3} \d\d:\d\d, in 29h 5\dm\n.*baton start door/);
    const sooner = await site.baton(
      'defer',
      'door',
      '--until',
      new Date(Date.now() + 3_600_000).toISOString(),
    );
    assert.equal(sooner.code, 1);
    assert.match(sooner.err, /It begins .*, which is later\. The answer changed nothing\./);
    assert.equal((await site.baton('defer', 'door', '--for', '3h')).code, 0);
    assert.match((await site.baton('pending', '--host', site.host)).out, /Starts .*, in 32h 5\dm/);
    assert.equal((await site.baton('start', 'door')).code, 0);
    const [container] = await site.containers('door');
    assert.match(await site.cli('inspect', container?.name ?? ''), /VERSION=2/);
  });

  test('who decided what is in the audit log, which shows what is altered', async () => {
    const { out } = await site.baton('audit');
    assert.match(
      out,
      /deploy door \([0-9a-f]{8}\) · \S+: approve, plan ffffffff, by baton — it changed nothing: The plan is .*\n.*: approve, plan [0-9a-f]{12}, by baton: looks good\n.* · done\n/,
    );
    assert.match(out, /guard \S+ \([0-9a-f]{8}\) · \S+: reject, by baton: not today\n.* · not-approved/);
    const { code, out: verified } = await site.baton('audit', '--verify');
    assert.equal(code, 0);
    assert.match(verified, /^\d+ lines, each following the one before\. The newest: [0-9a-f]{64}$/);
    const file = join(site.environment['XDG_STATE_HOME'] ?? '', 'baton', 'audit.jsonl');
    const lines = await readFile(file, 'utf8');
    await writeFile(file, lines.replace('looks good', 'looks bad'));
    const altered = await site.baton('audit', '--verify');
    assert.equal(altered.code, 1);
    assert.match(altered.err, /The audit log does not hold: Line 2 was altered\./);
    await writeFile(file, lines);
  });

  test('what baton.yml lays down counts, and a mistake in it refuses everything', async () => {
    const directory = join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton');
    await mkdir(directory, { recursive: true });
    const file = join(directory, 'baton.yml');
    await writeFile(file, 'gates:\n  - {kinds: [remove], who: [nobody-here]}\n');
    assert.equal((await site.baton('remove', 'door')).code, 6);
    const refused = await site.baton('approve', 'door', '--plan', await planOf());
    assert.match(refused.err, /is not among those whose answer counts: nobody-here\./);
    assert.equal((await site.baton('cancel', 'door')).code, 3);
    await writeFile(file, 'gates:\n  - {kind: [remove]}\n');
    const { code, out } = await site.baton('remove', 'door');
    assert.equal(code, 1);
    assert.match(out, /baton\.yml:2:6: "kind" is not a key of baton\.yml\.gates\.0\. Did you mean "kinds"\?/);
    assert.equal((await site.containers('door')).length, 1);
    await writeFile(file, '');
    assert.match(
      (await site.baton('deploy', 'door.yml', '--in-window', 'night')).out,
      /There is no window "night" in .*baton\.yml; there is none\. Nothing was changed\./,
    );
  });

  test('what needs longer than its window does not begin, and what runs as it closes is put back where it says so', async () => {
    const directory = join(site.environment['XDG_CONFIG_HOME'] ?? '', 'baton');
    await writeFile(
      join(directory, 'baton.yml'),
      'windows: {shift: {calendar: shift.ics, at_end: unwind}}\n',
    );
    // A calendar closes to the second.
    const closeAt = async (ms: number): Promise<void> => {
      const stamp = (at: number): string => new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
      const now = [`DTSTART:${stamp(ms - 3_600_000)}`, `DTEND:${stamp(ms)}`];
      const tomorrow = [`DTSTART:${stamp(ms + 80_000_000)}`, 'DURATION:PT2H'];
      const events = [now, tomorrow].flatMap((lines) => ['BEGIN:VEVENT', ...lines, 'END:VEVENT']);
      const lines = ['BEGIN:VCALENDAR', ...events, 'END:VCALENDAR', ''];
      await writeFile(join(directory, 'shift.ics'), lines.join('\r\n'));
    };
    const patient = oneService('door', 9).replace('min_healthy_time: 100ms', 'min_healthy_time: 10m');
    await site.write('door.yml', patient);
    const before = (await site.containers('door')).map(({ id }) => id);

    await closeAt(Date.now() + 60_000);
    const asked = Date.now();
    const later = await site.baton('deploy', 'door.yml', '--in-window', 'shift', '--needs', '1h');
    const answeredMs = Date.now() - asked;
    assert.equal(later.code, 0, later.out);
    assert.match(later.out, /\(shift, until .*; 1h 0m needed, as said\)/);
    assert.equal((await site.baton('cancel', 'door')).code, 3);

    // Long enough to begin in, on a machine as busy as this one.
    await closeAt(Date.now() + 5_000 + 2 * answeredMs);
    const { code, out } = await site.baton('deploy', 'door.yml', '--in-window', 'shift', '--needs', '5s');
    assert.equal(code, 3, out);
    assert.match(out, /It began in shift, until .*; 5\.0s needed, as said\./);
    assert.match(out, /The window was over at .* \(shift\)\./);
    assert.deepEqual(
      (await site.containers('door')).map(({ id }) => id),
      before,
    );
  });
});
