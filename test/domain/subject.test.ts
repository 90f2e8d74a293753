import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Plan } from '../../domain/plan.ts';
import { subjectOf } from '../../domain/subject.ts';

test('an activity is told of its operation in a few names: what was before, and what it was begun for, where there is any', () => {
  const request = { operation: '1f0c9a2e', stack: 'web' } as unknown as Parameters<typeof subjectOf>[0];
  const plan = { kind: 'deploy', release: 'b' } as Plan;
  const at = new Date('2026-11-26T18:00:00Z');
  const told = {
    ...{ operation: '1f0c9a2e', stack: 'web', kind: 'deploy', release: 'b' },
    startedAt: '2026-11-26T18:00:00Z',
  };
  assert.deepEqual(subjectOf(request, plan, at), told);
  const before = { previousRelease: 'a' as Plan['release'] };
  assert.deepEqual(subjectOf({ ...request, because: 'drift' }, { ...plan, ...before }, at), {
    ...told,
    ...before,
    because: 'drift',
  });
});
