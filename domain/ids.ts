/** Workflow ids and task queues are made here and nowhere else. */
import type { OperationId, StackName } from './names.ts';
import type { SnapshotName } from './snapshot.ts';

/** The id is the lock: one operation at a time for one stack on one host, whatever its kind. */
export const stackWorkflowId = (host: string, stack: StackName): string => `stack/${host}/${stack}`;

export const ecosystemWorkflowId = (host: string, ecosystem: string): string =>
  `ecosystem/${host}/${ecosystem}`;

/** One change of what is noted of a snapshot at a time. */
export const snapshotWorkflowId = (host: string, snapshot: SnapshotName): string =>
  `snapshot/${host}/${snapshot}`;

/** One rotation at a time on one host. */
export const rotationWorkflowId = (host: string): string => `snapshots/${host}`;

/** One restore test at a time on one host. */
export const restoreTestWorkflowId = (host: string): string => `restore-test/${host}`;

/** That it runs is the hold. */
export const holdWorkflowId = (host: string): string => `hold/${host}`;

/** What Temporal calls a schedule. */
export const scheduleId = (host: string, name: string): string => `schedule/${host}/${name}`;

/** What it starts; Temporal adds the time, so it locks nothing. */
export const scheduledWorkflowId = (host: string, name: string): string => `scheduled/${host}/${name}`;

/** One cleanup at a time on one host. */
export const cleanupWorkflowId = (host: string): string => `cleanup/${host}`;

/** One copy, check or restore of what goes to one target at a time; different ones go side by side. */
export const copyWorkflowId = (host: string, copy: string): string => `copy/${host}/${copy}`;

/** One who looks after the records at a time. */
export const recordsWorkflowId = (host: string): string => `records/${host}`;

/** One cycle at a time on one host. */
export const cycleWorkflowId = (host: string): string => `cycle/${host}`;

/** What starts cycles. */
export const cycleScheduleId = (host: string): string => `cycles/${host}`;

/** One run of a playbook; what it does takes the locks of its targets. */
export const playbookWorkflowId = (host: string, operation: OperationId): string =>
  `playbook/${host}/${operation}`;

/** What was decided is begun once: the operation is part of the id, which is never used twice. */
export const actionWorkflowId = (host: string, operation: OperationId): string =>
  `action/${host}/${operation}`;

/** Measures again what came of an action. */
export const measureWorkflowId = (host: string, operation: OperationId): string =>
  `measure/${host}/${operation}`;

/** What a person said to the loop, for the records and the audit log. */
export const sayingWorkflowId = (host: string, operation: OperationId): string => `auto/${host}/${operation}`;

/** Read-only questions lock nothing, so their ids carry the asker's nonce. */
export const questionWorkflowId = (host: string, what: string, nonce: string): string =>
  `question/${host}/${what}/${nonce}`;

/** Each host has a queue of its own: its worker alone can touch its engine and its disks. */
export const hostTaskQueue = (host: string): string => `baton.${host}`;

/** An event is told once: its own id is part of it. */
export const eventWorkflowId = (host: string, event: string): string => `event/${host}/${event}`;

/** Which channel could not be reached from where, of a workflow that tells others of it. */
export const unreachableOf = (workflowId: string): { host: string; channel: string } | undefined => {
  const [, host, channel] = /^event\/([^/]+)\/unreachable\/[\d-]{10}\/(.+)$/su.exec(workflowId) ?? [];
  return host === undefined || channel === undefined ? undefined : { host, channel };
};

/** What is told through one channel goes through one workflow at a time. */
export const channelWorkflowId = (host: string, channel: string): string => `notices/${host}/${channel}`;

/** A delivery is taken once: what tells it from others is part of its id. */
export const deliveryWorkflowId = (host: string, webhook: string, occasion: string): string =>
  `webhook/${host}/${webhook}/${occasion}`;
