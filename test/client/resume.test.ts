/** What `baton resume` says where there is nothing that it could finish. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resumeRequest } from '../../client/commands/resume.ts';
import { CommandFailure } from '../../client/failure.ts';
import type { ActionPlan } from '../../domain/action.ts';
import type { Report } from '../../domain/operation.ts';

const report = { outcome: 'needs-human' } as Report;
const next = (plan: ActionPlan): string | undefined => {
  try {
    resumeRequest('1f0c9a2e', report, plan);
  } catch (error) {
    assert.ok(error instanceof CommandFailure);
    return error.next;
  }
  return assert.fail('nothing was refused');
};
const plan = { kind: 'playbook', playbook: 'service-restart', lines: [] } as const;

test('a playbook that needs a person is resumed by the stack of its target', () => {
  assert.equal(next({ ...plan, lines: [], target: 'shop/db' }), 'baton resume shop');
  assert.equal(next({ ...plan, lines: [], target: '/srv' }), 'baton events 1f0c9a2e');
});
