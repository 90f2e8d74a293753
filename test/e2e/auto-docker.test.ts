/** `baton auto` as a person types it: a service that dies is asked about, restarted once the record allows it, and left alone after failures. */
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
  const last = async (): Promise<DecisionTold> => (await decisions()).at(-1) ?? assert.fail('no decision');
  const ended = async (): Promise<DecisionTold> => {
    await until('the end of the action', async () => (await last()).ended !== undefined);
    return await last();
  };
  const runs = async (): Promise<boolean> => (await site.containers(stack)).every(({ running }) => running);
  const cycle = async (): Promise<void> => {
    // Something is critical, and its exit code says so.
    assert.equal((await site.baton('auto', 'once')).code, 1);
  };
  /** What came of actions, written as they are kept, some hours ago. */
  const record = async (...helped: boolean[]): Promise<void> => {
    const records = await openRecords(join(site.files, '.state', 'baton', 'records.db'));
    const what = { playbook: 'service-restart', target: `${stack}/web`, cause: 'service-down' };
    const outcomes = helped.map((held, n): ActionOutcome => {
      const endedAt = Date.now() - (helped.length - n) * 60_000 - 7_200_000;
      const operation = `0000${String(n).padStart(4, '0')}` as OperationId;
      return {
        ...what,
        operation,
        endedAt,
        failed: false,
        measurements: [{ afterMs: 0, at: endedAt, held }],
      };
    });
    await records.write({
      entries: outcomes.map((body) => ({
        kind: 'outcome',
        id: body.operation,
        at: body.endedAt,
        about: `service-restart ${stack}/web`,
        body,
      })),
    });
    await records.close();
  };

  test('in a dry run it says what it would have done, and does nothing', async () => {
    await site.cli('stop', `${stack}-web-1`);
    await type('auto', 'dry-run');
    await cycle();
    const { decision, wouldHave } = await last();
    assert.deepEqual([decision.answer, wouldHave], ['watch', 'ask']);
    assert.equal(await runs(), false);
  });

  test('what it never did before is asked, and a stop ends the question', async () => {
    await type('auto', 'on', '--level', 'moderate');
    await cycle();
    const { action, decision } = await last();
    assert.equal(decision.answer, 'ask');
    const operation = action?.operation ?? '';
    await until('the question', async () => (await type('pending')).includes(operation));
    await type('auto', 'stop');
    assert.equal((await ended()).ended?.outcome, 'cancelled');
    assert.equal(await runs(), false);
    assert.match(await type('auto', 'status'), /does nothing by itself/);
  });

  test('who approves has it done, and measured', async () => {
    await type('auto', 'on', '--level', 'moderate');
    await cycle();
    const { action, id } = await last();
    const operation = action?.operation ?? '';
    let plan = '';
    await until('the question', async () => {
      const lines = (await type('pending', '--json')).split('\n').filter((line) => line.includes(operation));
      plan = lines[0] ? (JSON.parse(lines[0]) as { waiting: { plan: string } }).waiting.plan : '';
      return plan !== '';
    });
    await type('approve', operation, '--plan', plan);
    const { ended: end, outcome } = await ended();
    assert.equal(end?.outcome, 'done');
    assert.deepEqual(
      outcome?.measurements.map(({ held }) => held),
      [true],
    );
    assert.equal(await runs(), true);
    assert.match(await type('decisions', id), /Measured at its end: it held/);
  });

  test('what its record allows it does unasked', async () => {
    await record(...Array.from({ length: 12 }, () => true));
    const before = (await decisions()).length;
    await site.cli('stop', `${stack}-web-1`);
    await site.write('.config/baton/preferences.yml', 'autonomy: {protected: [nothing]}\n');
    await cycle();
    // Its own last run cools down for half an hour.
    assert.ok((await decisions()).length > before);
    assert.equal((await last()).decision.limits[0]?.rule, 'cool-down');
  });

  test('who set the level stands in the audit log', async () => {
    assert.match(await type('audit'), /auto-on.*moderate/);
    assert.match(await type('record'), /1 actions, 100 % helped/);
  });
});
