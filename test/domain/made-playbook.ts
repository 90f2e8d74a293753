/** A playbook that tests change a little. */
import type { Playbook } from '../../domain/playbook.ts';

export const madePlaybook = (more: Partial<Playbook> = {}): Playbook => ({
  name: 'disk-cleanup',
  title: 'Free space',
  file: '/playbooks/disk-cleanup.yml',
  origin: 'shipped',
  hash: 'a'.repeat(64),
  target: 'filesystem',
  when: [],
  steps: [{ do: 'cleanup' }],
  protects: [],
  success: { criteria: [{ measure: 'used-percent', atMost: 85 }], againAfterMs: [] },
  undo: { possible: false, how: 'What was removed is gone.' },
  risk: 'low',
  cooldownMs: 3_600_000,
  needs: { timeMs: 600_000, checks: [] },
  ...more,
});
