import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  answerKinds,
  asksTheSame,
  deferralWindow,
  gateOf,
  isTime,
  readAnswer,
  refusalOf,
  type Answer,
  type Gate,
  type GateRule,
  type Waiting,
  waitingKinds,
} from '../../domain/gate.ts';
import type { StackName } from '../../domain/names.ts';

const day = 24 * 3_600_000;
const rule = (more: Partial<GateRule> = {}): GateRule => ({ approvals: 1, expiresMs: day, ...more });
const deploy = (stack: string) => ({ kind: 'deploy', stack: stack as StackName }) as const;

const now = Date.parse('2026-11-25T12:00:00Z');
const approval = (more: Partial<Waiting & { for: 'approval' }> = {}): Waiting => ({
  for: 'approval',
  plan: '1f0c9a2e41b7',
  approvals: 1,
  approvedBy: [],
  expiresMs: day,
  expiresAt: '2026-11-26T12:00:00.000Z',
  ...more,
});
const hour: Waiting = {
  for: 'hour',
  plan: '1f0c9a2e41b7',
  startsAt: '2026-11-26T02:30:00.000Z',
  windows: [],
};
const anna: Answer = { by: 'anna', channel: 'baton', plan: '1f0c9a2e41b7' };

describe('what an operation waits for', () => {
  test('is nothing where nobody asks for it', () => {
    assert.equal(gateOf(deploy('web'), undefined, []), undefined);
    assert.equal(gateOf(deploy('web'), {}, [rule({ kinds: ['remove'] })]), undefined);
    assert.equal(gateOf(deploy('web'), undefined, [rule({ approvals: 0 })]), undefined);
  });

  test('is said by the first rule that fits', () => {
    const rules = [rule({ stacks: ['db-*'], approvals: 2 }), rule({ kinds: ['deploy'], window: 'night' })];
    assert.deepEqual(gateOf(deploy('db-main'), undefined, rules), {
      approvals: 2,
      expiresMs: day,
      windows: [],
      tells: [],
    });
    assert.deepEqual(gateOf(deploy('web'), undefined, rules)?.windows, ['night']);
    assert.equal(gateOf({ ...deploy('web'), kind: 'undo' }, undefined, rules), undefined);
    assert.equal(gateOf(deploy('mydb-x'), undefined, rules.slice(0, 1)), undefined);
  });

  test('takes how long is needed from the operation before the rule', () => {
    const rules = [rule({ approvals: 0, window: 'night', needsMs: 2 * day })];
    assert.equal(gateOf(deploy('web'), undefined, rules)?.needsMs, 2 * day);
    assert.equal(gateOf(deploy('web'), { needsMs: day }, rules)?.needsMs, day);
  });

  test('is an hour where only that is asked for, or only an approval', () => {
    const at = '2026-11-26T02:30:00.000Z';
    assert.deepEqual(gateOf(deploy('web'), { at }, [], ['phone']), {
      approvals: 0,
      expiresMs: day,
      notBefore: at,
      windows: [],
      tells: ['phone'],
    });
    assert.equal(gateOf(deploy('web'), { approve: true }, [])?.expiresMs, day);
    assert.deepEqual(waitingKinds, ['approval', 'hour', 'release']);
  });

  test('is said by a rule where one of its patterns fits', () => {
    assert.ok(gateOf(deploy('web'), undefined, [rule({ stacks: ['db-*', 'web'] })]));
  });

  test('is the same only where no more is asked for than was passed', () => {
    const passed: Gate = {
      approvals: 1,
      who: ['anna', 'ben'],
      expiresMs: day,
      windows: ['night'],
      tells: [],
    };
    assert.equal(asksTheSame({ ...passed, expiresMs: 2 * day, tells: ['phone'] }, passed), true);
    const { who: _who, ...anybody } = passed;
    assert.equal(asksTheSame(anybody, anybody), true);
    for (const other of [
      undefined,
      anybody,
      { ...passed, approvals: 2 },
      { ...passed, who: ['ben'] },
      { ...passed, windows: [] },
    ])
      assert.equal(asksTheSame(other, passed), false, JSON.stringify(other));
    assert.equal(asksTheSame(passed, anybody), false);
  });

  test('is put off until a window only where no time is said', () => {
    assert.equal(deferralWindow({ by: 'anna', window: 'night' }), 'night');
    for (const other of [
      { window: 'night', until: '2026-11-26T02:30:00Z' },
      { window: 7 },
      {},
      'night',
      undefined,
    ])
      assert.equal(deferralWindow(other), undefined);
  });

  test('only grows by what is asked for with the operation', () => {
    const rules = [rule({ approvals: 2, who: ['anna', 'ben'], window: 'night' })];
    assert.deepEqual(
      gateOf(deploy('web'), { approve: true, window: 'weekend', at: '2026-11-26T02:30:00.000Z' }, rules),
      {
        approvals: 2,
        who: ['anna', 'ben'],
        expiresMs: day,
        notBefore: '2026-11-26T02:30:00.000Z',
        windows: ['night', 'weekend'],
        tells: [],
      },
    );
    assert.equal(gateOf(deploy('web'), { approve: true }, [])?.approvals, 1);
    assert.equal(gateOf(deploy('web'), { approve: true, expiresMs: 9 * day }, rules)?.expiresMs, day);
    assert.equal(gateOf(deploy('web'), { approve: true, expiresMs: 9 * day }, [])?.expiresMs, 9 * day);
    assert.match(
      refusalOf(approval(), 'approve', { ...anna, by: 'unnamed' }, now) ?? '',
      /^Say who approves/,
    );
  });
});

