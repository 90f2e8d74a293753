/** Forecasts of disks: made of what is on record, kept once a day, scored when their day has come. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, mock, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { forecastActivities } from '../../activities/forecast.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { Records } from '../../activities/ports/records.ts';
import { openRecords } from '../../activities/records/index.ts';
import { diskForecastText, type DiskForecast } from '../../domain/disk-forecast.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const start = Date.parse('2026-11-01T00:00:00Z');
const sizeBytes = 1_000e9;
/** Half full at the start; a gigabyte an hour, with the same ups and downs each time. */
const usedAt = (at: number): number => {
  const hours = (at - start) / hourMs;
  return 500e9 + hours * 1e9 + Math.sin(hours * 7.3) * 0.4e9;
};

describe('forecasts of disks', () => {
  let directory: string;
  let records: Records;
  let now = start;

  before(async () => {
    mock.timers.enable({ apis: ['Date'], now });
    directory = await mkdtemp(join(tmpdir(), 'baton-forecast-'));
    records = await openRecords(join(directory, 'records.db'));
  });
  after(async () => {
    mock.timers.reset();
    await records.close();
    await rm(directory, { recursive: true });
  });

  /** Measured every half hour. */
  const until = async (at: number): Promise<void> => {
    for (; now <= at; now += hourMs / 2)
      await records.write({
        samples: [
          { measure: 'disk.used', place: '/srv', at: now, value: usedAt(now) },
          { measure: 'disk.free', place: '/srv', at: now, value: sizeBytes - usedAt(now) },
        ],
      });
    await records.tidy(at);
    mock.timers.setTime(at);
  };
  const activities = () => forecastActivities({ records: () => Promise.resolve(records) } as Ports);
  const ask = async (): Promise<DiskForecast[]> =>
    await new MockActivityEnvironment().run(() => activities().forecastDisks(30 * dayMs));
  const keep = async () => await new MockActivityEnvironment().run(() => activities().keepForecasts());

  test('three hours are not enough, and are not kept', async () => {
    await until(start + 3 * hourMs);
    const [found] = await ask();
    assert.equal(found?.forecast.state, 'not enough');
    assert.deepEqual(await keep(), { made: 0, scored: 0 });
  });

  test('a steady growth is full when it is full, and the picture shows it', async () => {
    await until(start + 10 * dayMs);
    const [found] = await ask();
    assert.ok(found?.forecast.state === 'told');
    const full = start + 500 * hourMs;
    assert.ok(Math.abs((found.forecast.limit?.at ?? 0) - full) < 6 * hourMs);
    assert.deepEqual(found.record, { scored: 0 });
    const [first = '', picture = ''] = diskForecastText(found);
    assert.match(first, /^\/srv {2}689 GiB of 931 GiB \(74 %\) {2}full in 10\.\d days/);
    assert.match(picture, /▅.*▆.*┊.*█/);
  });

  test('one a day is kept, and scored once its time is over', async () => {
    assert.deepEqual(await keep(), { made: 1, scored: 0 });
    assert.deepEqual(await keep(), { made: 0, scored: 0 });
    await until(start + 13 * dayMs + 2 * hourMs);
    assert.deepEqual(await keep(), { made: 1, scored: 1 });
    assert.deepEqual(await keep(), { made: 0, scored: 0 });
    const [found] = await ask();
    assert.equal(found?.record.scored, 1);
    assert.ok((found.record.covered ?? 0) > 0.5);
    assert.ok((found.record.skill ?? 1) < 0.05);
  });

  test('a disk that nobody has measured for a day is not spoken of', async () => {
    mock.timers.setTime(now + 2 * dayMs);
    assert.deepEqual(await ask(), []);
    assert.deepEqual(await keep(), { made: 0, scored: 0 });
  });
});
