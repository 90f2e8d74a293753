/**
 * An ecosystem goes up whole, or not at all. Each stack is a child operation that rolls out and then waits; only when all
 * of them are healthy does each commit. Until then every stack's previous containers are there to be put back.
 */
import {
  ApplicationFailure,
  CancellationScope,
  ParentClosePolicy,
  condition,
  isCancellation,
  setHandler,
  startChild,
  workflowInfo,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import {
  wholeOutcome,
  type EcosystemMember,
  type EcosystemRequest,
  type MemberOutcome,
} from '../domain/ecosystem.ts';
import { stackWorkflowId } from '../domain/ids.ts';
import type { StackName } from '../domain/names.ts';
import { workflowTaskTimeout, type Failure, type Report } from '../domain/operation.ts';
import { outcomeTitles } from '../domain/report.ts';
import { memberSearchAttributes } from './search-attributes.ts';
import { agreeOnEcosystem, type Agreement } from './agree-on-ecosystem.ts';
import type { deployStack } from './deploy-stack.ts';
import { Gatekeeper } from './gate.ts';
import { commitSignal, memberReadySignal, rollBackSignal } from './messages.ts';
import { Operation } from './operation.ts';
import { failureOf, reasonOf } from './saga.ts';
import { announceEnd } from './tell-people.ts';

type Member = {
  stack: StackName;
  request: EcosystemMember['request'];
  after: StackName[];
  phase: string;
  handle?: ChildWorkflowHandle<typeof deployStack>;
  ready: boolean;
  report?: Report;
};

export async function deployEcosystem(request: EcosystemRequest): Promise<Report> {
  const operation = new Operation(request);
  const gatekeeper = new Gatekeeper(operation);
  const report = await bringAbout(operation, gatekeeper, request);
  await CancellationScope.nonCancellable(() => gatekeeper.tellOutcome(report));
  await announceEnd(operation, report);
  return report;
}

const bringAbout = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: EcosystemRequest,
): Promise<Report> => {
  operation.announce([{ id: 'preflight', title: 'Preflight' }]);
  const agreement = await agreeOnEcosystem(operation, gatekeeper, request);
  if ('outcome' in agreement) return agreement;

  const members = membersOf(request, agreement);
  setHandler(
    memberReadySignal,
    (stack: StackName) => {
      for (const member of members) if (member.stack === stack) member.ready = true;
    },
    { description: 'From a stack of this ecosystem: it is healthy and waits to be committed.' },
  );
  operation.announce([
    ...members.map(({ stack, phase }) => ({ id: stack, title: `${phase}: ${stack}` })),
    { id: 'commit', title: 'Commit every stack' },
  ]);

  let failure: Failure | undefined;
  try {
    await operation.interruptible(() => rollOutPhases(operation, request, members));
  } catch (error) {
    failure = failureOf(error, operation);
    await CancellationScope.nonCancellable(() => putAllBack(members));
    return close(operation, members, failure, isCancellation(error));
  }
  await CancellationScope.nonCancellable(() => commitAll(operation, members));
  return close(operation, members, undefined, false);
};

const membersOf = ({ phases }: EcosystemRequest, agreement: Agreement): Member[] =>
  phases.flatMap(({ name, members }) =>
    members.map(({ request, after }): Member => {
      const { stack, ecosystem } = request;
      const agreed = agreement.get(stack);
      return {
        stack,
        request: ecosystem && agreed ? { ...request, ecosystem: { ...ecosystem, agreed } } : request,
        after,
        phase: name,
        ready: false,
      };
    }),
  );

const rollOutPhases = async (
  operation: Operation,
  { phases }: EcosystemRequest,
  members: Member[],
): Promise<void> => {
  for (const { name } of phases) {
    const own = members.filter(({ phase }) => phase === name);
    await CancellationScope.cancellable(async () => {
      const scope = CancellationScope.current();
      let cause: unknown;
      const results = await Promise.allSettled(
        own.map(async (member) => {
          try {
            await operation.step(member.stack, `${name}: ${member.stack}`, () =>
              rollOut(operation, member, own),
            );
          } catch (error) {
            cause ??= error;
            scope.cancel();
            throw error;
          }
        }),
      );
      if (results.some(({ status }) => status === 'rejected')) throw cause;
    });
  }
};

