/** `baton auto` as a person types it: a service that dies is asked about, and restarted once the record allows it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openRecords } from '../../activities/records/index.ts';
import type { DecisionTold } from '../../domain/autonomy-status.ts';
import type { OperationId } from '../../domain/names.ts';
import type { ActionOutcome } from '../../domain/outcome.ts';
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
  /** What came of actions, written as they are kept, some hours ago. */
  const record = async (...helped: boolean[]): Promise<void> => {
    const records = await openRecords(join(site.files, '.state', 'baton', 'records.db'));
    const target = `${stack}/web`;
    for (const [which, playbook] of ['service-restart', 'cascade-restart'].entries())
      for (const [n, held] of helped.entries()) {
        const at = Date.now() - (helped.length - n) * 60_000 - 7_200_000;
        const operation = `${which}000${String(n).padStart(4, '0')}` as OperationId;
        const measurements = [{ afterMs: 0, at, held }];
        const what = { operation, playbook, target, cause: 'service-down' };
        const body: ActionOutcome = { ...what, endedAt: at, failed: false, measurements };
        await records.write({
          entries: [{ kind: 'outcome', id: operation, at, about: `${playbook} ${target}`, body }],
        });
      }
    await records.close();
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
    await until('the question', async () => (await type('pending', '--host', site.host)).includes(id));
    await type('auto', 'stop');
    assert.equal((await ended(id)).ended?.outcome, 'cancelled');
    assert.equal(await runs(), false);
  });

  test('what its record allows it does unasked, and measures', async () => {
    await record(...Array.from({ length: 40 }, () => true));
    await type('auto', 'on', '--level', 'moderate');
    await cycle();
    const acted = (await decisions()).findLast(({ decision }) => decision.answer === 'act');
    assert.ok(acted, await type('decisions'));
    const { ended: end, outcome } = await ended(acted.id);
    assert.equal(end?.outcome, 'done');
    assert.deepEqual(
      outcome?.measurements.map(({ held }) => held),
      [true],
    );
    assert.equal(await runs(), true);
    assert.match(await type('decisions', acted.id), /Measured at its end: it held/);
    // A restart leaves no other release to go back from.
    const undo = await site.baton('undo', '--last-auto');
    assert.deepEqual([undo.code, /Nothing was changed/.test(undo.err)], [1, true], undo.out + undo.err);
    assert.equal(await runs(), true);
  });

  test('who set the level stands in the audit log', async () => {
    assert.match(await type('audit'), /auto-on.*moderate/);
    assert.match(await type('record'), /1 actions, 100 % helped/);
  });
});
