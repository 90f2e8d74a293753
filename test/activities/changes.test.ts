/** What differs between two states of one path, on a real disk. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { differenceBetween, type Difference } from '../../activities/changes.ts';
import { mostChanges } from '../../domain/changes.ts';

let place: string;
let before: string;
let after: string;
beforeEach(async () => {
  place = await mkdtemp(join(tmpdir(), 'baton-changes-'));
  before = join(place, 'before');
  after = join(place, 'after');
  await mkdir(before);
  await mkdir(after);
});
afterEach(async () => {
  await rm(place, { recursive: true });
});

/** Each file of its own time, unless it is told: content alone tells them apart. */
let seconds = 1_000_000;
const write = async (
  path: string,
  content: string | Uint8Array,
  { mtime = (seconds += 1), mode = 0o644 } = {},
): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  await chmod(path, mode);
  await utimes(path, mtime, mtime);
};
const wasAndIs = async (name: string, was: string | Uint8Array, is: string | Uint8Array): Promise<void> => {
  await write(join(before, name), was);
  await write(join(after, name), is);
};
const difference = async (): Promise<Difference> => await differenceBetween(before, after, '/srv/app');

const same: Difference = { files: [], count: 0, text: '' };
const one = (file: Difference['files'][number], text: string): Difference => ({
  files: [file],
  count: 1,
  text,
});

describe('of a file', () => {
  const path = '/srv/app/a';

  test('that was added, every line is counted and shown', async () => {
    await write(join(after, 'a'), 'one\ntwo\n');
    assert.deepEqual(
      await difference(),
      one(
        { path, change: 'added', lines: { added: 2, removed: 0 } },
        `--- ${path}\t(not there)\n+++ ${path}\tafter\n@@ -0,0 +1,2 @@\n+one\n+two\n`,
      ),
    );
  });

  test('that was removed, too', async () => {
    await write(join(before, 'a'), 'one\ntwo\n');
    assert.deepEqual(
      await difference(),
      one(
        { path, change: 'removed', lines: { added: 0, removed: 2 } },
        `--- ${path}\tbefore\n+++ ${path}\t(not there)\n@@ -1,2 +0,0 @@\n-one\n-two\n`,
      ),
    );
  });

  test('that was changed, the lines that differ are counted, and shown with those around them', async () => {
    await wasAndIs('a', '1\n2\n3\n', '1\nx\ny\n3\n');
    assert.deepEqual(
      await difference(),
      one(
        { path, change: 'changed', lines: { added: 2, removed: 1 } },
        `--- ${path}\tbefore\n+++ ${path}\tafter\n@@ -1,3 +1,4 @@\n 1\n-2\n+x\n+y\n 3\n`,
      ),
    );
  });

  test('that was changed, lines that look like a header are counted as lines', async () => {
    await wasAndIs('a', '-- x\n', '++ x\n++ y\n');
    assert.deepEqual((await difference()).files, [
      { path, change: 'changed', lines: { added: 2, removed: 1 } },
    ]);
  });

  test('that was changed, the end of the last line and the ends of all lines are part of them', async () => {
    await wasAndIs('a', 'x', 'x\n');
    await wasAndIs('b', 'x\r\ny\r\n', 'x\ny\n');
    const { files, text } = await difference();
    assert.deepEqual(
      files.map(({ lines }) => lines),
      [
        { added: 1, removed: 1 },
        { added: 2, removed: 2 },
      ],
    );
    assert.match(text, /\n-x\n\\ No newline at end of file\n\+x\n/);
  });

  test('that is empty, none are', async () => {
    await write(join(after, 'a'), '');
    assert.deepEqual(
      await difference(),
      one(
        { path, change: 'added', lines: { added: 0, removed: 0 } },
        `--- ${path}\t(not there)\n+++ ${path}\tafter\n`,
      ),
    );
  });

  test('that is no text, before or after, its name alone is told', async () => {
    const binaries = [Uint8Array.of(1, 0, 2), Uint8Array.of(0xff, 0xfe, 0x41)];
    for (const [index, bytes] of binaries.entries()) {
      await wasAndIs(`${index}-after`, 'text\n', bytes);
      await wasAndIs(`${index}-before`, bytes, 'text\n');
    }
    await write(join(after, 'new'), Uint8Array.of(0));
    await write(join(before, 'old'), Uint8Array.of(0));
    assert.deepEqual(await difference(), {
      files: [
        ...['0-after', '0-before', '1-after', '1-before'].map((name) => ({
          path: `/srv/app/${name}`,
          change: 'changed',
        })),
        { path: '/srv/app/new', change: 'added' },
        { path: '/srv/app/old', change: 'removed' },
      ],
      count: 6,
      text: `/srv/app/0-after: changed
/srv/app/0-before: changed
/srv/app/1-after: changed
/srv/app/1-before: changed
/srv/app/new: added
/srv/app/old: removed
`,
    });
  });

  test('that is longer than a person reads, its name alone is told', async () => {
    const readable = 'x'.repeat(256 * 2 ** 10 - 1);
    await write(join(after, 'just'), `${readable}\n`);
    await write(join(after, 'more'), `${readable}x\n`);
    const { files, text } = await difference();
    assert.deepEqual(files, [
      { path: '/srv/app/just', change: 'added', lines: { added: 1, removed: 0 } },
      { path: '/srv/app/more', change: 'added' },
    ]);
    assert.match(text, /\n\/srv\/app\/more: added\n$/);
  });

  test('that differs in more lines than a person compares, its name alone is told', async () => {
    const lines = (word: string, count: number): string =>
      Array.from({ length: count }, (_, index) => `${word}${index}\n`).join('');
    await wasAndIs('a', lines('a', 2_501), lines('b', 2_501));
    assert.deepEqual(await difference(), one({ path, change: 'changed' }, `${path}: changed\n`));
  });

  test('that has a byte order mark no more, the line is shown', async () => {
    await wasAndIs('a', '\uFEFFx\n', 'x\n');
    assert.deepEqual((await difference()).files[0]?.lines, { added: 1, removed: 1 });
  });

  test('whose name is of two lines, the header is left out as for others', async () => {
    await write(join(after, 'a\nb'), 'x\n');
    const { files, text } = await difference();
    assert.deepEqual(files[0]?.lines, { added: 1, removed: 0 });
    assert.match(text, /^--- /);
  });

  test('whose name is no text, it is told', async () => {
    await writeFile(Buffer.concat([Buffer.from(`${after}/a`), Buffer.of(0xff)]), 'x\n');
    assert.equal((await difference()).count, 1);
  });
});

