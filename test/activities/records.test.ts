/** Records in a file: the contract, and what only a file can suffer. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DatabaseSync } from 'node:sqlite';
import { openRecords } from '../../activities/records/index.ts';
import { recordsContract } from './records-contract.ts';

describe('records in a file', () => {
  let directory: string;
  let files = 0;
  const place = async (): Promise<string> => {
    files += 1;
    return await Promise.resolve(join(directory, `${files}`, 'records.db'));
  };
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-records-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });

  recordsContract(place);

  test('what the first version wrote is read', async () => {
    const file = await place();
    await cp(join(import.meta.dirname, 'records-1.db'), file);
    const records = await openRecords(file);
    const [disk, at] = [{ measure: 'disk.used', place: '/srv' }, Date.parse('2026-11-26T01:00:00Z')];
    const period = { from: at, to: at + 3_600_000 };
    assert.deepEqual(
      (await records.points(disk, period)).map(({ value }) => value),
      [1, 2, 6],
    );
    assert.deepEqual(await records.hours(disk, period), [{ at, count: 3, mean: 3, least: 1, most: 6 }]);
    assert.deepEqual(await records.entries({ kind: 'decision' }), [
      { kind: 'decision', id: 'a', at, about: 'immich', body: { answer: 'ask' } },
    ]);
    assert.equal(await records.reserved('actions 2026-11-26'), 1);
    assert.deepEqual(await records.check(), []);
    await records.close();
  });

  test('a newer version of it is left as it is', async () => {
    const file = await place();
    await (await openRecords(file)).close();
    const newer = new DatabaseSync(file);
    newer.exec('UPDATE shape SET version = 99');
    newer.close();
    await assert.rejects(openRecords(file), { name: 'NewerRecords' });
  });

  test('what is no database is refused, and stays', async () => {
    const file = join(directory, 'text.db');
    const text = 'this is a text, and long enough to be taken for something else\n'.repeat(50);
    await writeFile(file, text);
    await assert.rejects(openRecords(file), /not a database/);
    assert.equal(await readFile(file, 'utf8'), text);
  });

  test('a process that is killed while it writes loses what it was writing, and no more', async () => {
    const file = await place();
    await (await openRecords(file)).close();
    const script = `
      import { openRecords } from ${JSON.stringify(join(import.meta.dirname, '../../activities/records/index.ts'))};
      const records = await openRecords(${JSON.stringify(file)});
      for (let at = 0; ; at += 1000) {
        await records.write({
          samples: [{ measure: 'm', place: 'p', at, value: at }],
          entries: [{ kind: 'look', id: String(at), at, about: 'p', body: {} }],
        });
        console.log(at);
      }`;
    const told = await new Promise<number>((resolve) => {
      let last = -1;
      const child = execFile(
        process.execPath,
        ['--disable-warning=ExperimentalWarning', '--input-type=module', '--eval', script],
        () => {
          resolve(last);
        },
      );
      child.stdout?.on('data', (text: string) => {
        last = Number(text.trim().split('\n').at(-1));
        if (last >= 20_000) child.kill('SIGKILL');
      });
    });
    const records = await openRecords(file);
    const always = { from: 0, to: Number.MAX_SAFE_INTEGER };
    const points = await records.points({ measure: 'm', place: 'p' }, always);
    const looks = await records.entries({ kind: 'look' });
    assert.deepEqual(await records.check(), []);
    assert.equal(points.length, looks.length, 'each went in whole');
    assert.ok(points.length >= told / 1_000 + 1, 'what it told of is there');
    await records.close();
  });
});
