import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { endEvent, heldEvent, nextToTell, unreachableEvent } from '../../domain/event.ts';
import { eventWorkflowId, unreachableOf } from '../../domain/ids.ts';
import { eventNotice, sendingOf, type Channel } from '../../domain/notice.ts';
import type { Outcome, Report } from '../../domain/operation.ts';

const source = { workflowId: 'stack/nas/immich', runId: 'run' };
/** As a workflow knows of itself. */
const info = { ...source, memo: { much: 'more' } };
const now = Date.parse('2026-11-26T02:30:00Z');
const report = (outcome: Outcome, more: Partial<Report> = {}): Report =>
  ({
    operation: '1f0c9a2e',
    kind: 'deploy',
    stack: 'immich',
    host: 'nas',
    outcome,
    changes: [],
    data: [],
    problems: [],
    left: [],
    notes: [],
    startedAt: '2026-11-26T02:00:00Z',
    durationMs: 1,
    ...more,
  }) as unknown as Report;

describe('an event', () => {
  test('is made of the ends that people are told of', () => {
    const kinds = (
      [
        'done',
        'unchanged',
        'refused',
        'not-approved',
        'rolled-back',
        'cancelled',
        'kept',
        'needs-human',
      ] as const
    ).map((outcome) => endEvent(report(outcome), source, now)?.kind);
    assert.deepEqual(kinds, [
      'done',
      undefined,
      'refused',
      undefined,
      'failed',
      undefined,
      undefined,
      'needs-human',
    ]);
  });

  test('says what failed, the last lines of the log, and what can be typed', () => {
    const failure = { step: 'Roll out web', message: 'it is\nunhealthy', logTail: 'one\ntwo\nthree\nfour\n' };
    assert.deepEqual(endEvent(report('rolled-back', { failure }), info, now), {
      id: '1f0c9a2e/failed',
      kind: 'failed',
      host: 'nas',
      title: 'deploy immich on nas failed, and everything is as it was',
      lines: ['Roll out web: it is unhealthy', 'two', 'three', 'four'],
      end: 'Look at it: baton logs immich. Operation 1f0c9a2e.',
      at: '2026-11-26T02:30:00.000Z',
      operation: { ...source, operation: '1f0c9a2e' },
    });
    const torn = endEvent(report('needs-human', { failure, left: ['/srv/data is not back'] }), source, now);
    assert.equal(torn?.lines.at(-1), '/srv/data is not back');
    assert.match(torn.end, /baton resume immich/);
    const held = heldEvent(report('done'), failure, 'baton cancel immich', source, now);
    assert.equal(held.id, '1f0c9a2e/held');
  });

  test('that is urgent is told first, and alone', () => {
    const [one, two, three] = (['failed', 'needs-human', 'done'] as const).map((kind, index) => ({
      ...(endEvent(report('done'), source, now) ?? assert.fail()),
      kind,
      id: String(index),
    }));
    assert.ok(one && two && three);
    assert.deepEqual(nextToTell([one, two, three]), [two]);
    assert.deepEqual(nextToTell([one, three]), [one, three]);
  });

  test('of a channel that cannot be reached names it, and is not told where it is of itself', () => {
    const event = unreachableEvent(
      'nas',
      'phone/anna',
      'ntfy answered 503.',
      [{ title: 'deploy immich' }],
      now,
    );
    assert.deepEqual(unreachableOf(eventWorkflowId('nas', event.id)), { host: 'nas', channel: 'phone/anna' });
    assert.deepEqual(event.unreachable, { channel: 'phone/anna', silently: false });
    assert.equal(unreachableEvent('nas', 'mail', '', [event], now).unreachable?.silently, true);
  });
});

describe('a notice of events', () => {
  const event = endEvent(report('needs-human', { left: ['x'] }), source, now) ?? assert.fail();

  test('is one for all that came together, and fits', () => {
    const many = Array.from({ length: 40 }, (_, index) => ({
      ...event,
      kind: 'failed' as const,
      id: String(index),
      lines: ['<@everyone> '.repeat(40)],
    }));
    const notice = eventNotice(many);
    assert.equal(notice.title, '40 notices from nas');
    assert.match(notice.lines.at(-1) ?? '', /^and \d+ more$/);
    assert.ok(notice.lines.join('\n').length < 2_200);
    assert.equal(notice.urgent, false);
  });

  test('is loud where it is urgent', () => {
    const channel = {
      name: 'phone',
      person: 'anna',
      events: [],
      service: 'ntfy',
      url: 'https://ntfy.example/baton',
    } as Channel & { service: 'ntfy' };
    const { body } = sendingOf(channel, eventNotice([event]), 'id');
    const { priority, tags, actions } = body as Record<string, unknown>;
    assert.deepEqual({ priority, tags, actions }, { priority: 5, tags: ['rotating_light'], actions: [] });
  });
});
