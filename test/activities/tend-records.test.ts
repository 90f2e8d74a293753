/** The records, looked after by a person: what is exported can be taken in, and a mistake leaves what was there. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MockActivityEnvironment } from '@temporalio/testing';
import type { Ports } from '../../activities/ports/index.ts';
import type { Records } from '../../activities/ports/records.ts';
import { openRecords } from '../../activities/records/index.ts';
import { tendRecordsActivities } from '../../activities/tend-records.ts';
import type { RecordsTask, RecordsTended } from '../../domain/records-task.ts';

describe('the records', () => {
  let directory: string;
  let one: Records;
  let other: Records;
  const place = (name: string): string => join(directory, name);

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-tend-'));
    [one, other] = [await openRecords(place('one.db')), await openRecords(place('other.db'))];
    await one.write({
      samples: [{ measure: 'disk.used', place: '/srv', at: 1_000, value: 5 }],
      entries: [{ kind: 'incident', id: 'i', at: 1_000, about: 'x', body: { a: 1 } }],
    });
  });
  after(async () => {
    await one.close();
    await other.close();
    await rm(directory, { recursive: true });
  });
  const tend = async (records: Records, task: RecordsTask): Promise<RecordsTended> =>
    await new MockActivityEnvironment().run(
      async () =>
        await tendRecordsActivities({ records: () => Promise.resolve(records) } as Ports).tendRecords(task),
    );

  test('are in good order, and stay so when they are made smaller', async () => {
    await tend(one, { do: 'vacuum' });
    assert.deepEqual(await tend(one, { do: 'check' }), { problems: [] });
  });

  test('that are exported are taken in, twice as once, and nobody else can read them', async () => {
    const file = place('all.jsonl');
    assert.deepEqual(await tend(one, { do: 'export', file }), { lines: 3, problems: [] });
    assert.equal((await stat(file)).mode & 0o777, 0o600);
    for (let time = 0; time < 2; time += 1)
      assert.equal((await tend(other, { do: 'import', file })).lines, 3);
    await tend(other, { do: 'export', file: place('again.jsonl') });
    assert.equal(await readFile(place('again.jsonl'), 'utf8'), await readFile(file, 'utf8'));
    assert.deepEqual(
      (await readdir(directory)).filter((name) => name.endsWith('.part')),
      [],
    );
  });

  test('are not taken from a file that is none of them; its line is named', async () => {
    await writeFile(place('bad.jsonl'), '{"type":"entry"\n');
    await assert.rejects(
      tend(other, { do: 'import', file: place('bad.jsonl') }),
      /bad\.jsonl: Line 1 is none/,
    );
    await assert.rejects(
      tend(other, { do: 'import', file: place('none.jsonl') }),
      /could not be read.*ENOENT/,
    );
  });

  test('that cannot be exported leave what was there', async () => {
    const file = join(directory, 'no', 'such', 'directory');
    await assert.rejects(tend(one, { do: 'export', file }), /could not be written; it is as it was/);
  });
});
