/** Reports of what is no operation on a stack, read as if they were one. */
import type { CleanupReport } from '../../domain/cleanup.ts';
import type { CopyReport } from '../../domain/copy.ts';
import type { StackName } from '../../domain/names.ts';
import type { Report } from '../../domain/operation.ts';
import type { PlaybookReport } from '../../domain/playbook.ts';
import type { RestoreTestReport } from '../../domain/restore-test.ts';
import { goneIn, type RotationReport } from '../../domain/rotation.ts';

export const asOperation = (
  report: Report | RotationReport | CleanupReport | RestoreTestReport | CopyReport | PlaybookReport,
): Report => {
  if ('steps' in report) return playbookAsOperation(report);
  if ('tests' in report) return testAsOperation(report);
  if ('sets' in report) return copyAsOperation(report);
  if ('parts' in report) return cleanupAsOperation(report);
  if (!('removed' in report)) return report;
  const { operation, host, outcome, startedAt, durationMs, removed, gone, failed, problems } = report;
  return {
    operation,
    kind: 'guard',
    stack: 'snapshots' as StackName,
    host,
    // What it did not get to is as it was.
    outcome: outcome === 'incomplete' || outcome === 'stopped' ? 'cancelled' : outcome,
    startedAt,
    durationMs,
    changes: [],
    data: [],
    problems,
    left: [],
    notes: [...removed, ...gone].map(({ name }) => name),
    ...(failed[0] ? { failure: { step: failed[0].name, message: failed[0].why } } : {}),
  };
};

const playbookAsOperation = ({ outcome, steps, notes, left, ...report }: PlaybookReport): Report => {
  const told = steps.flatMap((step) => step.notes);
  return {
    operation: report.operation,
    kind: 'guard',
    stack: 'playbook' as StackName,
    host: report.host,
    outcome: outcome === 'incomplete' ? 'cancelled' : outcome,
    startedAt: report.startedAt,
    durationMs: report.durationMs,
    changes: [],
    data: [],
    problems: [],
    left,
    notes: [...notes, ...told, ...goneIn(told)],
    ...(['done', 'unchanged'].includes(outcome)
      ? {}
      : { failure: { step: steps.at(-1)?.title ?? '', message: steps.at(-1)?.notes.join(' ') ?? '' } }),
  };
};

/** It changes nothing, whatever comes of it. */
const testAsOperation = ({ tests, left, outcome, ...report }: RestoreTestReport): Report => ({
  ...report,
  kind: 'guard',
  stack: 'restore-test' as StackName,
  outcome: outcome === 'done' || outcome === 'refused' ? outcome : 'cancelled',
  changes: [],
  data: [],
  left,
  notes: [],
  ...tests
    .filter(({ result }) => result !== 'proven')
    .map(({ set, why = '' }) => ({ failure: { step: set, message: why } }))[0],
});

const copyAsOperation = ({ sets, outcome, notRetired, ...report }: CopyReport): Report => {
  const failed = sets.find(({ did }) => did === 'failed')?.why ?? notRetired;
  return {
    operation: report.operation,
    kind: 'guard',
    stack: 'copies' as StackName,
    host: report.host,
    // What it did not get to is as it was.
    outcome: outcome === 'incomplete' || outcome === 'stopped' ? 'cancelled' : outcome,
    startedAt: report.startedAt,
    durationMs: report.durationMs,
    changes: [],
    data: [],
    problems: report.problems,
    left: [],
    notes: [],
    ...(failed === undefined ? {} : { failure: { step: 'copy', message: failed } }),
  };
};

const cleanupAsOperation = ({ parts, outcome, ...report }: CleanupReport): Report => ({
  operation: report.operation,
  kind: 'guard',
  stack: 'cleanup' as StackName,
  host: report.host,
  outcome:
    outcome === 'refused' ? 'refused' : ['done', 'freed-nothing'].includes(outcome) ? 'done' : 'cancelled',
  startedAt: report.startedAt,
  durationMs: report.durationMs,
  changes: [],
  data: [],
  problems: report.problems,
  left: [],
  notes: parts.flatMap(({ removed, gone }) => [...removed, ...gone].map(({ id }) => id)),
  ...failureOf(parts),
});

const failureOf = (parts: CleanupReport['parts']): Pick<Report, 'failure'> => {
  const [failed] = parts.flatMap((part) => part.failed);
  return failed ? { failure: { step: failed.title, message: failed.why } } : {};
};
