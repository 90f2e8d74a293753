/**
 * What a schedule starts: a thin wrapper, with an id of its own that carries its time, which starts the real operation under the
 * real lock. Where that is taken, or the host is held, it is left out; its next time comes.
 */
import {
  executeChild,
  isCancellation,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  cleanupWorkflowId,
  copyWorkflowId,
  ecosystemWorkflowId,
  playbookWorkflowId,
  restoreTestWorkflowId,
  rotationWorkflowId,
  stackWorkflowId,
} from '../domain/ids.ts';
import { setReportText } from '../domain/copy.ts';
import { ecosystemRequest, type EcosystemRequest } from '../domain/ecosystem.ts';
import type { OperationId, StackName } from '../domain/names.ts';
import type { OperationRequest, Report } from '../domain/operation.ts';
import { isError, problemText } from '../domain/problem.ts';
import { reportEvent } from '../domain/briefing/told.ts';
import { scheduledEvent } from '../domain/event.ts';
import {
  changesSomething,
  taskText,
  type Schedule,
  type ScheduledReport,
  type ScheduledRequest,
  type Task,
} from '../domain/schedule.ts';
import { targetText } from '../domain/target.ts';
import { lengthy, reading } from './activities.ts';
import { child, guardAsChild } from './child.ts';
import type { cleanUp } from './clean-up.ts';
import type { checkCopies } from './copies.ts';
import type { copyData } from './copy-data.ts';
import { isHeldBack } from './held.ts';
import { newOperationId } from './operation-id.ts';
import type { restoreTest } from './restore-test.ts';
import type { rotateSnapshots } from './rotate-snapshots.ts';
import type { runPlaybook } from './run-playbook.ts';
import { reasonOf } from './saga.ts';
import { memberSearchAttributes, searchAttribute } from './search-attributes.ts';
import { announceEvent } from './tell-people.ts';

type Ended = Omit<ScheduledReport, 'host' | 'name'>;

export async function runScheduled({ host, schedule }: ScheduledRequest): Promise<ScheduledReport> {
  const { name, task } = schedule;
  const ended = isTooLate(schedule) ?? (await unlessHeld(host, name, task));
  const event = scheduledEvent({ host, name, ...ended }, workflowInfo(), Date.now());
  if (event) await announceEvent(event);
  upsertSearchAttributes([{ key: searchAttribute.outcome, value: ended.outcome }]);
  setCurrentDetails([`**${ended.outcome}** · ${taskText(task)}`, ...ended.notes].join('\n\n'));
  return { host, name, ...ended };
}

/** Without a worker nothing happens at its time; a deploy of the night does not begin at noon, when the worker is back. */
const isTooLate = ({ catchUpMs }: Schedule): Ended | undefined => {
  const due = workflowInfo().startTime;
  return Date.now() - due.getTime() > catchUpMs
    ? { outcome: 'late', notes: [`No worker was there at ${due.toISOString()}: it was left out.`] }
    : undefined;
};

const unlessHeld = async (host: string, name: string, task: Task): Promise<Ended> => {
  const at = new Date().toISOString();
  if (changesSomething(task) && (await isHeldBack(host, { what: name, at })))
    return { outcome: 'held', notes: ['The host is held: it was left out, and comes at its next time.'] };
  try {
    return await carryOut(host, name, task);
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError)
      return { outcome: 'busy', notes: [`${error.workflowId} is at work: it was left out.`] };
    return { outcome: 'refused', notes: [reasonOf(error), 'Nothing was changed.'] };
  }
};

const carryOut = async (host: string, name: string, task: Task): Promise<Ended> => {
  const operation = newOperationId();
  switch (task.do) {
    case 'deploy':
      return await deploy(host, name, operation, task);
    case 'guard':
      return await guard(host, name, operation, task);
    case 'prune':
      return await prune(host, name, operation, task);
    case 'cleanup':
      return await cleanup(host, name, operation, task);
    case 'verify':
      return await verify(task);
    case 'restore-test':
      return await testRestores(host, name, operation, task);
    case 'copy':
      return await copy(host, name, operation, task);
    case 'check-copy':
      return await checkCopy(host, name, operation, task);
    case 'playbook':
      return await playbook(host, name, operation, task);
    case 'report':
      return await report(host, task);
  }
};