/** Starts the stack's own operation and waits until it is healthy, or has ended. */
const rollOut = async (operation: Operation, member: Member, phase: Member[]): Promise<void> => {
  const needed = phase.filter(({ stack }) => member.after.includes(stack));
  await condition(() => needed.every(({ ready, report }) => ready || report !== undefined));
  const { host, stack, kind, operation: id } = member.request;
  const handle = await startChild<typeof deployStack>('deployStack', {
    workflowId: stackWorkflowId(host, stack),
    args: [member.request],
    parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
    workflowTaskTimeout,
    staticSummary: `${kind} ${stack}, of ${operation.request.stack}`,
    typedSearchAttributes: memberSearchAttributes({ host, stack, kind, operation: id }),
  });
  member.handle = handle;
  // The result is awaited outside any scope: a cancel of this phase must not lose it.
  void CancellationScope.nonCancellable(async () => {
    member.report = await handle.result().catch((error: unknown) => lost(member, error));
  });
  await condition(() => member.ready || member.report !== undefined);
  const { report } = member;
  if (!report || report.outcome === 'unchanged') {
    if (report) operation.note(stack, 'already runs');
    return;
  }
  throw ApplicationFailure.create({
    type: 'StackFailed',
    nonRetryable: true,
    message: `${stack}: ${outcomeTitles[report.outcome]}. ${report.failure?.message ?? report.problems.map(({ message }) => message).join(' ')}`,
    details: [{ logTail: report.failure?.logTail }],
  });
};

/** Ended from outside (terminated in the Web UI): it has put nothing back, and can tell nothing. */
const lost = ({ request: { operation, kind, stack, host } }: Member, error: unknown): Report => ({
  operation,
  kind,
  stack,
  host,
  outcome: 'needs-human',
  startedAt: workflowInfo().startTime.toISOString(),
  durationMs: Date.now() - workflowInfo().startTime.getTime(),
  changes: [],
  data: [],
  problems: [],
  left: [
    `Its operation was ended from outside (${reasonOf(error)}) and has put nothing back. Look at it: baton status ${stack}`,
  ],
  notes: [],
});

/** Asks every stack that still waits to put itself back, last started first, and waits for the end of each. */
const putAllBack = async (members: Member[]): Promise<void> => {
  for (const member of [...members].reverse()) {
    if (!member.handle) continue;
    if (!member.report)
      await tell(member.handle.signal(rollBackSignal, 'another stack of the ecosystem failed'));
    await condition(() => member.report !== undefined);
  }
};

const commitAll = async (operation: Operation, members: Member[]): Promise<void> => {
  operation.passPointOfNoReturn();
  await operation.step('commit', 'Commit every stack', async () => {
    for (const { handle, report } of members) if (handle && !report) await tell(handle.signal(commitSignal));
    await condition(() =>
      members.every(({ handle, report }) => handle === undefined || report !== undefined),
    );
  });
};

/** A signal that finds nobody: the stack's operation ended this moment, and its report is on the way. */
const tell = async (signalled: Promise<void>): Promise<void> => {
  await signalled.catch(() => undefined);
};

const close = (
  operation: Operation,
  members: Member[],
  failure: Failure | undefined,
  cancelled: boolean,
): Report => {
  const stacks = members.flatMap(({ stack, request, report }): MemberOutcome[] =>
    report ? [{ stack, operation: request.operation, outcome: report.outcome }] : [],
  );
  const asked = cancelled || operation.stopReason !== undefined;
  const putBack = stacks.filter(({ outcome }) => outcome !== 'done' && outcome !== 'unchanged');
  // All commit, or none should have: a stack that could not while another could is for a person.
  const torn = failure === undefined && stacks.some(({ outcome }) => outcome === 'done') ? putBack : [];
  const cause = failure ?? (torn.length < putBack.length ? failureOfMember(members) : undefined);
  const left = [
    ...members.flatMap(({ stack, report }) => (report?.left ?? []).map((line) => `${stack}: ${line}`)),
    ...torn.map(
      ({ stack }) => `${stack} did not commit while other stacks did: baton undo each, or deploy again.`,
    ),
  ];
  const outcome = wholeOutcome(
    stacks.map((member) => member.outcome),
    cause !== undefined,
    asked,
  );
  return operation.close(left.length > 0 ? 'needs-human' : outcome, {
    stacks,
    left,
    data: members.flatMap(({ report }) => report?.data ?? []),
    ...(asked
      ? { notes: [operation.stopReason ?? 'The operation was cancelled.'] }
      : cause
        ? { failure: cause }
        : {}),
  });
};

/** What kept the first stack from committing, where none did. */
const failureOfMember = (members: Member[]): Failure | undefined => {
  for (const { stack, report } of members)
    if (report?.failure) return { ...report.failure, step: `${stack}: ${report.failure.step}` };
  return undefined;
};
