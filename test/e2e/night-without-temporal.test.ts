/** Temporal is away for an hour of the night: what was under way goes on, Baton looks again, and the morning says that it was blind. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Town } from '../faults/town.ts';
import { Caretaker } from './caretaker.ts';
import { Clock, minuteMs } from './clock.ts';
import { oneService, Site, until } from './site.ts';

/** `02:30` → 150 */
const minutesOf = (time: string): number => {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
};

describe('a night with Temporal away for an hour', () => {
  const clock = new Clock();
  let town: Town;
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;

  before(async () => {
    town = await Town.open();
    site = await Site.open('docker', 'btrfs', { TEMPORAL_ADDRESS: town.address, ...clock.environment });
    caretaker = new Caretaker(site);
    stack = `lamp-${site.host}`;
    await site.write('stack.yml', oneService(stack, '${VERSION}').replace('100ms', '15s'));
    await caretaker.type('deploy', 'stack.yml', '--set', 'VERSION=1');
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await caretaker.type('auto', 'once');
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
    await town.close();
    await clock.close();
  });

  test('says so while it is, and does nothing', async () => {
    await caretaker.type('deploy', 'stack.yml', '--set', 'VERSION=2', '--wait=false');
    await until('the new container', async () => (await site.containers(stack)).length === 2);
    await town.killTemporal();
    const { code, err } = await site.baton('auto', 'status');
    assert.equal(code, 4, err);
    assert.match(err, /Temporal/);
    clock.moveTo(60 * minuteMs);
  });

  test('what was under way is done once it is back', async () => {
    await town.startTemporal();
    await until('the end of the deploy', async () =>
      (await site.baton('events', stack, '--follow')).out.includes('Done'),
    );
    const [container, ...more] = await site.containers(stack);
    assert.deepEqual([container?.running, more.length], [true, 0]);
    const releases = (await caretaker.type('releases', stack)).split('\n');
    assert.equal(releases.length, 2);
  });

  test('it looks again, and the morning says first that it was blind', async () => {
    await caretaker.type('auto', 'once');
    const [headline = ''] = (await site.baton('report', 'morning')).out.split('\n');
    assert.match(headline, /^Baton was blind for /);
    // Also before it was turned on; the last time is that hour.
    const [, from = '', to = ''] = /from \w+ ([\d:]+) to (?:\w+ )?([\d:]+)\. /.exec(headline) ?? [];
    const minutes = (minutesOf(to) - minutesOf(from) + 24 * 60) % (24 * 60);
    assert.ok(minutes >= 60 && minutes < 70, headline);
    const status = await caretaker.type('auto', 'status');
    assert.match(status, /Level now: moderate/);
    assert.match(status, /It was blind from \w+ \d\d:\d\d to \w+ \d\d:\d\d/);
  });
});