const deploy = async (
  host: string,
  name: string,
  operation: OperationId,
  task: Task & { do: 'deploy' },
): Promise<Ended> => {
  const { source, options, gate } = task;
  const found = await reading.stackOfFile.executeWithOptions({ summary: source.file }, [task]);
  const requestOf = (stack: StackName, id: OperationId, file: string): OperationRequest => ({
    operation: id,
    kind: 'deploy',
    stack,
    host,
    source: { ...source, file },
    options,
  });
  const wish = gate ? { gate } : {};
  if (typeof found === 'string')
    return await deployed(name, 'deployStack', stackWorkflowId(host, found), {
      ...requestOf(found, operation, source.file),
      ...wish,
    });
  const request = ecosystemRequest(found, { operation, host, ...wish }, (stack, file) =>
    requestOf(stack, newOperationId(), file),
  );
  return await deployed(name, 'deployEcosystem', ecosystemWorkflowId(host, found.name), request);
};

const deployed = async (
  name: string,
  workflow: 'deployStack' | 'deployEcosystem',
  workflowId: string,
  request: OperationRequest | EcosystemRequest,
): Promise<Ended> => {
  const { operation, kind, stack, host } = request;
  const { outcome, notes } = await executeChild<(asked: typeof request) => Promise<Report>>(workflow, {
    ...child,
    workflowId,
    staticSummary: `deploy ${stack}, scheduled as ${name}`,
    typedSearchAttributes: memberSearchAttributes({ operation, kind, stack, host }),
    args: [request],
  });
  return { operation, stack, outcome, notes };
};

const guard = async (
  host: string,
  name: string,
  operation: OperationId,
  { question }: Task & { do: 'guard' },
): Promise<Ended> => {
  const { stack, outcome, notes } = await guardAsChild(
    { ...question, operation, host },
    `scheduled as ${name}`,
  );
  return { operation, stack, outcome, notes };
};

const prune = async (
  host: string,
  name: string,
  operation: OperationId,
  { stack }: Task & { do: 'prune' },
): Promise<Ended> => {
  const { outcome, removed, failed, problems } = await executeChild<typeof rotateSnapshots>(
    'rotateSnapshots',
    {
      ...child,
      workflowId: rotationWorkflowId(host),
      staticSummary: `prune, scheduled as ${name}`,
      args: [{ operation, host, ...(stack ? { stack } : {}) }],
    },
  );
  const notes = [
    `${removed.length} removed, ${failed.length} could not be.`,
    ...failed.map(({ name: snapshot, why }) => `${snapshot}: ${why}`),
    ...problems.map(({ message }) => message),
  ];
  return { operation, outcome, notes };
};

const cleanup = async (
  host: string,
  name: string,
  operation: OperationId,
  { do: _do, ...wish }: Task & { do: 'cleanup' },
): Promise<Ended> => {
  const { outcome, parts, problems } = await executeChild<typeof cleanUp>('cleanUp', {
    ...child,
    workflowId: cleanupWorkflowId(host),
    staticSummary: `cleanup, scheduled as ${name}`,
    args: [{ operation, host, volumes: [], ...wish }],
  });
  const notes = [
    ...parts.map(
      ({ part, removed, failed }) => `${part}: ${removed.length} removed, ${failed.length} could not be.`,
    ),
    ...problems.map(({ message }) => message),
  ];
  return { operation, outcome, notes };
};

const testRestores = async (
  host: string,
  name: string,
  operation: OperationId,
  { sets = [] }: Task & { do: 'restore-test' },
): Promise<Ended> => {
  const report = await executeChild<typeof restoreTest>('restoreTest', {
    ...child,
    workflowId: restoreTestWorkflowId(host),
    staticSummary: `restore test, scheduled as ${name}`,
    args: [{ operation, host, sets }],
  });
  const { outcome, tests, left, problems } = report;
  const notes = [
    ...tests.map(({ set, result, why }) => `${set}: ${result}${why === undefined ? '' : `, ${why}`}`),
    ...left,
    ...problems.map(({ message }) => message),
  ];
  return { operation, outcome, notes };
};

