/** A week in which Baton only watches, and what each level would have made of it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Caretaker, recordOutcomes } from './caretaker.ts';
import { Clock, dayMs, minuteMs } from './clock.ts';
import { oneService, Site } from './site.ts';

/** What comes back within a day is one incident. */
const betweenMs = 1.2 * dayMs;
const times = 5;

describe('a week of dry runs', () => {
  const clock = new Clock();
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;

  before(async () => {
    site = await Site.open('docker', 'btrfs', clock.environment);
    caretaker = new Caretaker(site);
    stack = `lamp-${site.host}`;
    await site.write('stack.yml', oneService(stack));
    await caretaker.type('deploy', 'stack.yml');
    await recordOutcomes(site, 'service-restart', `${stack}/web`, new Array<boolean>(8).fill(true));
    await caretaker.type('auto', 'dry-run');
    for (let time = 0; time < times; time += 1) {
      clock.moveTo(time * betweenMs);
      await site.cli('stop', `${stack}-web-1`);
      await caretaker.cycle();
      clock.moveTo(time * betweenMs + 10 * minuteMs);
      await site.cli('start', `${stack}-web-1`);
      await caretaker.type('auto', 'once');
    }
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
    await clock.close();
  });

  test('nothing was done, and all of it was decided on', async () => {
    const restarts = (await caretaker.decisions()).filter(
      ({ proposal }) => proposal.playbook === 'service-restart',
    );
    assert.deepEqual(
      restarts.map(({ decision, action, wouldHave }) => [decision.answer, action, wouldHave]),
      new Array(times).fill(['watch', undefined, 'ask']),
    );
  });

  test('each level says what it would have let through, and what then really happened', async () => {
    const told = await caretaker.type('simulate', '--days', '7');
    assert.match(
      told,
      new RegExp(`service-restart: ${times} decisions \\(${times} watch\\), 89 % confidence on average`),
    );
    assert.match(told, /conservative \(95 %\) would have let 0 through/);
    assert.match(
      told,
      new RegExp(`moderate \\(85 %\\) would have let ${times} through: ${times} went away by itself`),
    );
  });

  test('an incident is told with those before it', async () => {
    const told = await caretaker.type('similar', `service-down@${stack}/web`);
    assert.equal(told.match(/lasted 10 min/g)?.length, times);
  });
});