describe('no difference', () => {
  test('is between trees of the same files', async () => {
    for (const root of [before, after]) {
      await write(join(root, 'a'), 'x\n', { mtime: 1_000 });
      await write(join(root, 'deep/er/b'), 'y\n', { mtime: 1_000 });
      await symlink('a', join(root, 'link'));
      execFileSync('mkfifo', [join(root, 'pipe')]);
    }
    assert.deepEqual(await difference(), same);
  });

  test('is where the same bytes were written again', async () => {
    await wasAndIs('a', 'x\n', 'x\n');
    await wasAndIs('large', Buffer.alloc(2 ** 17 + 1, 7), Buffer.alloc(2 ** 17 + 1, 7));
    await wasAndIs('empty', '', '');
    assert.deepEqual(await difference(), same);
  });

  test('is looked for where size and time are the same', async () => {
    await write(join(before, 'a'), 'x\n', { mtime: 1_000 });
    await write(join(after, 'a'), 'y\n', { mtime: 1_000 });
    assert.deepEqual(await difference(), same);
  });

  test('is where neither is there', async () => {
    assert.deepEqual(await differenceBetween(join(place, 'a'), join(place, 'b'), '/srv/app'), same);
  });

  test('hides one in the last byte', async () => {
    const bytes = Buffer.alloc(2 ** 17 + 1, 7);
    const other = Buffer.from(bytes);
    other[2 ** 17] = 8;
    await wasAndIs('a', bytes, other);
    assert.deepEqual((await difference()).files, [
      { path: '/srv/app/a', change: 'changed', lines: { added: 1, removed: 1 } },
    ]);
  });
});