const copy = async (
  host: string,
  name: string,
  operation: OperationId,
  { copy: of }: Task & { do: 'copy' },
): Promise<Ended> => {
  const { outcome, sets, problems, notRetired } = await executeChild<typeof copyData>('copyData', {
    ...child,
    workflowId: copyWorkflowId(host, of),
    staticSummary: `copy ${of}, scheduled as ${name}`,
    args: [{ operation, host, name: of }],
  });
  const notes = [
    ...sets.map(setReportText),
    ...(notRetired === undefined ? [] : [`Old copies could not be removed: ${notRetired}`]),
    ...problems.map(({ message }) => message),
  ];
  return { operation, outcome, notes };
};

const checkCopy = async (
  host: string,
  name: string,
  operation: OperationId,
  { copy: of, readPercent }: Task & { do: 'check-copy' },
): Promise<Ended> => {
  const { outcome, problems } = await executeChild<typeof checkCopies>('checkCopies', {
    ...child,
    workflowId: copyWorkflowId(host, of),
    staticSummary: `check copies ${of}, scheduled as ${name}`,
    args: [{ operation, host, name: of, ...(readPercent === undefined ? {} : { readPercent }) }],
  });
  return { operation, outcome, notes: problems.slice(0, mostFindings) };
};

/** Whether it helped is told by the run itself, too: a schedule that has done its work is done. */
const playbook = async (
  host: string,
  name: string,
  operation: OperationId,
  asked: Task & { do: 'playbook' },
): Promise<Ended> => {
  const summary = `${asked.playbook} on ${asked.target}`;
  const prepared = await lengthy.preparePlaybook.executeWithOptions({ summary }, [
    { playbook: asked.playbook, target: asked.target },
  ]);
  const problems = prepared.problems.filter(isError).map(problemText);
  if (!prepared.playbook || !prepared.target) return { outcome: 'refused', notes: problems };
  const { hash } = prepared.playbook;
  const target = targetText(prepared.target);
  const { outcome, steps, measurement, notes } = await executeChild<typeof runPlaybook>('runPlaybook', {
    ...child,
    workflowId: playbookWorkflowId(host, operation),
    staticSummary: `${summary}, scheduled as ${name}`,
    args: [{ operation, host, playbook: asked.playbook, hash, target, cause: 'scheduled' }],
  });
  return {
    operation,
    outcome,
    notes: [
      ...steps.map((step) => [`${step.title}: ${step.outcome}`, ...step.notes].join('. ')),
      ...(measurement ? [measurement.held ? 'It helped.' : 'It has not helped.'] : []),
      ...notes,
    ],
  };
};

/** What could not be read makes it incomplete; it is told all the same. */
const report = async (host: string, { report: kind }: Task & { do: 'report' }): Promise<Ended> => {
  const { runId, startTime } = workflowInfo();
  const kept = await reading.keepBriefing.executeWithOptions({ summary: kind }, [kind, startTime.getTime()]);
  await announceEvent(reportEvent(kept, host, runId, Date.now()));
  return {
    outcome: kept.missing.length > 0 ? 'incomplete' : 'done',
    notes: [kept.headline, `Kept as ${kept.file}.`, ...kept.missing.map((one) => `Not read: ${one}.`)],
  };
};

/** One that is not in good order fails it. */
const verify = async ({ stack }: Task & { do: 'verify' }): Promise<Ended> => {
  const summary = stack ?? 'of every stack';
  const findings = await lengthy.checkSnapshots.executeWithOptions({ summary }, stack ? [stack] : []);
  const wrong = findings.filter(({ problems }) => problems.length > 0);
  return {
    outcome: wrong.length > 0 ? 'incomplete' : 'done',
    notes: [
      `${findings.length} looked at, ${wrong.length} not in good order.`,
      ...wrong
        .slice(0, mostFindings)
        .map(({ path, location, problems }) => `${location ?? path}: ${problems.join(' ')}`),
    ],
  };
};

/** The rest is told by `baton snapshots check`. */
const mostFindings = 20;
