/** The audit log: its chain breaks where anything was altered, and each line reads as a sentence. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  auditText,
  chained,
  chainFault,
  noHash,
  type AuditEvent,
  type AuditLine,
} from '../../domain/audit.ts';
import { sayingEvent } from '../../domain/saying.ts';

const event: AuditEvent = {
  operation: '1f0c9a2e' as AuditEvent['operation'],
  host: 'nas',
  kind: 'deploy',
  stack: 'immich' as NonNullable<AuditEvent['stack']>,
  event: 'answer-1',
  at: '2026-11-26T00:12:14.123Z',
  what: 'approve',
};
/** Long enough that no two of these lines share it. */
const hash = (value: unknown): string => JSON.stringify(value).padEnd(64, '.');
const chain = (count: number): AuditLine[] => {
  const lines: AuditLine[] = [];
  for (let n = 0; n < count; n += 1)
    lines.push(chained(lines.at(-1), { ...event, event: `answer-${n}` }, hash));
  return lines;
};

describe('a chain of lines', () => {
  test('begins with no hash, and holds to its end', () => {
    const lines = chain(3);
    assert.deepEqual(
      lines.map(({ n, before }) => [n, before]),
      [
        [1, noHash],
        [2, lines[0]?.hash],
        [3, lines[1]?.hash],
      ],
    );
    assert.match(noHash, /^0{64}$/);
    assert.equal(chainFault(lines, hash), undefined);
    assert.equal(chainFault([], hash), undefined);
  });

  const [first, second, third] = chain(3) as [AuditLine, AuditLine, AuditLine];
  const faults: [string, AuditLine[], string][] = [
    ['a line was altered', [first, { ...second, by: 'mallory' }, third], 'Line 2 was altered.'],
    ['a line is gone', [first, third], 'After line 1 comes line 3.'],
    ['the first line is gone', [second, third], 'After line 0 comes line 2.'],
    [
      'a line was made again',
      [first, chained(first, { ...event, by: 'mallory' }, hash), third],
      'Line 3 does not follow line 2.',
    ],
    [
      'the first line was made again',
      [chained(undefined, event, hash), second],
      'Line 2 does not follow line 1.',
    ],
    [
      'it begins after something else',
      [chained({ ...third, n: 0 }, event, hash)],
      'Line 1 does not follow line 0.',
    ],
  ];
  for (const [what, lines, fault] of faults)
    test(`tells where ${what}`, () => {
      assert.equal(chainFault(lines, hash), fault);
    });
});

describe('a line', () => {
  const cases: [Partial<AuditEvent>, string][] = [
    [{}, '2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · approve'],
    [
      { by: 'anna', plan: 'f7c83b4e41cf', channel: 'phone', text: 'looks good' },
      '2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · anna: approve, plan f7c83b4e41cf, by phone: looks good',
    ],
    [
      { by: 'ben', what: 'defer', until: '2026-11-27T02:00:00Z' },
      '2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · ben: defer until 2026-11-27T02:00:00Z',
    ],
    [
      { refused: 'the plan has changed' },
      '2026-11-26T00:12:14Z · deploy immich (1f0c9a2e) · approve — it changed nothing: the plan has changed',
    ],
  ];
  for (const [more, text] of cases)
    test(`reads "${text.slice(22)}"`, () => {
      assert.equal(auditText({ ...event, ...more }), text);
    });

  test('of a host names the host', () => {
    const { stack: _none, ...ofHost } = event;
    assert.equal(
      auditText({ ...ofHost, kind: 'hold', what: 'hold' }),
      '2026-11-26T00:12:14Z · hold nas (1f0c9a2e) · hold',
    );
  });
});

test('what is said to the loop is one line, whatever it was', () => {
  const said = {
    operation: event.operation,
    host: 'nas',
    at: event.at,
    by: 'anna',
    channel: 'terminal',
  };
  assert.deepEqual(sayingEvent({ ...said, what: 'auto-on', text: 'moderate' }), {
    ...said,
    kind: 'auto',
    event: 'auto-on',
    what: 'auto-on',
    text: 'moderate',
  });
  const looked = sayingEvent({ ...said, what: 'looked-at', playbook: 'service-restart', target: 'shop/db' });
  assert.equal(looked.text, 'service-restart on shop/db');
});
