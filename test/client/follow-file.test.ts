/** A file that grows, read as it does. */
import assert from 'node:assert/strict';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import fc from 'fast-check';
import { followFile } from '../../client/follow-file.ts';

let place: string;
let file: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'baton-follow-'));
  file = join(place, 'output.log');
});
afterEach(async () => {
  await rm(place, { recursive: true });
});

describe('a file that is followed', () => {
  test('has nothing new before it is there', async () => {
    const read = followFile(file);
    assert.deepEqual(await read(), []);
    assert.deepEqual(await read(true), []);
    await writeFile(file, 'a\n');
    assert.deepEqual(await read(), ['a']);
  });

  test('has nothing new below a path that cannot be', async () => {
    await writeFile(file, 'a\n');
    assert.deepEqual(await followFile(join(file, 'below'))(), []);
  });

  test('gives each line once, as soon as it is whole', async () => {
    const read = followFile(file);
    const given: string[][] = [];
    for (const more of ['a\nb', '', 'c', '\n\nd\n', '']) {
      await appendFile(file, more);
      given.push(await read());
    }
    assert.deepEqual(given, [['a'], [], [], ['bc', '', 'd'], []]);
  });

  test('gives what is begun once all is asked for, and nothing after', async () => {
    const tables: [string, string[]][] = [
      ['', []],
      ['a', ['a']],
      ['a\n', ['a']],
      ['a\nb', ['a', 'b']],
      ['a\n\n', ['a', '']],
      ['\n', ['']],
    ];
    for (const [text, lines] of tables) {
      await writeFile(file, text);
      const read = followFile(file);
      assert.deepEqual(await read(true), lines, JSON.stringify(text));
      assert.deepEqual(await read(true), []);
    }
  });

  test('gives a line that was begun before all is asked for', async () => {
    const read = followFile(file);
    await writeFile(file, 'a\nb');
    assert.deepEqual(await read(), ['a']);
    assert.deepEqual(await read(true), ['b']);
    await appendFile(file, 'c\n');
    assert.deepEqual(await read(), ['c']);
  });

  test('gives the lines of one that is longer than a single read', async () => {
    const lines = Array.from({ length: 3 }, (_, index) => `${index}`.repeat(2 ** 16 - 1 + index));
    await writeFile(file, `${lines.join('\n')}\n`);
    assert.deepEqual(await followFile(file)(), lines);
  });

  test('is there again with what it had, once it was away', async () => {
    const read = followFile(file);
    await writeFile(file, 'a\n');
    assert.deepEqual(await read(), ['a']);
    await rm(file);
    assert.deepEqual(await read(), []);
    await writeFile(file, 'a\nb\n');
    assert.deepEqual(await read(), ['b']);
  });

  test('is given whole, in whatever pieces it was written', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r', ' ') });
    await fc.assert(
      fc.asyncProperty(fc.array(text), async (pieces) => {
        await writeFile(file, '');
        const read = followFile(file);
        const given: string[] = [];
        for (const piece of pieces) {
          await appendFile(file, piece);
          given.push(...(await read()));
        }
        given.push(...(await read(true)));
        const lines = pieces.join('').split('\n');
        assert.deepEqual(given, lines.at(-1) === '' ? lines.slice(0, -1) : lines);
      }),
      { numRuns: 50 },
    );
  });

  test('keeps a letter whole that came in two pieces', async () => {
    const read = followFile(file);
    const bytes = Buffer.from('é\n');
    await appendFile(file, bytes.subarray(0, 1));
    assert.deepEqual(await read(), []);
    await appendFile(file, bytes.subarray(1));
    assert.deepEqual(await read(), ['é']);
  });

  test('keeps a letter whole that lies across two reads', async () => {
    const line = `${'x'.repeat(2 ** 16 - 1)}é`;
    await writeFile(file, `${line}\n`);
    assert.ok((await followFile(file)())[0] === line);
  });
});