describe('who may do what', () => {
  test('is a change of its own, told as before and after', async () => {
    await write(join(before, 'a'), 'x\n', { mtime: 1_000, mode: 0o600 });
    await write(join(after, 'a'), 'x\n', { mtime: 1_000, mode: 0o4755 });
    const owner = `${process.getuid?.()}:${process.getgid?.()}`;
    assert.deepEqual(
      await difference(),
      one({ path: '/srv/app/a', change: 'mode' }, `/srv/app/a: 0600 ${owner} → 4755 ${owner}\n`),
    );
  });

  test('is a user’s and a group’s, too', async () => {
    for (const name of ['a', 'b']) await wasAndIs(name, 'x\n', 'x\n');
    for (const root of [before, after]) for (const name of ['a', 'b']) await chown(join(root, name), 1, 2);
    await chown(join(after, 'a'), 3, 2);
    await chown(join(after, 'b'), 1, 4);
    const { files, text } = await difference();
    assert.deepEqual(
      files.map(({ change }) => change),
      ['mode', 'mode'],
    );
    assert.equal(text, '/srv/app/a: 0644 1:2 → 0644 3:2\n/srv/app/b: 0644 1:2 → 0644 1:4\n');
  });

  test('is told of a directory, and of the path itself', async () => {
    for (const root of [before, after]) {
      await mkdir(join(root, 'd'));
      for (const directory of [root, join(root, 'd')]) await chmod(directory, 0o755);
    }
    for (const directory of [after, join(after, 'd')]) await chmod(directory, 0o700);
    assert.deepEqual((await difference()).files, [
      { path: '/srv/app', change: 'mode' },
      { path: '/srv/app/d', change: 'mode' },
    ]);
  });

  test('is not told where the content changed as well', async () => {
    await write(join(before, 'a'), 'x\n');
    await write(join(after, 'a'), 'y\n', { mode: 0o600 });
    assert.deepEqual(
      (await difference()).files.map(({ change }) => change),
      ['changed'],
    );
  });
});

describe('of what is no file', () => {
  test('a symbolic link is where it leads, and is never followed', async () => {
    await write(join(place, 'outside'), 'secret\n');
    await symlink('../outside', join(before, 'a'));
    await symlink('../nowhere', join(after, 'a'));
    await symlink('/', join(after, 'b'));
    assert.deepEqual(await difference(), {
      files: [
        { path: '/srv/app/a', change: 'changed', lines: { added: 1, removed: 1 } },
        { path: '/srv/app/b', change: 'added', lines: { added: 1, removed: 0 } },
      ],
      count: 2,
      text: `--- /srv/app/a	before
+++ /srv/app/a	after
@@ -1,1 +1,1 @@
-→ ../outside
+→ ../nowhere
--- /srv/app/b	(not there)
+++ /srv/app/b	after
@@ -0,0 +1,1 @@
+→ /
`,
    });
  });

  test('a directory is named, and so is everything below it', async () => {
    await write(join(after, 'new/er/a'), 'x\n');
    await write(join(before, 'old/a'), 'x\n');
    const { files, count } = await difference();
    assert.deepEqual(
      files.map(({ path, change }) => `${change} ${path}`),
      [
        'added /srv/app/new',
        'added /srv/app/new/er',
        'added /srv/app/new/er/a',
        'removed /srv/app/old',
        'removed /srv/app/old/a',
      ],
    );
    assert.equal(count, 5);
  });

  test('a pipe is named, and not read', async () => {
    execFileSync('mkfifo', [join(after, 'pipe')]);
    assert.deepEqual(
      await difference(),
      one({ path: '/srv/app/pipe', change: 'added' }, '/srv/app/pipe: added\n'),
    );
  });

  test('it is told what it was and what it is, and what came or went below', async () => {
    const make: Record<string, (path: string) => Promise<void>> = {
      file: async (path) => await write(path, 'x\n'),
      directory: async (path) => await write(join(path, 'in'), 'y\n'),
      'symbolic link': async (path) => await symlink('x', path),
      'special file': (path) => Promise.resolve(void execFileSync('mkfifo', [path])),
    };
    const changed: string[] = [];
    for (const [was, makeBefore] of Object.entries(make))
      for (const [is, makeAfter] of Object.entries(make)) {
        if (was === is) continue;
        for (const root of [before, after]) await rm(join(root, 'a'), { recursive: true, force: true });
        await makeBefore(join(before, 'a'));
        await makeAfter(join(after, 'a'));
        const { files, text } = await difference();
        assert.equal(text.split('\n')[0], `/srv/app/a: was a ${was}, is a ${is}`);
        changed.push(files.map(({ path, change }) => `${change} ${path}`).join());
      }
    const a = 'changed /srv/app/a';
    const [gone, came] = [`${a},removed /srv/app/a/in`, `${a},added /srv/app/a/in`];
    assert.deepEqual(changed, [came, a, a, gone, gone, gone, a, came, a, a, came, a]);
  });
});

