/** How a run of a playbook is called, by how its steps ended. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  playbookExitCodes,
  playbookOutcome,
  stepTitle,
  type PlaybookOutcome,
  type PlaybookStep,
  type StepEnd,
} from '../../domain/playbook.ts';

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

test('what a playbook ended as is the exit code that any operation of that end has', () => {
  assert.deepEqual(playbookExitCodes, {
    ...{ done: 0, unchanged: 0, refused: 1, incomplete: 1 },
    ...{ 'rolled-back': 3, cancelled: 3, 'needs-human': 5 },
  });
});

test('each step is called by what it does to its target', () => {
  type Question = (PlaybookStep & { do: 'guard' })['question'];
  const command = { args: ['vacuumdb', '--all'] } as NonNullable<Question['command']>;
  const titles: [PlaybookStep, string][] = [
    [{ do: 'restart', dependents: false }, 'Restart shop/db'],
    [{ do: 'restart', dependents: true }, 'Restart shop/db, and what is down under it'],
    [{ do: 'cleanup' }, 'Free space on shop/db'],
    [{ do: 'rotate' }, 'Remove surplus snapshots of shop/db'],
    [{ do: 'undo', withData: false }, 'Undo the last deploy of shop/db'],
    [{ do: 'undo', withData: true }, 'Undo the last deploy of shop/db, with its data'],
    [{ do: 'deploy' }, 'Deploy the recorded release of shop/db'],
    [{ do: 'update' }, 'Run what the tag of shop/db names now'],
    [{ do: 'guard', question: { command } as Question }, 'Run vacuumdb --all'],
    [{ do: 'guard', question: {} as Question }, 'Snapshot data'],
  ];
  for (const [step, title] of titles) assert.equal(stepTitle(step, 'shop/db'), title);
});
