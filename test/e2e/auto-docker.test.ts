/** `baton auto` as a person types it: a service that dies is asked about, and a stop ends the question. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { DecisionTold } from '../../domain/autonomy-status.ts';
import { oneService, Site, until } from './site.ts';

describe('looking after a host by itself', () => {
  let site: Site;
  let stack: string;
  before(async () => {
    site = await Site.open('docker', 'btrfs');
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

  const type = async (...words: string[]): Promise<string> => {
    const { code, out, err } = await site.baton(...words);
    assert.equal(code, 0, `${words.join(' ')}: ${out}${err}`);
    return out;
  };
  const decisions = async (): Promise<DecisionTold[]> =>
    (await type('decisions', '--json'))
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as DecisionTold);
  /** The newest that a cycle, this one or that of the schedule, has begun something of. */
  const open = async (): Promise<DecisionTold & { action: object }> => {
    let found: DecisionTold | undefined;
    await until('a decision', async () => {
      found = (await decisions()).findLast(({ action, ended }) => action && !ended);
      return found !== undefined;
    });
    return found?.action ? { ...found, action: found.action } : assert.fail('no decision');
  };
  const ended = async (id: string): Promise<DecisionTold> => {
    const told = async (): Promise<DecisionTold | undefined> =>
      (await decisions()).find((one) => one.id === id && one.ended);
    await until('the end of the action', async () => (await told()) !== undefined);
    return (await told()) ?? assert.fail('no end');
  };
  const runs = async (): Promise<boolean> => (await site.containers(stack)).every(({ running }) => running);
  const cycle = async (): Promise<void> => {
    // Something is critical, and its exit code says so.
    assert.equal((await site.baton('auto', 'once')).code, 1);
  };
  test('in a dry run it says what it would have done, and does nothing', async () => {
    await site.cli('stop', `${stack}-web-1`);
    await type('auto', 'dry-run');
    await cycle();
    const told = (await decisions()).map(({ decision, wouldHave }) => [decision.answer, wouldHave]);
    assert.ok(told.some(([, wouldHave]) => wouldHave === 'ask'));
    assert.ok(told.every(([answer]) => answer === 'watch'));
    assert.equal(await runs(), false);
  });

  test('what it never did before is asked, and a stop ends the question', async () => {
    await type('auto', 'on', '--level', 'moderate');
    await cycle();
    const { id, decision } = await open();
    assert.equal(decision.answer, 'ask');
    await until('the question', async () => (await type('pending')).includes(id));
    await type('auto', 'stop');
    assert.equal((await ended(id)).ended?.outcome, 'cancelled');
    assert.equal(await runs(), false);
  });

  test('who set the level stands in the audit log', async () => {
    assert.match(await type('audit'), /auto-on.*moderate/);
  });
});