describe('a path', () => {
  test('may be a single file', async () => {
    await wasAndIs('a', 'x\n', 'y\n');
    assert.deepEqual(
      await differenceBetween(join(before, 'a'), join(after, 'a'), '/srv/app.yml'),
      one(
        { path: '/srv/app.yml', change: 'changed', lines: { added: 1, removed: 1 } },
        '--- /srv/app.yml\tbefore\n+++ /srv/app.yml\tafter\n@@ -1,1 +1,1 @@\n-x\n+y\n',
      ),
    );
  });

  test('may be missing before, or after', async () => {
    await write(join(before, 'a'), 'x\n');
    const missing = join(place, 'missing');
    const told = async (was: string, is: string): Promise<string[]> =>
      (await differenceBetween(was, is, '/srv/app')).files.map(({ path, change }) => `${change} ${path}`);
    assert.deepEqual(await told(before, missing), ['removed /srv/app', 'removed /srv/app/a']);
    assert.deepEqual(await told(missing, before), ['added /srv/app', 'added /srv/app/a']);
    assert.deepEqual(await told(missing, join(before, 'a')), ['added /srv/app']);
  });
});

describe('a difference', () => {
  test('is told by path, whatever the order on the disk', async () => {
    for (const name of ['b', 'a', 'c/z', 'c-', 'B']) await write(join(after, name), 'x\n');
    assert.deepEqual(
      (await difference()).files.map(({ path }) => path.slice('/srv/app/'.length)),
      ['B', 'a', 'b', 'c', 'c-', 'c/z'],
    );
  });

  test('names fifty files, counts them all, and shows them all', async () => {
    const names = Array.from({ length: mostChanges + 3 }, (_, index) => `${100 + index}`);
    for (const name of names) await write(join(after, name), 'x\n');
    const { files, count, text } = await difference();
    assert.deepEqual(
      files.map(({ path }) => path),
      names.slice(0, mostChanges).map((name) => `/srv/app/${name}`),
    );
    assert.equal(count, mostChanges + 3);
    assert.equal(text.match(/^\+x$/gm)?.length, mostChanges + 3);
  });

  test('that is too long is cut off between two files, and says so', async () => {
    const text = `${'x'.repeat(250 * 2 ** 10)}\n`;
    const names = Array.from({ length: 18 }, (_, index) => `${10 + index}`);
    for (const name of names) await write(join(after, name), text);
    const found = await difference();
    assert.equal(found.count, 18);
    const limit = 4 * 2 ** 20;
    const end = `(The rest is left out: the difference is longer than ${limit} characters.)\n`;
    assert.ok(found.text.endsWith(`x\n${end}`));
    assert.ok(found.text.length <= limit + end.length);
    assert.equal(found.text.match(/^--- /gm)?.length, 16);
  });
});
