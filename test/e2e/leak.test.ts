/** A service that leaks: told from its days, restarted in a quiet hour, and measured before and after. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Caretaker, recordOutcomes } from './caretaker.ts';
import { Clock, dayMs } from './clock.ts';
import { oneService, Site } from './site.ts';

/** Of six hours, as leaks are looked for: see domain/forecast/leak.ts. */
const quarters = 18;
const leakMebibytes = 5;
const dayTimeMebibytes = 8;

describe('a service that leaks', () => {
  const clock = new Clock();
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;
  let target: string;

  before(async () => {
    site = await Site.open('docker', 'btrfs', clock.environment);
    caretaker = new Caretaker(site);
    stack = `chat-${site.host}`;
    target = `${stack}/web`;
    const settings = '    mem_limit: 120m\n    tmpfs: [/leaked]\n    stop_signal';
    await site.write('stack.yml', oneService(stack).replace('    stop_signal', settings));
    await caretaker.type('deploy', 'stack.yml');
    await recordOutcomes(site, 'memory-relief', target, new Array<boolean>(60).fill(true), 'memory-leak');
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
    await clock.close();
  });

  const inside = async (script: string): Promise<void> => {
    await site.cli('exec', `${stack}-web-1`, 'sh', '-c', script);
  };
  /** What a tmpfs holds is the container’s memory, until it is restarted. */
  const take = async (name: string, mebibytes: number): Promise<void> => {
    await inside(`dd if=/dev/zero of=/leaked/${name} bs=1M count=${mebibytes} 2>/dev/null`);
  };

  test('is told from one that needs more by day', async () => {
    for (let quarter = 0; quarter < quarters; quarter += 1) {
      await take(String(quarter), leakMebibytes);
      if (quarter % 4 === 2) await take('day', dayTimeMebibytes);
      clock.moveTo((quarter / 4) * dayMs);
      await site.baton('auto', 'once');
      if (quarter % 4 === 2) await inside('rm /leaked/day');
    }
    const told = await caretaker.type('incidents');
    assert.match(
      told,
      new RegExp(
        `memory-leak@${target}: 8\\d\\d KiB an hour: it has risen for [34]\\.\\d days, at the same hours of the day`,
      ),
    );
    assert.match(
      await caretaker.type('forecast'),
      /memory-leak@.* its limit of .* is reached in \d+\.\d days/,
    );
  });

  let id = '';
  test('is restarted in a quiet hour, as it has days to go', async () => {
    // Hours away, whenever this test runs.
    const opens = new Date(Date.now() + ((quarters - 1) / 4) * dayMs + dayMs / 4).getHours();
    await site.write(
      '.config/baton/preferences.yml',
      `autonomy: {quiet_hours: {opens: "0 ${opens} * * *", for: 1h}}\n`,
    );
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await site.baton('auto', 'once');
    const { id: found, decision, proposal } = await caretaker.open();
    id = found;
    assert.deepEqual(
      [decision.answer, proposal.playbook],
      ['schedule', 'memory-relief'],
      await caretaker.type('decisions', id),
    );
    assert.match(
      await caretaker.type('pending', '--host', site.host),
      new RegExp(`memory-relief .*\\n.*Starts .* ${String(opens).padStart(2, '0')}:00`),
    );
    // Nobody wants to wait for that here.
    await caretaker.type('start', id);
    await caretaker.helps(id);
  });

  test('has its memory back, by the figures of before and after', async () => {
    assert.match(
      await caretaker.type('events', id),
      /memory-bytes: (?:8[6-9]|9\d) MiB → (?:\d+ KiB|\d(?:\.\d)? MiB)\n/,
    );
  });
});
