/** Whether a text is whole and readable in its format, and where it is not. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { problemsOfText } from '../../compose/formats.ts';
import { fileFormats, type FileFormat } from '../../domain/check.ts';

/** `line:column message` */
const told = (format: FileFormat, text: string): string[] =>
  problemsOfText(format, 'a.conf', text).map(
    ({ at, message }) => `${at?.line ?? '?'}:${at?.column ?? '?'} ${message}`,
  );

const eachTells = (format: FileFormat, cases: [string, ...string[]][]): void => {
  for (const [text, ...problems] of cases)
    assert.deepEqual(told(format, text), problems, JSON.stringify(text));
};

test('a problem names its format and the file, and forbids', () => {
  for (const [format, text, message] of [
    ['yaml', 'a: "\\q"\n', 'Invalid escape sequence \\q.'],
    ['json', '["\\q"]', 'Bad escaped character.'],
    ['toml', 'a = ?\n', 'invalid value.'],
  ] as const) {
    const column = format === 'json' ? 4 : 5;
    assert.deepEqual(problemsOfText(format, '/srv/a.conf', text), [
      { severity: 'error', code: format, message, at: { file: '/srv/a.conf', line: 1, column } },
    ]);
  }
});

describe('YAML', () => {
  test('is good', () => {
    eachTells('yaml', [
      ['a: 1\nb: [1, 2]\nc:\n  - d: "x"\n'],
      ['a: &x {b: 1}\nc: *x\n<<: *x\n'],
      ['a: !vault |\n  text\n'],
      ['a: 1\r\nb: 2\r\n'],
      ['\uFEFFa: 1\n'],
      ['{"a": [1, null]}'],
    ]);
  });

  test('may be empty', () => {
    eachTells('yaml', [[''], ['\n\n'], ['# nothing yet\n'], ['---\n'], ['---\n...\n']]);
  });

  test('may be several documents', () => {
    eachTells('yaml', [['a: 1\n---\na: 2\n'], ['%YAML 1.2\n---\na: 1\n...\n---\n- b\n']]);
  });

  test('is broken where a bracket or a quote is not closed', () => {
    const sequence = 'Flow sequence in block collection must be sufficiently indented and end with a ].';
    const map = 'Flow map in block collection must be sufficiently indented and end with a }.';
    eachTells('yaml', [
      ['a: [1, 2', `1:9 ${sequence}`],
      ['a: [1, 2\nb: 3\n', `2:1 ${sequence}`],
      ['x: 0\r\na: {b: 1\r\n', `3:1 ${map}`],
      ['a: "x\nb: 1\n', '3:1 Missing closing "quote.'],
    ]);
  });

  test('is broken where a tab indents', () => {
    eachTells('yaml', [
      ['a:\n\tb: 1\n', '2:1 Tabs are not allowed as indentation.'],
      ['x: 0\na:\n  b:\n\t\tc: 1\n', '4:1 Tabs are not allowed as indentation.'],
    ]);
  });

  test('is broken where a key stands twice, or two on one line', () => {
    eachTells('yaml', [
      ['a: 1\nb:\n  c: 1\n  c: 2\n', '4:3 Map keys must be unique.'],
      ['a: b: c\n', '1:4 Nested mappings are not allowed in compact mappings.'],
    ]);
  });

  test('is broken where there is nothing but a bracket', () => {
    eachTells('yaml', [['# c\n }\n', '2:2 Unexpected flow-map-end token in YAML document: "}".']]);
  });

  test('tells everything that is wrong, in every document', () => {
    eachTells('yaml', [
      [
        'a: 1\n---\na: }\n---\nb: "\n',
        '3:4 Unexpected flow-map-end token in YAML stream: "}".',
        '6:1 Missing closing "quote.',
      ],
      ['a: 1\na: 2\na: 3\n', '2:1 Map keys must be unique.', '3:1 Map keys must be unique.'],
    ]);
  });

  test('is broken where an alias has no anchor', () => {
    assert.equal(problemsOfText('yaml', 'a.yml', 'a: 1\nb: *nobody\n').length, 1);
  });
});

