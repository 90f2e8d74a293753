/** Workflow ids: an id is a lock, so two things that may go on side by side have different ones, and one thing always the same. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import * as ids from '../../domain/ids.ts';
import type { OperationId, StackName } from '../../domain/names.ts';
import type { SnapshotName } from '../../domain/snapshot.ts';

const operation = '0a1b2c3d' as OperationId;

/** As a person finds them in the Web UI; a running operation is found again by its id after an upgrade. */
const written: [string, string][] = [
  [ids.stackWorkflowId('nas', 'shop' as StackName), 'stack/nas/shop'],
  [ids.ecosystemWorkflowId('nas', 'home'), 'ecosystem/nas/home'],
  [ids.snapshotWorkflowId('nas', 's1' as SnapshotName), 'snapshot/nas/s1'],
  [ids.rotationWorkflowId('nas'), 'snapshots/nas'],
  [ids.restoreTestWorkflowId('nas'), 'restore-test/nas'],
  [ids.holdWorkflowId('nas'), 'hold/nas'],
  [ids.scheduleId('nas', 'nightly'), 'schedule/nas/nightly'],
  [ids.scheduledWorkflowId('nas', 'nightly'), 'scheduled/nas/nightly'],
  [ids.cleanupWorkflowId('nas'), 'cleanup/nas'],
  [ids.copyWorkflowId('nas', 'attic'), 'copy/nas/attic'],
  [ids.recordsWorkflowId('nas'), 'records/nas'],
  [ids.cycleWorkflowId('nas'), 'cycle/nas'],
  [ids.cycleScheduleId('nas'), 'cycles/nas'],
  [ids.playbookWorkflowId('nas', operation), 'playbook/nas/0a1b2c3d'],
  [ids.actionWorkflowId('nas', operation), 'action/nas/0a1b2c3d'],
  [ids.measureWorkflowId('nas', operation), 'measure/nas/0a1b2c3d'],
  [ids.sayingWorkflowId('nas', operation), 'auto/nas/0a1b2c3d'],
  [ids.questionWorkflowId('nas', 'status', 'n1'), 'question/nas/status/n1'],
  [ids.eventWorkflowId('nas', 'e1'), 'event/nas/e1'],
  [ids.channelWorkflowId('nas', 'phone'), 'notices/nas/phone'],
  [ids.deliveryWorkflowId('nas', 'forge', 'd1'), 'webhook/nas/forge/d1'],
  [ids.hostTaskQueue('nas'), 'baton.nas'],
];

test('ids are as they always were, and no two of them the same', () => {
  for (const [id, expected] of written) assert.equal(id, expected);
  assert.equal(new Set(written.map(([id]) => id)).size, written.length);
});

describe('a channel that could not be reached', () => {
  const cases: [string, ReturnType<typeof ids.unreachableOf>][] = [
    ['event/nas/unreachable/2026-11-26/phone', { host: 'nas', channel: 'phone' }],
    ['event/nas/unreachable/2026-11-26/a/b\nc', { host: 'nas', channel: 'a/b\nc' }],
    ['event/nas/unreachable/2026-11-26/', undefined],
    ['event/nas/unreachable/yesterday/phone', undefined],
    ['event/nas/other/2026-11-26/phone', undefined],
    ['x/event/nas/unreachable/2026-11-26/phone', undefined],
    ['stack/nas/shop', undefined],
  ];
  for (const [id, expected] of cases)
    test(`${JSON.stringify(id)} is ${expected ? 'one' : 'none'}`, () => {
      assert.deepEqual(ids.unreachableOf(id), expected);
    });
});
