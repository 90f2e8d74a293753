/** Playbooks as files write them: what is read, and where a mistake is told. */
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { describe, test } from 'node:test';
import { execa } from 'execa';
import { readPlaybook } from '../../compose/playbook.ts';
import { readPlaybooks } from '../../compose/playbooks.ts';

const good = `name: mine
title: Mine
target: service
when:
  - incident: service-down
steps:
  - restart: service
success:
  all:
    - { measure: unhealthy, at_most: 0 }
undo: { possible: true, how: It is left as it was. }
risk: low
cooldown: 30m
needs: { time: 5m }
`;

const read = (text: string) => readPlaybook('/own/mine.yml', Buffer.from(text), 'own');

/** Each as `LINE:COLUMN message`. */
const problemsIn = (from: string, to: string): string[] => {
  assert.ok(good.includes(from), from);
  const result = read(good.replace(from, to));
  return result.ok ? [] : result.problems.map(({ at, message }) => `${at?.line}:${at?.column} ${message}`);
};

describe('a playbook', () => {
  test('is read whole', () => {
    const result = read(good);
    assert.ok(result.ok);
    const { when, success, steps, cooldownMs, hash } = result.playbook;
    assert.deepEqual(when, [{ see: 'incident', what: 'service-down', severity: 'warning' }]);
    assert.deepEqual(steps, [{ do: 'restart', dependents: false }]);
    assert.deepEqual(success.againAfterMs, [600_000, 3_600_000, 86_400_000]);
    assert.equal(cooldownMs, 1_800_000);
    assert.match(hash, /^[0-9a-f]{64}$/);
  });

  test('for updates asks for a week, or for what it says', () => {
    const waits = ['', '\n    older_than: 3d'].map((more) => {
      const result = read(good.replace('incident: service-down', `update: image${more}`));
      return result.ok ? result.playbook.when : result.problems;
    });
    const dayMs = 86_400_000;
    assert.deepEqual(waits, [
      [{ see: 'update', olderThanMs: 7 * dayMs }],
      [{ see: 'update', olderThanMs: 3 * dayMs }],
    ]);
  });

  test('another text has another hash', () => {
    const hashOf = (text: string) => {
      const result = read(text);
      return result.ok ? result.playbook.hash : undefined;
    };
    assert.notEqual(hashOf(good), hashOf(`${good}# more\n`));
  });

  const mistakes: [string, string, string, RegExp][] = [
    ['an unknown key', 'risk: low', 'risc: low', /^12:1 "risc".*Did you mean "risk"/],
    ['a name that is not the file’s', 'name: mine', 'name: yours', /^1:7 .*yours\.yml/],
    [
      'a step that does not fit the target',
      'restart: service',
      'cleanup: all',
      /^7:5 "cleanup" is for filesystem/,
    ],
    ['two steps in one', 'restart: service', 'restart: service\n    deploy: recorded', /^7:5 .*exactly one/],
    [
      'a measure of another target',
      'measure: unhealthy',
      'measure: free-bytes',
      /^10:\d+ free-bytes is measured of/,
    ],
    ['a difference of nothing', 'at_most: 0', 'falls_by: 0', /^10:\d+ .*more than nothing/],
    ['an amount in another unit', 'at_most: 0', 'at_most: 10M', /^10:\d+ .*whole number/],
    ['a criterion with two limits', 'at_most: 0', 'at_most: 0, at_least: 0', /^10:\d+ .*exactly one/],
    [
      'a key of another condition',
      'incident: service-down',
      'incident: service-down\n    within: 3d',
      /^5:5 .*"within"/,
    ],
    [
      'an age of no update',
      'incident: service-down',
      'incident: service-down\n    older_than: 3d',
      /^5:5 .*"older_than"/,
    ],
    [
      'two conditions in one',
      'incident: service-down',
      'incident: service-down\n    update: image',
      /^5:5 .*exactly one/,
    ],
    ['a measure without a limit', 'incident: service-down', 'measure: restarts', /^5:5 .*"above" or "below"/],
    ['no duration', 'cooldown: 30m', 'cooldown: soon', /^13:11 .*duration/],
  ];
  for (const [title, from, to, told] of mistakes)
    test(`${title} is told where it is written`, () => {
      const problems = problemsIn(from, to);
      assert.ok(
        problems.some((one) => told.test(one)),
        problems.join('\n'),
      );
    });

  test('cannot claim a way back from what removes', () => {
    const text = good
      .replace('target: service', 'target: filesystem')
      .replace('restart: service', 'cleanup: all')
      .replace('unhealthy, at_most: 0', 'used-percent, falls_by: 1%');
    const result = read(text);
    assert.deepEqual(result.ok ? [] : result.problems.map(({ at }) => at?.line), [11]);
  });

  test('those that are shipped have no mistakes', async () => {
    const { playbooks, problems } = await readPlaybooks('/nowhere');
    assert.deepEqual(problems, []);
    assert.ok(playbooks.length >= 6);
    assert.ok(playbooks.every(({ origin }) => origin === 'shipped'));
  });

  test('`baton playbook check` finds nothing in any that is shipped', async () => {
    const root = join(import.meta.dirname, '..', '..');
    const files = (await readdir(join(root, 'playbooks'))).filter((name) => /\.ya?ml$/.test(name));
    const { stdout } = await execa(
      join(root, 'bin', 'baton'),
      ['playbook', 'check', '--json', ...files.map((name) => join(root, 'playbooks', name))],
      { reject: true },
    );
    const said = stdout.split('\n').map((line) => (JSON.parse(line) as { file: string }).file);
    assert.deepEqual(said.map((file) => basename(file)).sort(), files.sort());
  });
});
