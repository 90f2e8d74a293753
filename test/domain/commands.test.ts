/** A command on a host: what it is given, how it ended, and how a person would type it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  commandFailure,
  commandText,
  defaultOutputLimitBytes,
  defaultTimeoutMs,
  isScopeProperty,
  passedOn,
  type CommandEnd,
  type GuardedCommand,
} from '../../domain/commands.ts';

test('a property of a scope is a name and a value, on one line', () => {
  for (const text of ['MemoryMax=2G', 'CPUQuota=50%', 'IOWeight=10 = 5'])
    assert.equal(isScopeProperty(text), true, text);
  for (const text of [
    '',
    'memoryMax=2G',
    '-p MemoryMax=2G',
    'MemoryMax',
    'MemoryMax=',
    'Memory-Max=1',
    'A1=2',
    'A=\n',
    'A=b\nC=d',
    ' A=b',
  ])
    assert.equal(isScopeProperty(text), false, text);
});

test('a command gets who runs it, where, and in which language, what is named, and nothing else', () => {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ', 'SECRET', 'GIVEN'];
  const environment = Object.fromEntries(names.map((name) => [name, name]));
  assert.deepEqual(Object.keys(passedOn(environment)), names.slice(0, 7));
  assert.deepEqual(Object.keys(passedOn(environment, ['GIVEN', 'UNSET'])), [...names.slice(0, 7), 'GIVEN']);
  assert.deepEqual(passedOn({ TZ: undefined, LANG: '' }), { LANG: '' });
  assert.deepEqual([defaultTimeoutMs, defaultOutputLimitBytes], [86_400_000, 67_108_864]);
});

test('how a command ended is told where it is not as it should be', () => {
  const limits = { timeoutMs: 90_000, outputLimitBytes: 1536 } as GuardedCommand;
  const told: [Partial<CommandEnd> & Pick<CommandEnd, 'how'>, string | undefined][] = [
    [{ how: 'exited', exitCode: 0 }, undefined],
    [{ how: 'exited', exitCode: 3 }, 'It ended with exit code 3.'],
    [{ how: 'exited' }, 'It ended with exit code ?.'],
    [{ how: 'killed', why: 'SIGKILL' }, 'It was killed by SIGKILL.'],
    [{ how: 'killed' }, 'It was killed by a signal.'],
    [{ how: 'timed-out' }, 'It was ended after 90 s, the most that it was given (--timeout).'],
    [{ how: 'too-much-output' }, 'It was ended because it printed more than 1.5 KiB (--output-limit).'],
    [{ how: 'lost' }, 'The worker died while it ran, so it was ended; how far it came is not known.'],
    [{ how: 'not-started', why: 'no such file' }, 'It could not be started: no such file.'],
    [{ how: 'not-started' }, 'It could not be started: no reason was given.'],
  ];
  for (const [end, text] of told)
    assert.equal(commandFailure({ log: '/log', tail: '', tookMs: 1, ...end }, limits), text, end.how);
});

describe('a command’s text', () => {
  test('has quotes around what a shell would read otherwise, and around nothing else', () => {
    const tables: [string[], string][] = [
      [['cp', '-a', 'A_b/9.yml', '@%+=:,'], 'cp -a A_b/9.yml @%+=:,'],
      [['A=b', 'A=b'], "'A=b' A=b"],
      [['echo', ''], "echo ''"],
      [['echo', 'a b', '*'], "echo 'a b' '*'"],
      [['echo', "it's", "''"], String.raw`echo 'it'\''s' ''\'''\'''`],
      [['echo', '~', '$HOME', 'a\n', 'é'], "echo '~' '$HOME' 'a\n' 'é'"],
      [[], ''],
    ];
    for (const [args, text] of tables) assert.equal(commandText({ args, shell: false }), text);
  });

  test('for a shell is what was typed', () => {
    assert.equal(commandText({ args: ['a | b > "c d"'], shell: true }), 'a | b > "c d"');
    assert.equal(commandText({ args: [], shell: true }), '');
  });

  test('is read by a shell as the same words', () => {
    const byte = fc.constantFrom(...Array.from('ab-=~ \t\n\r\'"\\$`*?[]{}()<>|&;#!%^,:@+./é\u{1f600}'));
    const word = fc.oneof(
      fc.string({ unit: byte, maxLength: 12 }),
      fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !text.includes('\0')),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (args) => {
        const script = `set -- ${commandText({ args, shell: false })}\nfor word; do printf '%s\\0' "$word"; done`;
        const read = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
        assert.deepEqual(read.split('\0').slice(0, -1), args);
      }),
      { numRuns: 50 },
    );
  });
});
