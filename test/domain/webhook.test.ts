import assert from 'node:assert/strict';
import fc from 'fast-check';
import { describe, test } from 'node:test';
import { askedBy, isTooDeep, type Condition, type WebhookRule } from '../../domain/webhook.ts';

const rule = (...when: Condition[]): WebhookRule => ({
  when,
  does: { do: 'deploy', file: '/srv/stacks/web.yml', pull: false, build: false },
});
const fits = (payload: Record<string, unknown>, ...when: Condition[]): boolean =>
  askedBy({ kind: 'generic', rules: [rule(...when)] }, payload, '') !== undefined;

describe('a rule of a webhook', () => {
  test('fits where every field is one of its values', () => {
    const payload = { ref: 'refs/heads/main', repository: { private: true, id: 7 }, commits: ['a', 'b'] };
    for (const [field, values, expected] of [
      ['ref', ['refs/heads/main'], true],
      ['ref', ['refs/heads/*'], true],
      ['ref', ['other', 'refs/heads/main'], true],
      ['ref', ['refs/heads'], false],
      ['repository.private', [true], true],
      ['repository.private', ['true'], false],
      ['repository.id', [7], true],
      ['repository.id', ['7'], false],
      ['commits.1', ['b'], true],
      ['commits.length', [2], true],
      ['repository', ['*'], false],
      ['missing.field', ['*'], false],
      ['constructor.name', ['Object'], false],
      ['toString.name', ['*'], false],
    ] as const)
      assert.equal(fits(payload, { field, values: [...values] }), expected, field);
    assert.ok(fits(payload), 'without conditions it always does');
    assert.ok(!fits(payload, { field: 'ref', values: ['*'] }, { field: 'id', values: ['*'] }));
  });

  test('is the first that fits', () => {
    const [one, two] = [rule({ field: 'ref', values: ['a'] }), rule()];
    const asked = (ref: string) => askedBy({ kind: 'github', rules: [one, two] }, { ref }, '')?.rule;
    assert.equal(asked('a'), one);
    assert.equal(asked('b'), two);
  });

  test('what it looked at is shown on one line, and stays in its marks', () => {
    const asked = askedBy(
      { kind: 'generic', rules: [rule({ field: 'ref', values: ['*'] })] },
      { ref: '`x`\n[link](https://evil.example)\u202e' + 'y'.repeat(500) },
      '',
    );
    const [line = ''] = asked?.because ?? [];
    assert.ok(!/[`\n\u202e]/.test(line), line);
    assert.ok(line.length < 120);
  });
});

describe('an occasion', () => {
  const alert = (startsAt: string, alertname: string, status = 'firing') => ({
    status,
    startsAt,
    labels: { alertname },
  });
  const occasion = (more: Record<string, unknown>): string | undefined =>
    askedBy(
      {
        kind: 'alertmanager',
        rules: [
          rule(
            { field: 'alert.status', values: ['firing'] },
            { field: 'alert.labels.alertname', values: ['Down'] },
          ),
        ],
      },
      { groupKey: 'g', status: 'firing', ...more },
      JSON.stringify(more),
    )?.occasion;

  test('of alerts is the newest that fits: not the repetition, nor what else is in the group', () => {
    const first = occasion({ alerts: [alert('1', 'Down')] });
    assert.ok(first !== undefined);
    assert.equal(occasion({ alerts: [alert('1', 'Down'), alert('2', 'Other')] }), first);
    assert.equal(occasion({ alerts: [alert('1', 'Down'), alert('2', 'Down', 'resolved')] }), first);
    assert.notEqual(occasion({ alerts: [alert('1', 'Down'), alert('2', 'Down')] }), first);
    assert.notEqual(occasion({ groupKey: 'h', alerts: [alert('1', 'Down')] }), first);
    assert.equal(occasion({ alerts: [alert('1', 'Other'), alert('2', 'Down', 'resolved')] }), undefined);
    assert.equal(occasion({ alerts: 'none' }), undefined);
  });

  test('of others is the body, or what a sender who can be relied on calls it', () => {
    const rules = [rule()];
    assert.equal(askedBy({ kind: 'github', rules }, {}, '{"a":1}')?.occasion, '{"a":1}');
    assert.equal(askedBy({ kind: 'generic', rules }, {}, '{}', '7')?.occasion, '7');
  });
});

describe('a nest', () => {
  test('is too deep, or not, whatever stands in texts', () => {
    assert.ok(!isTooDeep(`${'['.repeat(40)}${']'.repeat(40)}`));
    assert.ok(isTooDeep('['.repeat(41)));
    assert.ok(isTooDeep('{"a":'.repeat(41)));
    assert.ok(!isTooDeep(JSON.stringify('['.repeat(100))));
    assert.ok(!isTooDeep(`"\\"${'['.repeat(100)}"`));
    assert.ok(isTooDeep(`"\\\\"${'['.repeat(100)}`));
  });

  test('of what any JSON value has is told right', () => {
    const depthOf = (value: unknown): number =>
      typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 60 }), (value) => {
        assert.equal(isTooDeep(JSON.stringify(value)), depthOf(value) > 40);
      }),
    );
  });
});