describe('an answer', () => {
  test('counts where it is to the plan that waits', () => {
    assert.equal(refusalOf(approval(), 'approve', anna, now), undefined);
    assert.equal(refusalOf(approval(), 'approve', { ...anna, plan: '1f0c9a' }, now), undefined);
    for (const plan of [undefined, '', '1f0c9', 'ffffffffffff', '1f0c9a2e41b7a'])
      assert.match(
        refusalOf(approval(), 'approve', { ...anna, ...{ plan: plan as string } }, now) ?? '',
        /^The plan is 1f0c9a2e41b7/,
      );
  });

  test('changes nothing where nothing waits, or not for that', () => {
    assert.match(refusalOf(undefined, 'approve', anna, now) ?? '', /^Nothing waits/);
    assert.match(refusalOf(hour, 'approve', anna, now) ?? '', /approved already/);
    assert.match(refusalOf(approval(), 'start', anna, now) ?? '', /waits for an approval/);
    assert.equal(refusalOf(hour, 'start', anna, now), undefined);
  });

  test('is refused in words that tell what to do', () => {
    const refused = (
      waiting: Waiting,
      kind: (typeof answerKinds)[number],
      more: Partial<Answer>,
      at: number = now,
    ): string | undefined => refusalOf(waiting, kind, { ...anna, ...more }, at);
    const held: Waiting = { for: 'release', plan: '1f0c9a2e41b7' };
    const { plan: _plan, ...planless } = anna;
    assert.equal(
      refusalOf(approval(), 'approve', planless, now),
      'The plan is 1f0c9a2e41b7, and the answer was to none. Look at it again.',
    );
    assert.equal(
      refused(approval(), 'approve', { plan: 'ffffffffffff' }),
      'The plan is 1f0c9a2e41b7, and the answer was to ffffffffffff. Look at it again.',
    );
    assert.equal(
      refused(approval({ who: ['anna', 'ben'] }), 'reject', { by: 'eve' }),
      'eve is not among those whose answer counts: anna, ben.',
    );
    assert.equal(
      refused(held, 'defer', { until: '2026-11-26T14:00:00Z' }),
      'It waits until its host is released, and for no time.',
    );
    assert.equal(refused(held, 'start', {}), undefined);
    assert.equal(
      refused(approval(), 'defer', {}),
      'Say until when, as 2026-11-26T02:30:00Z, or until which window opens.',
    );
    assert.equal(
      refused(approval(), 'defer', { until: '2026-11-25T12:00:00Z' }),
      '2026-11-25T12:00:00Z has passed.',
    );
    assert.equal(
      refused(approval(), 'defer', { until: '2027-11-26T12:00:01Z' }),
      'That is more than a year away.',
    );
    assert.equal(refused(approval(), 'defer', { until: '2027-11-26T12:00:00Z' }), undefined);
    assert.match(refused(hour, 'defer', { until: hour.startsAt }) ?? '', /^It begins .*, which is later/);
    assert.equal(refused(hour, 'start', {}, Date.parse('2027-01-01T00:00:00Z')), undefined);
    assert.equal(refused(hour, 'reject', { by: 'unnamed' }), undefined);
    assert.equal(refusalOf(approval(), 'reject', planless, now), undefined);
  });

  test('that is a comment is always kept', () => {
    const { plan: _plan, ...said } = anna;
    for (const waiting of [undefined, hour, approval({ who: ['ben'] })])
      assert.equal(refusalOf(waiting, 'comment', { ...said, by: 'eve' }, now), undefined);
  });

  test('without a ticket is no other one without', () => {
    const first = { ...anna, answer: 'defer' as const, at: '2026-11-25T11:00:00Z' };
    assert.equal(refusalOf(approval(), 'approve', anna, now, [first]), undefined);
  });

  test('names a time with its zone', () => {
    for (const time of [
      '2026-11-26T02:30Z',
      '2026-11-26T02:30:00Z',
      '2026-11-26T02:30:00.125Z',
      '2026-11-26T02:30+05:30',
      '2026-11-26T02:30:00-11:00',
    ])
      assert.equal(isTime(time), true, time);
    for (const other of [
      ' 2026-11-26T02:30Z',
      '2026-11-26T02:30Zulu',
      '2026-13-26T02:30Z',
      '2026-11-26T02:30',
      '2026-11-26',
    ])
      assert.equal(isTime(other), false, other);
  });

  test('counts only of those who are named, and once of each', () => {
    const two = approval({ approvals: 2, who: ['anna', 'ben'], approvedBy: ['anna'] });
    assert.match(refusalOf(two, 'approve', anna, now) ?? '', /has approved already/);
    assert.equal(refusalOf(two, 'approve', { ...anna, by: 'ben' }, now), undefined);
    for (const kind of ['approve', 'reject', 'defer'] as const)
      assert.match(refusalOf(two, kind, { ...anna, by: 'eve' }, now) ?? '', /^eve is not among/);
  });

  test('puts off to a time that comes', () => {
    const until = (text?: string) =>
      refusalOf(approval(), 'defer', { by: 'anna', channel: 'baton', ...(text ? { until: text } : {}) }, now);
    assert.equal(until('2026-11-25T14:00:00Z'), undefined);
    // Without a zone it would be another time on another host.
    for (const wrong of [
      undefined,
      'tomorrow',
      '2026-11-25T11:00:00Z',
      '2028-01-01T00:00:00Z',
      '2026-11-26T02:30',
    ])
      assert.notEqual(until(wrong), undefined);
  });

  test('comes too late when the question has expired, whether or not somebody has noticed', () => {
    const later = Date.parse('2026-11-26T12:00:00Z');
    for (const kind of ['approve', 'reject', 'defer'] as const)
      assert.match(refusalOf(approval(), kind, anna, later) ?? '', /has expired/);
    assert.equal(refusalOf(approval(), 'approve', anna, later - 1), undefined);
  });

  test('by a button is to the plan that was on the screen, whatever it says', () => {
    for (const kind of ['approve', 'reject', 'defer'] as const)
      assert.match(
        refusalOf(approval(), kind, { ...anna, plan: 'ffffffffffff', ticket: 't1' }, now) ?? '',
        /^The plan is 1f0c9a2e41b7/,
      );
  });

  test('never brings a start forward', () => {
    const until = (text: string) =>
      refusalOf(hour, 'defer', { by: 'anna', channel: 'baton', until: text }, now);
    assert.match(until('2026-11-26T02:00:00Z') ?? '', /which is later/);
    assert.equal(until('2026-11-26T03:00:00Z'), undefined);
  });

  test('given with a ticket counts once', () => {
    const first = { ...anna, ticket: 't1', answer: 'defer' as const, at: '2026-11-25T11:00:00Z' };
    const again = { ...anna, ticket: 't1' };
    assert.match(refusalOf(approval(), 'approve', again, now, [first]) ?? '', /good for one answer/);
    assert.equal(refusalOf(approval(), 'approve', { ...anna, ticket: 't2' }, now, [first]), undefined);
    assert.equal(refusalOf(approval(), 'approve', again, now, [{ ...first, refused: 'no' }]), undefined);
  });

  test('never approves with another plan, by whomever and however it is said', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (by, plan) => {
        fc.pre(!('1f0c9a2e41b7'.startsWith(plan) && plan.length >= 6));
        assert.notEqual(refusalOf(approval(), 'approve', { by, channel: 'x', plan }, now), undefined);
      }),
    );
  });

  test('is read from whatever comes, or refused with what is wrong', () => {
    assert.deepEqual(readAnswer({ by: 'anna', plan: '1f0c9a' }), {
      by: 'anna',
      channel: 'web-ui',
      plan: '1f0c9a',
    });
    assert.deepEqual(
      readAnswer({ ticket: 't1', until: 'x', window: 'night', text: 'x'.repeat(1000) }, 'door'),
      {
        by: 'unnamed',
        channel: 'door',
        text: 'x'.repeat(1000),
        until: 'x',
        window: 'night',
        ticket: 't1',
      },
    );
    assert.deepEqual(readAnswer({}), { by: 'unnamed', channel: 'web-ui' });
    assert.equal(readAnswer({ by: 7 }), '"by" is a text of 1 to 100 characters on one line.');
    assert.equal(
      readAnswer({ text: 'x'.repeat(1001) }),
      '"text" is a text of 1 to 1000 characters on one line.',
    );
    for (const by of ['', ' ', 'an\nna', '\u001b[2J']) assert.equal(typeof readAnswer({ by }), 'string');
    for (const wrong of [undefined, null, 'yes', 1, ['yes']])
      assert.match(readAnswer(wrong) as string, /^An answer is an object/);
    fc.assert(
      fc.property(fc.anything(), fc.constantFrom(...answerKinds), (value, kind) => {
        const read = readAnswer(value);
        if (typeof read !== 'string')
          assert.equal(typeof (refusalOf(approval(), kind, read, now) ?? ''), 'string');
      }),
    );
  });
});
