/** How a run of a playbook is called, by how its steps ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { playbookOutcome, type PlaybookOutcome, type StepEnd } from '../../domain/playbook.ts';

describe('the outcome of a playbook', () => {
  const cases: [StepEnd[], PlaybookOutcome][] = [
    [[], 'unchanged'],
    [['unchanged', 'unchanged'], 'unchanged'],
    [['unchanged', 'done'], 'done'],
    [['done', 'unchanged'], 'done'],
    [['refused'], 'refused'],
    [['unchanged', 'refused'], 'refused'],
    [['done', 'refused'], 'incomplete'],
    [['rolled-back'], 'rolled-back'],
    [['done', 'rolled-back'], 'incomplete'],
    [['cancelled'], 'cancelled'],
    [['done', 'cancelled'], 'incomplete'],
    [['incomplete'], 'incomplete'],
    [['done', 'needs-human'], 'needs-human'],
  ];
  for (const [ends, outcome] of cases)
    test(`${ends.join(', ') || 'without a step'}: ${outcome}`, () => {
      assert.equal(playbookOutcome(ends), outcome);
    });
});
