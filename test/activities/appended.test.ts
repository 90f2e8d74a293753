/** Reading on in a log: through rotation and truncation, nothing twice, and nothing that is half written. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, test } from 'node:test';
import { mostBytes, readAppended, type ReadTo } from '../../activities/appended.ts';

describe('what was appended to a file', () => {
  let directory: string;
  let file: string;
  let from: ReadTo | undefined;
  let count = 0;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-appended-'));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    count += 1;
    file = join(directory, `${count}-access.log`);
    from = undefined;
  });

  const read = async (): Promise<{ lines: string[]; missed: string | undefined; tooLong: number }> => {
    const lines: string[] = [];
    const { readTo, missed, tooLong } = await readAppended(file, from, (line) => lines.push(line));
    from = readTo;
    return { lines, missed, tooLong };
  };
  const lines = async (): Promise<string[]> => (await read()).lines;
  /** Longer than what two logs may have in common. */
  const line = (name: string): string => `${name} ${'.'.repeat(80)}`;
  const append = async (...names: string[]): Promise<void> => {
    await appendFile(file, names.map((name) => `${line(name)}\n`).join(''));
  };

  test('is read once, and nothing of what was there at first', async () => {
    await append('before');
    assert.deepEqual(await lines(), []);
    await append('a', 'b');
    assert.deepEqual(await lines(), [line('a'), line('b')]);
    assert.deepEqual(await lines(), []);
  });

  test('is read once its line has ended', async () => {
    await writeFile(file, 'half');
    assert.deepEqual(await lines(), []);
    await appendFile(file, ' a line\nand');
    assert.deepEqual(await lines(), ['half a line']);
    await appendFile(file, ' another\n');
    assert.deepEqual(await lines(), ['and another']);
  });

  test('is read in the old file and the new one after a rotation by renaming', async () => {
    await append('before');
    await read();
    await append('a');
    await rename(file, `${file}.1`);
    await append('b');
    assert.deepEqual(await lines(), [line('a'), line('b')]);
    assert.deepEqual(await lines(), []);
  });

  test('is read in the copy and the file after a rotation by copying', async () => {
    await append('before');
    await read();
    await append('a');
    await copyFile(file, `${file}-20261126`);
    await truncate(file);
    await append('b', 'c', 'd', 'e');
    assert.deepEqual(await lines(), [line('a'), line('b'), line('c'), line('d'), line('e')]);
  });

  test('that is gone is told, and what is there is read', async () => {
    await append('before', 'a');
    await read();
    await truncate(file);
    await append('b');
    const { lines: found, missed } = await read();
    assert.deepEqual(found, [line('b')]);
    assert.match(missed ?? '', /rotated or cut off/);
    await append('c');
    assert.deepEqual(await read(), { lines: [line('c')], missed: undefined, tooLong: 0 });
  });

  test('to a file that took the place of another is told from it, whatever its number and size', async () => {
    await append('before', 'a');
    await read();
    await writeFile(file, `${line('x')}\n${line('y')}\n${line('z')}\n`);
    const { lines: found, missed } = await read();
    assert.deepEqual(found, [line('x'), line('y'), line('z')]);
    assert.notEqual(missed, undefined);
  });

  test('to an empty file that was rotated is found by its number', async () => {
    await writeFile(file, '');
    await read();
    await append('a');
    await rename(file, `${file}.1`);
    await append('b');
    assert.deepEqual(await lines(), [line('a'), line('b')]);
  });

  test('in a line without an end takes no more memory than a line may, and the next line is read', async () => {
    await append('before');
    await read();
    await appendFile(file, 'x'.repeat(3 * 2 ** 20));
    assert.ok((await read()).tooLong >= 1);
    await appendFile(file, '\n');
    await append('a');
    assert.equal((await lines()).at(-1), line('a'));
  });

  test('beyond what one look reads is passed over, and told', async () => {
    await append('before');
    await read();
    await truncate(file, mostBytes + 4_096);
    const { lines: found, missed } = await read();
    assert.deepEqual(found, []);
    assert.match(missed ?? '', /more than are read in one look/);
    await appendFile(file, '\n');
    await append('a');
    assert.equal((await lines()).at(-1), line('a'));
  });

  test('to what is no file, or not there, is no waiting', async () => {
    await assert.rejects(read(), /ENOENT/);
    execFileSync('mkfifo', [file]);
    await assert.rejects(read(), /is no file/);
  });
});
