/** When windows open for an operation: as `baton.yml` and the releases on record say. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import { gateActivities, type Work } from '../../activities/gate.ts';
import type { Ports } from '../../activities/ports/index.ts';
import type { Opening, Window } from '../../domain/window.ts';

const hour = 3_600_000;
const began = Date.parse('2026-11-26T00:00:00Z');
const at = (hours: number): string => new Date(began + hours * hour).toISOString();
const during = (...spans: [number, number][]): Window => ({
  calendar: '/srv/hours.ics',
  spans: spans.map(([from, to]) => ({ from: began + from * hour, to: began + to * hour })),
  except: [],
});
const windows: Record<string, Window> = {
  night: during([1, 2], [10, 14]),
  shift: { ...during([0, 12], [20, 30]), atEnd: 'unwind' },
};
/** Hours that earlier deploys took. */
const activitiesOf = (...took: number[]) =>
  gateActivities({
    settings: () => Promise.resolve({ ok: true, settings: { file: '/etc/baton.yml', windows } }),
    memory: {
      history: () =>
        Promise.resolve(took.map((hours) => ({ kind: 'deploy', startedAt: at(0), committedAt: at(hours) }))),
    },
  } as unknown as Ports);
const work = { kind: 'deploy', stack: 'web' } as Work;

const find = async (
  names: string[],
  from: number,
  asked?: Work,
  activities = activitiesOf(),
): Promise<Opening> =>
  await new MockActivityEnvironment().run(() => activities.findOpening(names, at(from), asked));
const next = async (name: string, from: number): Promise<Opening> =>
  await new MockActivityEnvironment().run(() => activitiesOf().findNextOpening(name, at(from)));

describe('an opening', () => {
  test('is found by what is open, when it closes, and when what runs is put back', async () => {
    assert.deepEqual(await find(['night'], 0), { opens: at(1), closes: at(2) });
    assert.deepEqual(await find(['night', 'shift'], 3), { opens: at(10), closes: at(12), unwindsAt: at(12) });
  });

  test('is as long as earlier operations took', async () => {
    assert.deepEqual(await find(['night'], 0, work, activitiesOf(1.5, 3)), {
      opens: at(10),
      closes: at(14),
      need: { ms: 3 * hour, because: 'as the longest of the last 2 deploys took' },
    });
    assert.deepEqual(await find(['night'], 0, work), { opens: at(1), closes: at(2) });
  });

  test('is as long as somebody says, but for the moments until it is asked for again', async () => {
    const needing = (hours: number): Work => ({ ...work, needsMs: hours * hour });
    assert.equal((await find(['night'], 1.01, needing(1), activitiesOf(3))).opens, at(1.01));
    assert.equal((await find(['night'], 1.1, needing(1))).opens, at(10));
    await assert.rejects(
      find(['night'], 0, needing(5)),
      /There is no time when night is open for 5h 0m, as said\./,
    );
  });

  test('after one that is open now is the next one', async () => {
    assert.equal((await next('night', 0)).opens, at(1));
    assert.equal((await next('night', 1)).opens, at(10));
    assert.equal((await next('night', 1.5)).opens, at(10));
    await assert.rejects(next('night', 11), /There is no time when night is open\./);
    await assert.rejects(
      next('constructor', 11),
      /There is no window "constructor" in .*there is night, shift/,
    );
  });
});
