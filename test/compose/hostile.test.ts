/** Broken and hostile files: each is refused in under a second, with a place, and nothing else happens. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { renderProblem } from '../../compose/render.ts';
import { load, problemsOf } from './loading.ts';

const bomb = (): string => {
  const lines = ['x: &a0 [x, x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 10; level += 1)
    lines.push(
      `x${level}: &a${level} [${Array(10)
        .fill(`*a${level - 1}`)
        .join(', ')}]`,
    );
  return `${lines.join('\n')}\nservices: {a: {image: x, command: *a9}}\n`;
};

const cases: [what: string, text: string | Uint8Array, code: string][] = [
  ['1,000 nested brackets', `services: ${'['.repeat(1000)}`, 'too-deep'],
  ['1,000 nested braces', `services: ${'{a: '.repeat(1000)}`, 'too-deep'],
  ['1,000 nested dashes', '- '.repeat(1000), 'too-deep'],
  [
    'indentation 500 deep',
    Array.from({ length: 500 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
    'too-deep',
  ],
  ['an alias bomb', bomb(), 'too-many-aliases'],
  [
    'an alias that repeats a large tree',
    `x: &a [${'x, '.repeat(400)}]\nservices: {a: {image: x, command: [${'*a, '.repeat(400)}]}}`,
    'too-large',
  ],
  ['an alias within itself', 'services: &s {a: *s}\n', 'alias-cycle'],
  ['2 MB of text', `services:\n${'# x\n'.repeat(2 ** 19)}`, 'too-large'],
  ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00, 0x61]), 'not-text'],
  ['a NUL', 'services: {a: {image: "x\u0000"}}', 'not-text'],
  ['nothing', '', 'empty'],
  ['only a comment', '# nothing\n', 'empty'],
  ['an open quote', 'services: {a: {image: "x}}\n', 'yaml'],
  ['a tab for indentation', 'services:\n\ta: {image: x}\n', 'yaml'],
  ['two documents', 'services: {a: {image: x}}\n---\nservices: {b: {image: x}}\n', 'several-documents'],
  ['an image that looks like a flag', 'services: {a: {image: "--privileged"}}', 'image'],
  ['a container name that looks like a flag', 'services: {a: {image: x, container_name: "-x"}}', 'name'],
  ['a service named __proto__', 'services: {__proto__: {image: x}}', 'name'],
  ['a key that is not text', 'services: {[1, 2]: {image: x}}', 'yaml'],
];

describe('hostile and broken files', () => {
  for (const [what, text, code] of cases)
    test(`${what}: refused as ${code}, with its place`, async () => {
      const began = performance.now();
      const loaded = await load(text);
      const took = performance.now() - began;
      assert.ok(!loaded.ok, 'it was accepted');
      assert.ok(
        loaded.problems.some((problem) => problem.code === code),
        JSON.stringify(loaded.problems),
      );
      assert.ok(
        loaded.problems.every(({ at }) => at !== undefined),
        'a problem has no place',
      );
      assert.ok(took < 1000, `it took ${took} ms`);
    });

  test('a thousand of each never throws', async () => {
    const piece = fc.constantFrom(
      'services',
      ':',
      ' ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '<<',
      'image',
      'x',
      '"',
      "'",
      '${',
      '}',
      '|',
      '>',
      '!',
      '%',
      '?',
      '#',
      '\t',
      ',',
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
        const loaded = await load(pieces.join(''));
        assert.equal(typeof loaded.ok, 'boolean');
      }),
      { numRuns: 1000 },
    );
  });

  test('a problem is shown with its line and a caret, and no control character', async () => {
    const shown = await renderProblem({
      severity: 'error',
      code: 'x',
      message: 'Wrong.',
      at: { file: new URL(import.meta.url).pathname, line: 1, column: 4 },
      next: 'do this',
    });
    assert.match(shown, /:1:4: error: Wrong\.\n {2}1 \| \/\*\* Broken.*\n {4}\| {4}\^\n {2}→ do this$/);
  });

  test('the place of a mistake inside a folded text is the start of that text', async () => {
    assert.deepEqual(await problemsOf('services:\n  a:\n    image: x\n    user: >\n      ${BROKEN\n'), [
      'interpolation@4:11',
    ]);
  });
});
