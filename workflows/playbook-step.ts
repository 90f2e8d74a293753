/** A step of a playbook: which operation carries it out, under whose lock, and what its end means for the run. */
import { executeChild } from '@temporalio/workflow';
import type { CleanupOutcome } from '../domain/cleanup.ts';
import { goneNotes } from '../domain/rotation.ts';
import { exactly } from '../domain/image-update.ts';
import { snapshotQuestion, type GuardQuestion } from '../domain/guard.ts';
import { cleanupWorkflowId, rotationWorkflowId, stackWorkflowId } from '../domain/ids.ts';
import { defaultCopyLimitBytes, type Outcome, type ReleaseSource } from '../domain/operation.ts';
import type { Playbook, PlaybookRequest, PlaybookStep, StepEnd } from '../domain/playbook.ts';
import type { ReleaseKind } from '../domain/plan.ts';
import type { PreparedPlaybook } from '../domain/playbook.ts';
import type { RotationOutcome } from '../domain/rotation.ts';
import type { Target } from '../domain/target.ts';
import { child, guardAsChild } from './child.ts';
import type { cleanUp } from './clean-up.ts';
import type { deployStack } from './deploy-stack.ts';
import { newOperationId } from './operation-id.ts';
import type { rotateSnapshots } from './rotate-snapshots.ts';
import { memberSearchAttributes } from './search-attributes.ts';

export type StepResult = { end: StepEnd; outcome: string; notes: string[]; left: string[] };

export type Running = { request: PlaybookRequest; target: Target } & Pick<
  PreparedPlaybook,
  'release' | 'update'
>;

const occasionOf = ({ playbook }: PlaybookRequest): string => `playbook ${playbook}`;

const becauseOf = ({ playbook, cause, decision }: PlaybookRequest): string =>
  decision === undefined ? playbook : `${playbook}: ${cause} (baton decisions ${decision})`;

export const runStep = async (step: PlaybookStep, running: Running): Promise<StepResult> => {
  const { release, target } = running;
  switch (step.do) {
    case 'restart':
      return await restart(step.dependents, running);
    case 'cleanup':
      return await clean(step, running);
    case 'rotate':
      return target.kind === 'filesystem'
        ? await clean({ only: ['snapshots'] }, running)
        : await rotate(running);
    case 'undo':
      return await deploy('undo', { from: 'release', withData: step.withData }, running);
    case 'deploy':
      return await deploy(
        'deploy',
        { from: 'release', withData: false, ...(release ? { release } : {}) },
        running,
      );
    case 'update':
      return await update(running);
    case 'maintain':
      return await maintain(step.indexes, running);
    case 'guard':
      return await guard(step.question, running);
  }
};

/** Before the first step. */
export const protect = async (protects: Playbook['protects'], running: Running): Promise<StepResult> => {
  const { request, target } = running;
  const question = snapshotQuestion(
    `before ${request.playbook}`,
    protects === 'stack' ? [] : protects,
    defaultCopyLimitBytes,
  );
  const own = protects === 'stack' && target.kind !== 'filesystem' ? { stack: target.stack } : {};
  return await guard({ ...question, ...own }, running);
};

const guard = async (
  question: Omit<GuardQuestion, 'operation' | 'host'>,
  { request }: Running,
): Promise<StepResult> => {
  const ended = await guardAsChild(
    // Nobody is there at night to say what is to become of what failed.
    { ...question, onFailure: 'roll-back', operation: newOperationId(), host: request.host },
    occasionOf(request),
  );
  return operationEnd(ended);
};

const restart = async (dependents: boolean, running: Running): Promise<StepResult> => {
  const { request, target } = running;
  if (target.kind !== 'service') return refused(`${request.target} is no service.`);
  const { stack, service } = target;
  return await guard(
    {
      ...snapshotQuestion(`restart ${service}`, [], defaultCopyLimitBytes),
      stack,
      services: { service, dependents },
    },
    running,
  );
};

const maintain = async (indexes: boolean, running: Running): Promise<StepResult> => {
  const { request, target } = running;
  if (target.kind !== 'service') return refused(`${request.target} is no service.`);
  const { stack, service } = target;
  const question = snapshotQuestion(`maintain ${service}`, [], defaultCopyLimitBytes);
  return await guard({ ...question, stack, maintenance: { service, indexes } }, running);
};

