/** When a schedule begins, as the server itself tells it, on the days on which a clock is changed. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Client, Connection } from '@temporalio/client';
import { specOf } from '../../client/schedules.ts';
import type { Schedule } from '../../domain/schedule.ts';
import { needed } from '../host/environment.ts';

describe('a schedule', () => {
  let connection: Connection;
  before(async () => {
    connection = await Connection.connect({ address: needed('BATON_TEST_TEMPORAL') });
  });
  after(async () => {
    await connection.close();
  });

  /** The first times after `from`. */
  const timesOf = async (cron: string, from: string, count: number): Promise<string[]> => {
    const schedule: Schedule = {
      name: 'nightly',
      cron,
      timeZone: 'Europe/Berlin',
      jitterMs: 0,
      catchUpMs: 600_000,
      task: { do: 'prune' },
    };
    const handle = await new Client({ connection }).schedule.create({
      scheduleId: `times/${process.pid}/${from}/${cron}`,
      spec: { ...specOf(schedule, Date.parse('2026-11-26T00:00:00Z')), startAt: new Date(from) },
      action: { type: 'startWorkflow', workflowType: 'none', taskQueue: 'none' },
    });
    try {
      const { info } = await handle.describe();
      return info.nextActionTimes.slice(0, count).map((at) => at.toISOString().replace(':00.000Z', 'Z'));
    } finally {
      await handle.delete();
    }
  };

  test('begins when the hour is over on the day that has no such hour', async () => {
    assert.deepEqual(await timesOf('30 2 * * *', '2027-03-26T12:00:00Z', 3), [
      '2027-03-27T01:30Z',
      '2027-03-28T01:00Z',
      '2027-03-29T00:30Z',
    ]);
  });

  test('begins once on the day that has its hour twice', async () => {
    assert.deepEqual(await timesOf('30 2 * * *', '2027-10-29T12:00:00Z', 3), [
      '2027-10-30T00:30Z',
      '2027-10-31T01:30Z',
      '2027-11-01T01:30Z',
    ]);
  });

  test('of every hour begins in every hour that there is', async () => {
    assert.deepEqual(await timesOf('15 * * * *', '2027-03-27T23:30:00Z', 4), [
      '2027-03-28T00:15Z',
      '2027-03-28T01:15Z',
      '2027-03-28T02:15Z',
      '2027-03-28T03:15Z',
    ]);
  });
});
