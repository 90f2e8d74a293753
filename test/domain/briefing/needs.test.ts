/** What a report says that a person must do, and with which command. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clockIn } from '../../../domain/briefing/clock.ts';
import type { Facts } from '../../../domain/briefing/facts.ts';
import { needsIn } from '../../../domain/briefing/needs.ts';
import { decided, facts, hourMs, incident, minuteMs, now } from './made-facts.ts';

const told = (more: Partial<Facts>, all = facts(more)): string[] =>
  needsIn(all, clockIn('UTC')).map(({ mark, text, next }) => `${mark} ${text}${next ? ` > ${next}` : ''}`);

test('a quiet night needs nobody', () => {
  assert.deepEqual(told({}), []);
});

test('what ended in between needs a person until something was done there since', () => {
  const ended = (on: string, endedAt: number, outcome: string, why?: string): Facts['ended'][number] =>
    ({ ...{ what: `deploy ${on}`, on, endedAt, outcome }, ...(why === undefined ? {} : { why }) }) as never;
  assert.deepEqual(
    told({
      ended: [
        ended('photos', now, 'needs-human', 'no space'),
        ended('wiki', now - hourMs, 'needs-human'),
        ended('wiki', now, 'done'),
        ended('shop', now - hourMs, 'done'),
        ended('shop', now, 'needs-human'),
      ],
    }),
    [
      'bad deploy photos ended neither new nor as before: no space > baton resume photos',
      'bad deploy shop ended neither new nor as before > baton resume shop',
    ],
  );
});

test('what waits for an answer is told with the answer; what waits for its hour is not', () => {
  const wait = (more: Record<string, unknown>): Facts['waits'][number] =>
    ({ kind: 'deploy', stack: 'photos', ...more }) as unknown as Facts['waits'][number];
  assert.deepEqual(
    told({
      waits: [
        wait({ held: { step: 'Run', message: 'exit code 1' } }),
        wait({ waiting: { for: 'approval', expiresAt: '2026-11-26T18:00:00Z' } }),
        wait({ waiting: { for: 'hour' } }),
        wait({}),
      ],
    }),
    [
      'bad deploy photos failed and waits for an answer: Run: exit code 1 > baton cancel photos',
      'warn deploy photos waits for an approval until Thu 18:00, then nothing is done > baton approve photos',
    ],
  );
});

test('what is down now is told, and neither what is over nor what is less than critical', () => {
  assert.deepEqual(
    told({
      incidents: [
        incident('shop/db'),
        incident('shop/app', { severity: 'warning' }),
        incident('wiki/web', { closedAt: now - minuteMs }),
      ],
    }),
    ['bad service-down at shop/db since Thu 02:30: exited with code 137 > baton health'],
  );
});

test('what Baton left to a person is told once, unless it became an operation or was decided anew', () => {
  const ask = (id: string, limits: unknown[] = []): Facts['decisions'][number] =>
    decided(id, { decision: { answer: 'ask', limits } as never });
  const proposal = { ...decided('c').proposal, id: 'restart a' };
  assert.deepEqual(
    told({ decisions: [ask('a', [{ why: 'it is night' }]), ask('b'), { ...ask('c'), action: {} as never }] }),
    [
      'warn service-restart on shop/db (service-down) is left to you: it is night > baton decisions a',
      'warn service-restart on shop/db (service-down) is left to you: it was to be asked > baton decisions b',
    ],
  );
  assert.deepEqual(told({ decisions: [ask('a'), decided('d', { proposal })] }), []);
});

test('a disk that is full within three days is told, and no other', () => {
  const full = (inHours: number | undefined, state = 'told'): string[] =>
    told({
      forecasts: [
        {
          place: '/srv',
          forecast: { state, ...(inHours === undefined ? {} : { limit: { at: now + inHours * hourMs } }) },
        },
      ] as unknown as Facts['forecasts'],
    });
  assert.deepEqual(full(71), ['bad /srv is full in 3 days > baton forecast']);
  assert.deepEqual(full(-1), ['bad /srv is full in 0 s > baton forecast']);
  for (const fine of [full(72), full(undefined), full(1, 'muted')]) assert.deepEqual(fine, []);
});

test('data that did not come back is told, and what could not be reached, or read', () => {
  const sets = ['failed', 'proven'].map((state) => ({ name: state, restore: { state } }));
  assert.deepEqual(
    told({
      sets: [...sets, { name: 'untested' }] as unknown as Facts['sets'],
      unreachable: ['the phone cannot be reached'],
      missing: ['the records'],
    }),
    [
      'bad the restore of failed failed > baton data',
      'warn the phone cannot be reached > baton doctor',
      'unknown could not be read: the records',
    ],
  );
});

test('that nobody looks is told: never, not yet, or not for three looks', () => {
  const { looksEveryMs: _none, ...unscheduled } = facts();
  assert.deepEqual(told({}, unscheduled as Facts), [
    'warn Baton does not look at this host by itself > baton auto --help',
  ]);
  const away = ': its worker or Temporal was away > baton doctor';
  assert.deepEqual(told({ looks: [] }), [`bad Baton has not looked yet${away}`]);
  const last = (minutes: number): Facts['looks'] => [
    { at: now - minutes * minuteMs, score: 100, unknown: [] },
  ];
  assert.deepEqual(told({ looks: last(15) }), []);
  assert.deepEqual(told({ looks: last(16) }), [`bad Baton last looked Thu 06:14${away}`]);
});
