/** What records do, whatever keeps them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, Records, Sample } from '../../activities/ports/records.ts';
import { openRecords } from '../../activities/records/index.ts';
import { exported, importInto } from '../../activities/records/transfer.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const now = Date.parse('2026-11-26T03:20:00Z');
const always = { from: 0, to: now + dayMs };
const disk = { measure: 'disk.used', place: '/srv' };

const sample = (at: number, value: number, series = disk): Sample => ({ ...series, at, value });
const entry = (id: string, at: number, more: Partial<Entry> = {}): Entry => ({
  kind: 'decision',
  id,
  at,
  about: 'immich',
  body: { answer: 'ask', why: ['it is “new”', 'größer'] },
  ...more,
});

/** @param place gives one that is empty, each time another. */
export const recordsContract = (place: () => Promise<string>): void => {
  const opened = async (work: (records: Records, at: string) => Promise<void>): Promise<void> => {
    const at = await place();
    const records = await openRecords(at);
    try {
      await work(records, at);
    } finally {
      await records.close();
    }
  };

  test('samples come back in order; one at a time that is known takes its place', async () => {
    await opened(async (records) => {
      const memory = { measure: 'memory.used', place: 'immich' };
      await records.write({
        samples: [sample(now, 3), sample(now - minuteMs, 1.25), sample(now, 7, memory)],
      });
      await records.write({ samples: [sample(now, 2)] });
      assert.deepEqual(await records.points(disk, always), [
        { at: now - minuteMs, value: 1.25 },
        { at: now, value: 2 },
      ]);
      assert.deepEqual(await records.points(disk, { from: now - minuteMs, to: now }), [
        { at: now - minuteMs, value: 1.25 },
      ]);
      assert.deepEqual(await records.series(), [disk, memory]);
      assert.deepEqual(await records.points({ measure: 'disk.used', place: '/' }, always), []);
    });
  });

  test('entries are kept whole, found by kind, id, subject and time, and replaced under their id', async () => {
    await opened(async (records) => {
      const all = [entry('a', now - 2 * hourMs), entry('b', now, { about: 'disk' }), entry('c', now)];
      await records.write({ entries: [...all, entry('a', now, { kind: 'outcome' })] });
      const ids = async (query: object): Promise<string[]> =>
        (await records.entries({ kind: 'decision', ...query })).map(({ id }) => id);
      assert.deepEqual(await records.entries({ kind: 'decision' }), all);
      assert.deepEqual(await ids({ about: 'immich' }), ['a', 'c']);
      assert.deepEqual(await ids({ from: now, to: now + 1_000 }), ['b', 'c']);
      assert.deepEqual(await ids({ newest: 1 }), ['c']);
      assert.deepEqual(await ids({ newest: 0 }), []);
      assert.deepEqual(await ids({ id: 'b' }), ['b']);
      await records.write({ entries: [entry('a', now - 2 * hourMs, { body: { answer: 'act' } })] });
      assert.deepEqual((await records.entries({ kind: 'decision', id: 'a' }))[0]?.body, { answer: 'act' });
      assert.equal((await records.entries({ kind: 'decision' })).length, 3);
    });
  });

  test('of each subject the newest entry of a kind is found', async () => {
    await opened(async (records) => {
      const of = (id: string, at: number, about: string, kind: 'incident' | 'decision' = 'incident') =>
        entry(id, at, { about, kind });
      await records.write({
        entries: [
          of('a', now - hourMs, 'redis'),
          of('b', now, 'redis'),
          of('c', now - 2 * hourMs, 'web'),
          of('d', now + 9_000, 'web', 'decision'),
        ],
      });
      const found = await records.newestOfEach('incident');
      assert.deepEqual(
        found.map(({ id, about }) => [id, about]),
        [
          ['c', 'web'],
          ['b', 'redis'],
        ],
      );
    });
  });

  test('what is noted in one go is there whole, or not at all', async () => {
    await opened(async (records) => {
      const broken = { ...sample(now, 1), value: null as unknown as number };
      await assert.rejects(records.write({ samples: [sample(now, 1), broken], entries: [entry('a', now)] }));
      assert.deepEqual(await records.series(), []);
      await assert.rejects(
        records.write({ samples: [sample(now, 1)], entries: [{ ...entry('a', now), about: null as never }] }),
      );
      assert.deepEqual(await records.points(disk, always), []);
    });
  });

  test('a budget has so many places and no more, whoever asks at once, and one id takes one', async () => {
    await opened(async (records, at) => {
      const other = await openRecords(at);
      try {
        const asked = await Promise.all(
          Array.from({ length: 12 }, async (_, index) =>
            (index % 2 === 0 ? records : other).reserve('actions 2026-11-26', `d${index % 6}`, 3),
          ),
        );
        assert.equal(await records.reserved('actions 2026-11-26'), 3);
        assert.equal(asked.filter(Boolean).length, 6, 'each of three ids, asked for twice');
        assert.equal(await other.reserve('actions 2026-11-27', 'd5', 1), true);
        assert.equal(await other.reserve('actions 2026-11-27', 'd4', 1), false);
        assert.equal(await other.reserve('actions 2026-11-27', 'd5', 0), true, 'it has its place');
      } finally {
        await other.close();
      }
    });
  });

  test('samples become hours, stay fourteen days, and hours stay 400', async () => {
    await opened(async (records) => {
      const hour = Date.parse('2026-11-26T01:00:00Z');
      const old = now - 20 * dayMs;
      await records.write({
        samples: [1, 2, 6].map((value, index) => sample(hour + index * 20 * minuteMs, value)),
        entries: [entry('old', now - 401 * dayMs), entry('new', now)],
      });
      await records.write({
        samples: [sample(old, 5), sample(now, 9)],
        hours: [{ ...disk, at: now - 401 * dayMs, count: 1, mean: 1, least: 1, most: 1 }],
      });
      assert.deepEqual(await records.tidy(now), { hours: 2, samples: 1, forgotten: 2 });
      assert.deepEqual(await records.hours(disk, { from: hour, to: now }), [
        { at: hour, count: 3, mean: 3, least: 1, most: 6 },
      ]);
      assert.equal((await records.hours(disk, always)).length, 2, 'the hour under way is none yet');
      assert.equal((await records.points(disk, always)).length, 4);
      assert.deepEqual(
        (await records.entries({ kind: 'decision' })).map(({ id }) => id),
        ['new'],
      );
      // One that came late joins its hour; what is tidied twice stays as it is.
      await records.write({ samples: [sample(hour + 50 * minuteMs, 3)] });
      await records.tidy(now);
      assert.deepEqual(await records.hours(disk, { from: hour, to: hour + 1_000 }), [
        { at: hour, count: 4, mean: 3, least: 1, most: 6 },
      ]);
      assert.deepEqual(await records.tidy(now), { hours: 1, samples: 0, forgotten: 0 });
      await records.vacuum();
      assert.deepEqual(await records.check(), []);
    });
  });

  test('what is exported is the same where it is imported, also twice; a mistake is told by its line', async () => {
    await opened(async (records) => {
      await records.write({
        samples: [sample(now - 2 * hourMs, 1), sample(now, 2)],
        entries: [entry('a', now), entry('b', now, { kind: 'forecast' })],
      });
      await records.tidy(now);
      const lines = await linesOf(records);
      await opened(async (copy) => {
        for (let time = 0; time < 2; time += 1) await importInto(copy, from(lines));
        assert.deepEqual(await linesOf(copy), lines);
        await assert.rejects(importInto(copy, from([...lines, '{"type":"samples"}\n'])), /Line 5 /);
      });
    });
  });

  test('it is there again after it was closed, and is refused where a newer version wrote it', async () => {
    const at = await place();
    const first = await openRecords(at);
    await first.write({ samples: [sample(now, 1)] });
    await first.close();
    const again = await openRecords(at);
    assert.equal((await again.points(disk, always)).length, 1);
    await again.close();
  });
};

const linesOf = async (records: Records): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of exported(records)) lines.push(line);
  return lines;
};

async function* from(lines: readonly string[]): AsyncIterable<string> {
  for (const line of lines) yield await Promise.resolve(line);
}
