import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  endEvent,
  heldEvent,
  nextToTell,
  playbookEvent,
  restoreTestEvent,
  scheduledEvent,
  unreachableEvent,
} from '../../domain/event.ts';
import { eventWorkflowId, unreachableOf } from '../../domain/ids.ts';
import { eventNotice, sendingOf, type Channel } from '../../domain/notice.ts';
import type { Outcome, Report } from '../../domain/operation.ts';
import type { PlaybookReport } from '../../domain/playbook.ts';
import type { RestoreTestReport } from '../../domain/restore-test.ts';
import type { ScheduledOutcome } from '../../domain/schedule.ts';

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
    assert.deepEqual(torn.lines.slice(0, -1), ['Roll out web: it is unhealthy', 'two', 'three', 'four']);
    assert.match(torn.title, /needs a person$/);
    const held = heldEvent(report('done'), failure, 'baton cancel immich', info, now);
    assert.deepEqual(held, {
      id: '1f0c9a2e/held',
      kind: 'held',
      host: 'nas',
      title: 'deploy immich on nas failed, and waits for an answer',
      lines: ['Roll out web: it is unhealthy', 'two', 'three', 'four'],
      end: 'baton cancel immich Operation 1f0c9a2e.',
      at: '2026-11-26T02:30:00.000Z',
      operation: { ...source, operation: '1f0c9a2e' },
    });
  });

  test('says of a guarded command nothing about a log, and of a failure without one nothing more', () => {
    const failure = { step: 'Run', message: 'exit code 1', logTail: ' \n' };
    const guarded = endEvent(report('rolled-back', { failure, kind: 'guard' }), source, now);
    assert.deepEqual([guarded?.lines, guarded?.end], [['Run: exit code 1'], 'Operation 1f0c9a2e.']);
    const { logTail: _none, ...short } = failure;
    assert.deepEqual(endEvent(report('rolled-back', { failure: short }), source, now)?.lines, [
      'Run: exit code 1',
    ]);
  });

  test('says why it was refused: what failed, or what spoke against it', () => {
    const problem = (severity: string, message: string) => ({ severity, code: 'x', message });
    const problems = [problem('error', 'no such image'), problem('warning', 'weak')] as Report['problems'];
    const refused = endEvent(report('refused', { problems }), source, now);
    assert.deepEqual(
      [refused?.title, refused?.lines, refused?.end],
      ['deploy immich on nas was refused, and nothing was changed', ['no such image'], 'Operation 1f0c9a2e.'],
    );
    const failure = { step: 'Plan', message: 'no answer' };
    assert.deepEqual(endEvent(report('refused', { problems, failure }), source, now)?.lines, [
      'Plan: no answer',
    ]);
  });

  test('says what was done, and not what was kept', () => {
    const changes = [
      { service: 'web', action: 'replace' },
      { service: 'db', action: 'keep' },
    ] as Report['changes'];
    const done = endEvent(report('done', { changes }), source, now);
    assert.deepEqual([done?.title, done?.lines], ['deploy immich on nas is done', ['web: replace']]);
  });

  test('is cut where it is long', () => {
    const left = Array.from({ length: 7 }, () => 'w'.repeat(241));
    assert.deepEqual(endEvent(report('needs-human', { left }), source, now)?.lines, [
      ...left.slice(0, 6).map(() => `${'w'.repeat(239)}…`),
      'and 1 more',
    ]);
  });

  test('of a schedule is told where nobody would hear of it otherwise', () => {
    const of = (outcome: ScheduledOutcome) =>
      scheduledEvent({ host: 'nas', name: 'nightly', outcome, notes: ['why'] }, info, now);
    assert.deepEqual(of('refused'), {
      id: 'scheduled/run',
      kind: 'failed',
      host: 'nas',
      title: 'nightly on nas was refused, and nothing was changed',
      lines: ['why'],
      end: 'See: baton schedule list.',
      at: '2026-11-26T02:30:00.000Z',
    });
    assert.equal(of('done'), undefined);
    assert.deepEqual(
      (['busy', 'late', 'incomplete', 'short'] as const).map((outcome) => of(outcome)?.title),
      ['was left out', 'was left out', 'is incomplete', 'freed less than was wanted'].map(
        (title) => `nightly on nas ${title}`,
      ),
    );
  });

  test('of a restore test is told where it proved nothing', () => {
    const of = (more: Partial<RestoreTestReport>) =>
      restoreTestEvent(
        {
          ...{ operation: '1f0c9a2e', host: 'nas', outcome: 'unproven', left: ['a container'] },
          tests: [
            { set: 'db', result: 'failed', why: 'no rows' },
            { set: 'web', result: 'proven' },
          ],
          ...more,
        } as unknown as RestoreTestReport,
        source,
        now,
      );
    assert.deepEqual(of({}), {
      id: '1f0c9a2e/failed',
      kind: 'failed',
      host: 'nas',
      title: 'a restore test on nas failed: db',
      lines: ['db: no rows', 'a container'],
      end: 'See: baton data. Operation 1f0c9a2e.',
      at: '2026-11-26T02:30:00.000Z',
      operation: { ...source, operation: '1f0c9a2e' },
    });
    const unsaid = [{ set: 'db', result: 'failed' }] as unknown as RestoreTestReport['tests'];
    assert.deepEqual(of({ tests: unsaid, left: [] })?.lines, ['db: ']);
    assert.equal(of({ tests: [] })?.title, 'a restore test on nas failed: something is left of it');
    assert.equal(of({ outcome: 'proven' as RestoreTestReport['outcome'] }), undefined);
  });

  test('of a playbook is told where it is incomplete, did not help, or was refused by night', () => {
    const of = (outcome: string, more: Partial<PlaybookReport> = {}) =>
      playbookEvent(
        {
          ...{ operation: '1f0c9a2e', host: 'nas', playbook: 'restart', target: 'shop/db', outcome },
          steps: [{ title: 'Restart', outcome: 'done', notes: ['twice'] }],
          ...{ notes: ['a note'], left: ['a rest'] },
          ...more,
        } as unknown as PlaybookReport,
        info,
        now,
      );
    assert.deepEqual(of('incomplete'), {
      id: '1f0c9a2e/failed',
      kind: 'failed',
      host: 'nas',
      title: 'playbook restart of shop/db on nas is incomplete',
      lines: ['Restart: done. twice', 'a note', 'a rest'],
      end: 'See: baton playbooks restart. Operation 1f0c9a2e.',
      at: '2026-11-26T02:30:00.000Z',
      operation: { ...source, operation: '1f0c9a2e' },
    });
    const measured = (held: boolean) => ({ measurement: { held } as PlaybookReport['measurement'] });
    assert.match(of('done', measured(false) as Partial<PlaybookReport>)?.title ?? '', /has not helped$/);
    assert.equal(of('done', measured(true) as Partial<PlaybookReport>), undefined);
    assert.equal(of('done'), undefined);
    assert.equal(of('cancelled', measured(false) as Partial<PlaybookReport>), undefined);
    const decision = { decision: 'd1' } as Partial<PlaybookReport>;
    assert.match(of('refused', decision)?.title ?? '', /was refused, and nothing was changed$/);
    assert.equal(of('refused'), undefined, 'whoever typed it has read that');
    assert.equal(of('done', decision), undefined);
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
    assert.equal(nextToTell(Array.from({ length: 41 }, () => one)).length, 40);
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
    assert.equal(unreachableOf(eventWorkflowId('nas', '1f0c9a2e/failed')), undefined);
    assert.deepEqual(event, {
      id: 'unreachable/2026-11-26/phone/anna',
      kind: 'unreachable',
      host: 'nas',
      title: 'phone/anna cannot be reached from nas',
      lines: ['ntfy answered 503.', 'Not told there: deploy immich'],
      end: 'What could not be told: baton doctor.',
      at: '2026-11-26T02:30:00.000Z',
      unreachable: { channel: 'phone/anna', silently: false },
    });
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
