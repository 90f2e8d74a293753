/** A command on a host: what it is given, how it ended, and how a person would type it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
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

test('a command gets what every command gets, what is named, and nothing else', () => {
  const environment = { PATH: '/bin', LANG: 'C', SECRET: 'x', TOKEN: 'y', TZ: undefined };
  assert.deepEqual(passedOn(environment), { PATH: '/bin', LANG: 'C' });
  assert.deepEqual(passedOn(environment, ['TOKEN', 'MISSING']), { PATH: '/bin', LANG: 'C', TOKEN: 'y' });
  assert.deepEqual([defaultTimeoutMs, defaultOutputLimitBytes], [86_400_000, 67_108_864]);
});

describe('how a command ended', () => {
  const limits = { timeoutMs: 90_000, outputLimitBytes: 2 ** 20 } as GuardedCommand;
  const told = (end: Partial<CommandEnd>): string | undefined =>
    commandFailure({ how: 'exited', log: '', tail: '', tookMs: 1, ...end }, limits);
  const cases: [Partial<CommandEnd>, string | undefined][] = [
    [{ exitCode: 0 }, undefined],
    [{ exitCode: 3 }, 'It ended with exit code 3.'],
    [{}, 'It ended with exit code ?.'],
    [{ how: 'killed', why: 'SIGSEGV' }, 'It was killed by SIGSEGV.'],
    [{ how: 'killed' }, 'It was killed by a signal.'],
    [{ how: 'timed-out' }, 'It was ended after 90 s, the most that it was given (--timeout).'],
    [{ how: 'too-much-output' }, 'It was ended because it printed more than 1.0 MiB (--output-limit).'],
    [{ how: 'lost' }, 'The worker died while it ran, so it was ended; how far it came is not known.'],
    [{ how: 'not-started', why: 'ENOENT' }, 'It could not be started: ENOENT.'],
    [{ how: 'not-started' }, 'It could not be started: no reason was given.'],
  ];
  for (const [end, text] of cases)
    test(`is told as ${text ?? 'nothing where all is well'}`, () => {
      assert.equal(told(end), text);
    });
});

test('a command is shown as a person would type it', () => {
  const typed = (...args: string[]): string => commandText({ args, shell: false });
  assert.equal(typed('pg_dump', '-U', 'a@b', '--file=/x,y:%+z'), 'pg_dump -U a@b --file=/x,y:%+z');
  assert.equal(typed('echo', "it's", '', '$HOME', 'a b'), String.raw`echo 'it'\''s' '' '$HOME' 'a b'`);
  assert.equal(typed('A=b', 'A=b'), "'A=b' A=b", 'the first word would be read as an assignment');
  assert.equal(commandText({ args: ['a | b'], shell: true }), 'a | b');
  assert.equal(commandText({ args: [], shell: true }), '');
});
