import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  escapeTemplate,
  parseTemplate,
  referencedVariables,
  resolveTemplate,
} from '../../domain/interpolate.ts';

type Fixture = {
  environment: Record<string, string>;
  cases: { template: string; text?: string; fails?: true }[];
};
/** What `docker compose config` made of each: recorded by test/domain/record-interpolation.ts. */
const recorded = JSON.parse(
  readFileSync(new URL('interpolation.json', import.meta.url), 'utf8'),
) as Fixture & { compose: string };

describe('interpolation', () => {
  for (const { template, text, fails } of recorded.cases)
    test(`as docker compose ${recorded.compose} reads ${JSON.stringify(template)}`, () => {
      const result = resolveTemplate(template, (name) => recorded.environment[name]);
      if (fails) assert.equal(result.ok, false);
      else assert.deepEqual(result.ok && result.text, text);
    });

  test('escaped text resolves to itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const result = resolveTemplate(escapeTemplate(text), () => 'value');
        assert.equal(result.ok && result.text, text);
      }),
    );
  });

  test('no text makes it throw or hang', () => {
    const hostile = fc.string({
      unit: fc.constantFrom('$', '{', '}', ':', '-', '?', '+', 'A', '\n', ' '),
      maxLength: 60,
    });
    fc.assert(
      fc.property(hostile, (text) => {
        const result = resolveTemplate(text, () => undefined);
        assert.equal(typeof result.ok, 'boolean');
        referencedVariables(text);
      }),
    );
  });

  test('a reference nested 10,000 deep is refused, not followed', () => {
    const result = resolveTemplate('${A:-'.repeat(10_000) + '}'.repeat(10_000), () => undefined);
    assert.equal(result.ok, false);
  });

  test('a missing variable is named, and counts as empty', () => {
    assert.deepEqual(
      resolveTemplate('a${NOPE}b$ALSO', () => undefined),
      {
        ok: true,
        text: 'ab',
        missing: ['NOPE', 'ALSO'],
      },
    );
  });

  test('what is missing in a default counts only where the default is taken', () => {
    const missing = (template: string): unknown => {
      const result = resolveTemplate(template, (name) => (name === 'SET' ? 'x' : undefined));
      return result.ok && result.missing;
    };
    assert.deepEqual(missing('${A:-$B}'), ['B']);
    assert.deepEqual(missing('${SET:-$B}'), []);
    assert.deepEqual(missing('${SET:+$B}'), ['B']);
    assert.deepEqual(missing('${A:+$B}'), []);
    assert.deepEqual(missing('$SET'), []);
  });

  test('a template is text and variables, each with its place', () => {
    assert.deepEqual(parseTemplate('a$B${C:-d}e'), {
      ok: true,
      parts: [
        { type: 'text', text: 'a' },
        { type: 'variable', name: 'B', operand: [], offset: 1 },
        {
          type: 'variable',
          name: 'C',
          operator: ':-',
          operand: [{ type: 'text', text: 'd' }],
          offset: 3,
        },
        { type: 'text', text: 'e' },
      ],
    });
    assert.deepEqual(parseTemplate('${A}'), {
      ok: true,
      parts: [{ type: 'variable', name: 'A', operand: [], offset: 0 }],
    });
  });

  test('a required variable gives its own message', () => {
    const result = resolveTemplate('x ${PASSWORD:?set it in .env}', () => undefined);
    assert.ok(!result.ok);
    assert.match(result.message, /PASSWORD.*set it in \.env/);
    assert.equal(result.offset, 2);
  });

  test('what is malformed is told, and where', () => {
    const told = (text: string): unknown => {
      const result = resolveTemplate(text, () => undefined);
      return result.ok ? result : [result.code, result.offset, result.message];
    };
    assert.deepEqual(told('ab${}'), [
      'malformed',
      2,
      '"${" is not followed by the name of a variable; write "$$" for a plain "$"',
    ]);
    assert.deepEqual(told('${A'), [
      'malformed',
      0,
      '"${A" is not closed by "}" or followed by one of :- - :? ? :+ +',
    ]);
    assert.deepEqual(told('${A:-b'), ['malformed', 0, '"${A:-" is not closed by "}" on the same line']);
    assert.deepEqual(told('${A:-b\n}'), ['malformed', 0, '"${A:-" is not closed by "}" on the same line']);
    assert.deepEqual(told('${A:-{\n}}'), ['malformed', 0, '"${A:-" is not closed by "}" on the same line']);
    assert.deepEqual(told('x${A:-${}}'), [
      'malformed',
      6,
      '"${" is not followed by the name of a variable; write "$$" for a plain "$"',
    ]);
    const deep = '${A:-'.repeat(33) + '}'.repeat(33);
    assert.deepEqual(told(deep), ['malformed', 160, '"${" is nested more than 32 deep']);
    assert.equal(resolveTemplate('${A:-'.repeat(32) + '}'.repeat(32), () => undefined).ok, true);
    assert.deepEqual(told('x$A${B?}'), ['required', 3, 'Variable B is required and has no value']);
    assert.deepEqual(referencedVariables('${'), []);
  });

  test('an expression that does not balance ends at the last brace of its line', () => {
    const text = (template: string): unknown => {
      const result = resolveTemplate(template, () => undefined);
      return result.ok ? result.text : result.code;
    };
    assert.equal(text('${A:-{}'), '{');
    assert.equal(text('${A:-{x}'), '{x');
    assert.equal(text('${A:-{x}}'), '{x}');
  });

  test('variables inside defaults are found', () => {
    assert.deepEqual(referencedVariables('${A:-${B-$C}} $$D ${A}'), ['A', 'B', 'C']);
  });
});