const deploy = async (
  kind: ReleaseKind,
  source: ReleaseSource,
  { request, target }: Running,
): Promise<StepResult> => {
  if (target.kind === 'filesystem') return refused(`${request.target} is no stack.`);
  const { stack } = target;
  const because = becauseOf(request);
  const announced = { operation: newOperationId(), kind, stack, host: request.host, because };
  const ended = await executeChild<typeof deployStack>('deployStack', {
    ...child,
    workflowId: stackWorkflowId(request.host, stack),
    staticSummary: `${kind} ${stack}, ${occasionOf(request)}`,
    typedSearchAttributes: memberSearchAttributes(announced),
    args: [
      {
        ...announced,
        source,
        options: { copyLimitBytes: defaultCopyLimitBytes, build: false, pull: false },
      },
    ],
  });
  const problems = ended.problems.map(({ message }) => message);
  return operationEnd({
    ...ended,
    notes: [...ended.notes, ...(ended.outcome === 'refused' ? problems : [])],
  });
};

/** What was decided on, whatever the tag names by then. */
const update = async (running: Running): Promise<StepResult> => {
  const { release, target, update: found } = running;
  if (target.kind !== 'service') return refused(`${running.request.target} is no service.`);
  if (!found)
    return { end: 'unchanged', outcome: 'unchanged', notes: ['What its tag names runs.'], left: [] };
  const images = { [target.service]: exactly(found) };
  return await deploy(
    'deploy',
    { from: 'release', withData: false, images, ...(release ? { release } : {}) },
    running,
  );
};

const clean = async (
  wish: Pick<PlaybookStep & { do: 'cleanup' }, 'until' | 'only'>,
  { request, target }: Running,
): Promise<StepResult> => {
  if (target.kind !== 'filesystem') return refused(`${request.target} is no filesystem.`);
  const { only, until } = wish;
  const { outcome, parts, problems } = await executeChild<typeof cleanUp>('cleanUp', {
    ...child,
    workflowId: cleanupWorkflowId(request.host),
    staticSummary: `free space on ${target.path}, ${occasionOf(request)}`,
    args: [
      {
        operation: newOperationId(),
        host: request.host,
        filesystem: target.path,
        volumes: [],
        ...(only ? { only } : {}),
        ...(until === undefined ? {} : { until }),
      },
    ],
  });
  const notes = [
    ...parts.map(
      ({ part, removed, failed }) => `${part}: ${removed.length} removed, ${failed.length} could not be.`,
    ),
    ...parts.flatMap(({ part, removed, gone }) =>
      part === 'snapshots' ? goneNotes([...removed, ...gone].map(({ id }) => id)) : [],
    ),
    ...problems.map(({ message }) => message),
  ];
  return { end: removalEnds[outcome], outcome, notes, left: [] };
};

const rotate = async ({ request, target }: Running): Promise<StepResult> => {
  const { outcome, removed, gone, failed, problems } = await executeChild<typeof rotateSnapshots>(
    'rotateSnapshots',
    {
      ...child,
      workflowId: rotationWorkflowId(request.host),
      staticSummary: `prune ${request.target}, ${occasionOf(request)}`,
      args: [
        {
          operation: newOperationId(),
          host: request.host,
          ...(target.kind === 'filesystem' ? {} : { stack: target.stack }),
        },
      ],
    },
  );
  const notes = [
    `${removed.length} removed, ${failed.length} could not be.`,
    ...goneNotes([...removed, ...gone].map(({ name }) => name)),
    ...problems.map(({ message }) => message),
  ];
  return { end: removalEnds[outcome], outcome, notes, left: [] };
};

const refused = (why: string): StepResult => ({
  end: 'refused',
  outcome: 'refused',
  notes: [`${why} Nothing was changed.`],
  left: [],
});

const operationEnds: Record<Outcome, StepEnd> = {
  done: 'done',
  unchanged: 'unchanged',
  refused: 'refused',
  'not-approved': 'refused',
  'rolled-back': 'rolled-back',
  cancelled: 'cancelled',
  kept: 'incomplete',
  'needs-human': 'needs-human',
};

/** What was removed before it stopped, or could not go on, is gone. */
const removalEnds: Record<CleanupOutcome | RotationOutcome, StepEnd> = {
  done: 'done',
  // It did something; that it did not help is what is measured.
  'freed-nothing': 'done',
  short: 'done',
  unchanged: 'unchanged',
  refused: 'refused',
  incomplete: 'incomplete',
  stopped: 'incomplete',
};

const operationEnd = ({
  outcome,
  notes,
  failure,
  left = [],
}: {
  outcome: Outcome;
  notes: string[];
  failure?: { step: string; message: string };
  left?: string[];
}): StepResult => ({
  end: operationEnds[outcome],
  outcome,
  notes: [...(failure ? [`${failure.step}: ${failure.message}`] : []), ...notes],
  left,
});
