/** `baton auto` as a person types it: a service that dies is asked about, and restarted once the record allows it. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Caretaker, recordOutcomes } from './caretaker.ts';
import { oneService, Site, until } from './site.ts';

describe('looking after a host by itself', () => {
  let site: Site;
  let caretaker: Caretaker;
  let stack: string;
  before(async () => {
    site = await Site.open('docker', 'btrfs');
    caretaker = new Caretaker(site);
    // Others may have a stack of any plain name on this engine.
    stack = `lamp-${site.host}`;
    await site.write('stack.yml', oneService(stack));
    const deployed = await site.baton('deploy', 'stack.yml');
    assert.equal(deployed.code, 0, deployed.out + deployed.err);
  });
  after(async () => {
    await site.baton('auto', 'stop', '--unwind');
    await site.close();
  });

  const runs = async (): Promise<boolean> => (await site.containers(stack)).every(({ running }) => running);

  test('in a dry run it says what it would have done, and does nothing', async () => {
    await site.cli('stop', `${stack}-web-1`);
    await caretaker.type('auto', 'dry-run');
    await caretaker.cycle();
    const told = (await caretaker.decisions()).map(({ decision, wouldHave }) => [decision.answer, wouldHave]);
    assert.ok(told.some(([, wouldHave]) => wouldHave === 'ask'));
    assert.ok(told.every(([answer]) => answer === 'watch'));
    assert.equal(await runs(), false);
  });

  test('what it never did before is asked, and a stop ends the question', async () => {
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await caretaker.cycle();
    const { id, decision } = await caretaker.open();
    assert.equal(decision.answer, 'ask');
    await until('the question', async () =>
      (await caretaker.type('pending', '--host', site.host)).includes(id),
    );
    await caretaker.type('auto', 'stop');
    assert.equal((await caretaker.ended(id)).ended?.outcome, 'cancelled');
    assert.equal(await runs(), false);
  });

  test('what its record allows it does unasked, and measures', async () => {
    for (const playbook of ['service-restart', 'cascade-restart'])
      await recordOutcomes(site, playbook, `${stack}/web`, new Array<boolean>(40).fill(true));
    await caretaker.type('auto', 'on', '--level', 'moderate');
    await caretaker.cycle();
    const acted = (await caretaker.decisions()).findLast(({ decision }) => decision.answer === 'act');
    assert.ok(acted, await caretaker.type('decisions'));
    await caretaker.helps(acted.id);
    assert.equal(await runs(), true);
    assert.match(await caretaker.type('decisions', acted.id), /Measured at its end: it held/);
    // A restart leaves no other release to go back from.
    const undo = await site.baton('undo', '--last-auto');
    assert.deepEqual([undo.code, /Nothing was changed/.test(undo.err)], [1, true], undo.out + undo.err);
    assert.equal(await runs(), true);
  });

  test('who set the level stands in the audit log', async () => {
    assert.match(await caretaker.type('audit'), /auto-on.*moderate/);
    assert.match(await caretaker.type('record'), /1 action, 100 % helped/);
  });
});
