/** The command's bundle is that of its sources, whatever has happened to either. */
import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdir, mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { bundlesOf, commandBundle, type Bundle } from '../../setup/command-bundle.ts';

let root: string;
before(async () => {
  root = await mkdtemp(join(tmpdir(), 'baton-bundle-'));
  await mkdir(join(root, 'client'));
  await mkdir(join(root, 'node_modules'));
  await writeFile(join(root, 'node_modules', '.package-lock.json'), '{}');
  await write(
    'main.ts',
    `import { word } from './word.ts';\nexport const main = () => console.log(word, import.meta.dirname);\n`,
  );
  await write('word.ts', `export const word: string = 'one';\n`);
});
after(async () => {
  await rm(root, { recursive: true });
});

/** As written a minute ago: what is written while a bundle is made is not believed to be in it. */
const write = async (name: string, text: string, secondsAgo = 60): Promise<void> => {
  const path = join(root, 'client', name);
  await writeFile(path, text);
  const then = Date.now() / 1_000 - secondsAgo;
  await utimes(path, then, then);
  await utimes(join(root, 'node_modules', '.package-lock.json'), then, then);
};

const bundle = async (): Promise<Bundle> => {
  const found = await commandBundle(root);
  assert.ok(found);
  return found;
};

/** In a process of its own, as a command is. */
const run = async (given: Bundle): Promise<string> => {
  const program = `const { runBundle } = await import(${JSON.stringify(join(import.meta.dirname, '../../setup/command-bundle.ts'))});
runBundle(${JSON.stringify(given)}).main();`;
  const { stdout } = await execa(process.execPath, [
    '--input-type=module',
    '--eval',
    program,
    'baton',
    'plan',
  ]);
  return stdout;
};

test('a bundle is made once, and knows the place of its sources', async () => {
  const first = await bundle();
  assert.equal(await run(first), `one ${join(root, 'client')}`);
  assert.deepEqual(await bundle(), first);
  assert.equal(await run(first), `one ${join(root, 'client')}`);
});

test('a source that has changed is bundled again', async () => {
  const before = await bundle();
  await write('word.ts', `export const word: string = 'two';\n`, 30);
  const after = await bundle();
  assert.notEqual(after.directory, before.directory);
  assert.equal(await run(after), `two ${join(root, 'client')}`);
  assert.equal(await run(before), `one ${join(root, 'client')}`, 'a command that is under way keeps its own');
});

test('a source that is written while it is bundled is bundled again by the next command', async () => {
  await write('word.ts', `export const word: string = 'three';\n`, -60);
  const first = await bundle();
  assert.notEqual((await bundle()).directory, first.directory);
});

test('what V8 has compiled and a power loss cut off is compiled again', async () => {
  await write('word.ts', `export const word: string = 'four';\n`);
  const given = await bundle();
  await run(given);
  const compiled = (await readdir(given.directory)).filter((name) => name.endsWith('.compiled'));
  assert.equal(compiled.length, 1);
  await truncate(join(given.directory, compiled[0] ?? ''), 100);
  assert.equal(await run(given), `four ${join(root, 'client')}`);
});

test('what cannot be kept of a run does not fail it', async () => {
  await write('word.ts', `export const word: string = 'five';\n`);
  const given = await bundle();
  await mkdir(join(given.directory, 'plan.compiled'));
  assert.equal(await run(given), `five ${join(root, 'client')}`);
  assert.deepEqual((await readdir(given.directory)).sort(), ['command.cjs', 'plan.compiled']);
});

test('a bundle that has gone is made anew', async () => {
  await rm(join((await bundle()).directory, 'command.cjs'));
  assert.equal(await run(await bundle()), `five ${join(root, 'client')}`);
});

test('an index that cannot be read is made anew', async () => {
  await writeFile(join(bundlesOf(root), 'command.json'), '{"root":');
  assert.equal(await run(await bundle()), `five ${join(root, 'client')}`);
});

test('a source with a mistake is told of, and left to run as it is', async () => {
  await write('word.ts', `export const word: string = ;\n`);
  assert.equal(await commandBundle(root), undefined);
});

test('the bundled command says what its sources say', async () => {
  const baton = async (env: Record<string, string>, ...args: string[]) => {
    const { exitCode, all } = await execa(join(import.meta.dirname, '../../bin/baton'), args, {
      env,
      all: true,
      reject: false,
    });
    return { exitCode, all };
  };
  const stack = join(import.meta.dirname, '../../stacks/jellyfin.yml');
  for (const args of [
    ['--help'],
    ['deploy', '--help'],
    ['validate', stack, '--json'],
    ['validate', 'missing.yml'],
  ])
    assert.deepEqual(await baton({}, ...args), await baton({ BATON_DEBUG: '1' }, ...args));
});
