/** How a command fails: for people on standard error, for programs one JSON line on standard output, with the exit code of its kind. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtempDisposable, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';

const command = join(import.meta.dirname, '../../bin/baton');
const stack = ['name: shop', 'services:', '  web:', '    image: "nginx:${TAG}"', '    ports: ["x:80"]', ''];

/** What it printed, in a directory that holds a broken stack. */
const typed = async (...args: string[]) => {
  await using place = await mkdtempDisposable(join(tmpdir(), 'baton-failure-'));
  await writeFile(join(place.path, 'shop.yml'), stack.join('\n'));
  const env = { TEMPORAL_ADDRESS: '127.0.0.1:1' };
  const { exitCode, stdout, stderr } = await execa(command, args, { cwd: place.path, env, reject: false });
  return { exitCode, stdout, stderr: stderr.replaceAll(`${place.path}/`, '') };
};

describe('a command that fails', () => {
  test('shows each error at its place, after the warning that explains it', async () => {
    const { exitCode, stdout, stderr } = await typed('validate', 'shop.yml');
    assert.deepEqual([exitCode, stdout], [1, '']);
    assert.equal(
      stderr,
      `shop.yml:4:12: warning: Variable TAG is not set; it becomes empty.
  4 |     image: "nginx:\${TAG}"
    |            ^

shop.yml:4:12: error: "nginx:" is not the reference of an image.
  4 |     image: "nginx:\${TAG}"
    |            ^

shop.yml:5:13: error: The port "x:80" holds a host port that is not from 1 to 65535.
  5 |     ports: ["x:80"]
    |             ^`,
    );
  });

  test('tells programs the same in one line, and people what it always does', async () => {
    const { exitCode, stdout, stderr } = await typed('validate', 'shop.yml', '--json');
    const told = JSON.parse(stdout) as {
      type: string;
      exitCode: number;
      problems: { code: string; at: { line: number; column: number } }[];
    };
    assert.deepEqual([exitCode, told.type, told.exitCode], [1, 'failure', 1]);
    assert.deepEqual(
      told.problems.map(({ code, at }) => [code, at.line, at.column]),
      [
        ['variable-unset', 4, 12],
        ['image', 4, 12],
        ['port', 5, 13],
      ],
    );
    assert.match(stderr, /^shop\.yml:4:12: warning:/);
  });

  test('tells programs what to type next', async () => {
    const { exitCode, stdout, stderr } = await typed('pending', '--json');
    const message = 'No Temporal server answers at 127.0.0.1:1. Nothing was changed.';
    assert.deepEqual(JSON.parse(stdout), { type: 'failure', exitCode: 4, message, next: 'baton up' });
    assert.deepEqual([exitCode, stderr], [4, `${message}\n  baton up`]);
  });

  test('of wrong usage is told once', async () => {
    const { exitCode, stdout, stderr } = await typed('pending', '--json', '--nope');
    assert.deepEqual(JSON.parse(stdout), {
      type: 'failure',
      exitCode: 64,
      message: "unknown option '--nope'",
    });
    assert.deepEqual([exitCode, stderr.match(/unknown option/g)?.length], [64, 1]);
  });

  test('tells no program where only the guarded command was asked for JSON', async () => {
    const { exitCode, stdout } = await typed('guard', '--data', '/nowhere', '--', 'ls', '--json');
    assert.deepEqual([exitCode, stdout], [4, '']);
  });

  test('is none where help was asked for', async () => {
    const { exitCode, stdout, stderr } = await typed('pending', '--json', '--help');
    assert.equal(exitCode, 0);
    assert.match(stdout, /^Usage: baton pending/);
    assert.equal(stderr, '');
  });
});
