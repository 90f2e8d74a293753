/** An action as people, and the record, see it: an operation on its target, with what its playbook reported. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { announcedOf, endOf, outcomeOf } from '../../domain/action.ts';
import type { PlaybookOutcome, PlaybookReport, PlaybookRequest } from '../../domain/playbook.ts';

const report = (outcome: PlaybookOutcome, more: Partial<PlaybookReport> = {}): PlaybookReport =>
  ({
    ...{ operation: '1f0c9a2e', host: 'nas', playbook: 'service-restart', target: 'shop/db' },
    ...{ cause: 'service-down', outcome, left: ['a rest'], notes: ['a note'] },
    steps: [{ title: 'Restart shop/db', outcome: 'done', notes: [] }],
    figures: [{ what: 'available-percent', unit: 'percent', before: 0, after: 100 }],
    ...more,
  }) as unknown as PlaybookReport;

test('an action is announced on its target, which stands where other operations have their stack', () => {
  const { operation, host, playbook, target } = report('done');
  assert.deepEqual(announcedOf({ operation, host, playbook, target } as unknown as PlaybookRequest), {
    ...{ operation: '1f0c9a2e', kind: 'playbook', playbook: 'service-restart' },
    ...{ stack: 'shop/db', host: 'nas' },
  });
});

test('its end is that of its playbook; one that stopped in the middle is for a person', () => {
  const ends: [PlaybookOutcome, string][] = [
    ['done', 'done'],
    ['unchanged', 'unchanged'],
    ['refused', 'refused'],
    ['rolled-back', 'rolled-back'],
    ['cancelled', 'cancelled'],
    ['incomplete', 'needs-human'],
    ['needs-human', 'needs-human'],
  ];
  for (const [outcome, end] of ends) assert.equal(endOf(report(outcome)).outcome, end);
  assert.deepEqual(endOf(report('done')).rest, {
    left: ['a rest'],
    notes: ['Restart shop/db: done', 'available-percent: 0 % → 100 %', 'a note'],
  });
});

test('it counts in the record where it was carried out, as failed unless it is done', () => {
  for (const outcome of ['unchanged', 'refused', 'cancelled'] as const)
    assert.equal(outcomeOf(report(outcome), 7), undefined, outcome);
  const counted = {
    ...{ operation: '1f0c9a2e', playbook: 'service-restart', target: 'shop/db' },
    ...{ cause: 'service-down', endedAt: 7, failed: false, measurements: [] },
  };
  assert.deepEqual(outcomeOf(report('done'), 7), counted);
  const measurement = { held: true } as unknown as NonNullable<PlaybookReport['measurement']>;
  assert.deepEqual(outcomeOf(report('done', { measurement }), 7), {
    ...counted,
    measurements: [measurement],
  });
  for (const outcome of ['rolled-back', 'incomplete', 'needs-human'] as const)
    assert.equal(outcomeOf(report(outcome), 7)?.failed, true, outcome);
});