describe('JSON', () => {
  test('is good', () => {
    eachTells('json', [['{"a": [1, -2.5e3, true, null, "\\u00e9"]}\n'], ['"at position 3"'], [' 0 ']]);
  });

  test('is cut off', () => {
    eachTells('json', [
      ['', '1:1 Unexpected end of JSON input.'],
      [' \n ', '2:2 Unexpected end of JSON input.'],
      ['nul', '1:4 Unexpected end of JSON input.'],
      ['[[', '1:3 Unexpected end of JSON input.'],
      ['{"a": 1', "1:8 Expected ',' or '}' after property value."],
      ['{\n  "a": [\n    1', "3:6 Expected ',' or ']' after array element."],
      ['{"a": 1,\n', '2:1 Expected double-quoted property name.'],
      ['{\n"a', '2:3 Unterminated string.'],
    ]);
  });

  test('is broken where a comma is too many in an object, or is missing', () => {
    eachTells('json', [
      ['{"a": 1,}', '1:9 Expected double-quoted property name.'],
      ['{"a": 1,\n  "b": 2,\n}\n', '3:1 Expected double-quoted property name.'],
      ['[1\n  2]', "2:3 Expected ',' or ']' after array element."],
      ["{'a': 1}", "1:2 Expected property name or '}'."],
    ]);
  });

  test('is broken inside a string or a number', () => {
    eachTells('json', [
      ['{"a":\n  "x\ny"}', '2:5 Bad control character in string literal.'],
      ['["\\x"]', '1:4 Bad escaped character.'],
      ['["\\u12"]', '1:7 Bad Unicode escape.'],
      ['{"a": 01}', '1:8 Unexpected number.'],
      ['[-]', '1:3 No number after minus sign.'],
    ]);
  });

  test('is broken where something follows it', () => {
    eachTells('json', [
      ['{}\n{}', '2:1 Unexpected non-whitespace character after JSON.'],
      ['{"a": 1}}\n', '1:9 Unexpected non-whitespace character after JSON.'],
    ]);
  });

  const places = (cases: [string, string][]): void => {
    for (const [text, place] of cases)
      assert.equal(told('json', text)[0]?.split(' ')[0], place, JSON.stringify(text));
  };

  // Node says no position where it says "Unexpected token".
  test('is broken at a token that cannot stand there', () => {
    places([
      ['[1, 2,]', '1:7'],
      ['[1,,2]', '1:4'],
      ['{"a": tru}', '1:10'],
      ['// why\n{}', '1:1'],
      ['undefined', '1:1'],
      [`{\n  "a": [\n    1,\n  ],\n  "b": "${'x'.repeat(100)}"\n}\n`, '4:3'],
    ]);
  });

  test('is not told by what stands in it', () => {
    places([['["at position 3", ]', '1:19']]);
    assert.doesNotMatch(told('json', '{"token": "hunter2", "a": ?}').join(), /hunter2/);
  });
});

describe('TOML', () => {
  test('is good', () => {
    eachTells('toml', [
      ['a = 1\nb.c = "x"\n[t]\nd = [1, 2,]\n[[u]]\ne = 1979-05-27T07:32:00Z\n'],
      ['a = """\nx\n"""\r\n'],
    ]);
  });

  test('may be empty', () => {
    eachTells('toml', [[''], ['\n'], ['# nothing yet\n']]);
  });

  test('is broken where a bracket or a quote is not closed', () => {
    eachTells('toml', [
      ['a = [1, 2\n', '2:1 expected comma or end of structure.'],
      ['a = {b = 1\n', '2:1 expected comma or end of structure.'],
      ['x = 0\n[t\ny = 1\n', '2:3 illegal character in key.'],
      ['x = 0\r\na = "x\n', '2:7 control characters are not allowed in strings.'],
      ['a = """', '1:5 unfinished string.'],
    ]);
  });

  test('is broken where a key or a table stands twice', () => {
    const twice = 'trying to redefine an already defined table or value.';
    eachTells('toml', [
      ['a = 1\na = 2\n', `2:1 ${twice}`],
      ['[a]\nb = 1\n[a]\n', `3:2 ${twice}`],
      ['a.b = 1\na = 2\n', `2:1 ${twice}`],
    ]);
  });

  test('is broken where a key has no value, or a value no key', () => {
    eachTells('toml', [
      ['a = \n', '1:5 invalid value.'],
      ['a\n', '1:2 illegal character in key.'],
      ['= 1\n', '1:1 unexpected end of key.'],
      ['a = 1 2\n', '1:7 each key-value declaration must be followed by an end-of-line.'],
    ]);
  });

  test('is broken where a value cannot be', () => {
    eachTells('toml', [
      ['a = 1979-13-01\n', '1:5 invalid date.'],
      ['a = 99999999999999999999\n', '1:5 integer value cannot be represented losslessly.'],
      ['a = "\\ud800"\n', '1:6 invalid unicode escape.'],
    ]);
  });
});

describe('no text', () => {
  const piece = fc.constantFrom(
    ...Array.from('ab:-?&*!|>\'"%@`[]{},#\n\r\t =.0123Txu\\/_+~\0é\u{1f600}\u2028\uFEFF\ud800'),
    ...[
      '---\n',
      '...\n',
      '"""',
      "'''",
      '[[',
      ']]',
      '1979-',
      'inf',
      '<<',
      '!!int ',
      '%YAML 1.2\n',
      'at position 9',
    ],
  );
  const text = fc.oneof(
    fc.array(piece, { maxLength: 25 }).map((pieces) => pieces.join('')),
    fc.string({ unit: 'binary' }),
    fc.json().chain((whole) => fc.nat(whole.length).map((end) => whole.slice(0, end))),
  );

  for (const format of fileFormats)
    test(`makes reading it as ${format} throw, or tells a place that cannot be`, () => {
      fc.assert(
        fc.property(text, (broken) => {
          for (const { at, message } of problemsOfText(format, 'f', broken)) {
            assert.ok(at && at.line >= 1 && at.column >= 1, JSON.stringify(at));
            assert.ok(at.line <= broken.split('\n').length, JSON.stringify(at));
            assert.match(message, /^[^\n]+\.$/);
          }
        }),
        { numRuns: 500 },
      );
    });

  test('is nested too deep to be told as broken', () => {
    for (const format of fileFormats)
      assert.notDeepEqual(told(format, `${format === 'toml' ? 'a = ' : ''}${'['.repeat(5_000)}`), [], format);
  });

  test('is a good document where it is whole JSON', () => {
    fc.assert(
      fc.property(fc.json(), (whole) => {
        assert.deepEqual(told('json', whole), []);
      }),
    );
  });
});
