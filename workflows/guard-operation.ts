/**
 * A person's own command, guarded: snapshot the data, run, validate; where that fails, the data of before comes back.
 *
 * Read `guardOperation` aloud; the order of things is decided here and nowhere else.
 */
import { ApplicationFailure, CancellationScope, isCancellation } from '@temporalio/workflow';
import type { Changes } from '../domain/changes.ts';
import { commandFailure, commandText, type CommandEnd, type GuardedCommand } from '../domain/commands.ts';
import { countText } from '../domain/count-text.ts';
import { isWithoutData, takesOnly, type GuardPlan, type GuardRequest, type User } from '../domain/guard.ts';
import { dumpedData, type DumpPlan } from '../domain/data.ts';
import { dumpTools } from '../domain/database.ts';
import { maintenanceTitle, type Maintenance } from '../domain/maintenance.ts';
import type { DataOutcome, Failure, Outcome, Report, SnapshotTaken } from '../domain/operation.ts';
import { isError } from '../domain/problem.ts';
import type { ServiceRestart } from '../domain/restart.ts';
import type { PreparedGuard } from '../activities/guard.ts';
import type { Owner } from '../domain/subject.ts';
import { changing, lengthy, reading, running, undoing } from './activities.ts';
import { Gatekeeper } from './gate.ts';
import { Operation } from './operation.ts';
import { failureOf, reasonOf, Saga } from './saga.ts';
import { announceEnd } from './tell-people.ts';
import { verifyPutBack } from './unwind-plan.ts';

/** What has been done so far; the unwind and the report read it. */
type Guarded = {
  snapshots: SnapshotTaken[];
  command?: CommandEnd;
  /** The data goes back only if the command may have run. */
  began: boolean;
  /** Every edited text has taken its file's place. */
  put: boolean;
  data: DataOutcome[];
  /** Databases that may be empty: neither they nor what uses them is started. */
  closed: DumpPlan[];
  /** Data is being put back, or could not be: the snapshots are all that there is of it. */
  dataAtRisk: boolean;
};

/** A service without a healthcheck is up when it runs, and may read its data for this long before it answers. */
const startPatienceMs = 120_000;

export async function guardOperation(request: GuardRequest): Promise<Report> {
  const operation = new Operation(request);
  operation.offerKeep();
  const gatekeeper = new Gatekeeper(operation);
  const report = await carryOut(operation, gatekeeper, request);
  await CancellationScope.nonCancellable(() => gatekeeper.tellOutcome(report));
  await announceEnd(operation, report);
  return report;
}

const carryOut = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: GuardRequest,
): Promise<Report> => {
  operation.announce(stepsOf(request));
  const plan = await agree(operation, gatekeeper, request);
  if ('outcome' in plan) return plan;

  const saga = new Saga(operation);
  const guarded: Guarded = {
    snapshots: [],
    began: false,
    put: false,
    data: [],
    closed: [],
    dataAtRisk: false,
  };
  try {
    await operation.interruptible(() => runGuarded(operation, saga, request, plan, guarded));
  } catch (error) {
    const failure = failureOf(error, operation);
    const asked = isCancellation(error) || operation.stopReason !== undefined;
    if (request.onFailure === 'hold' && guarded.began && !asked) await operation.hold(failure);
    const { keepReason } = operation;
    if (keepReason !== undefined)
      return await CancellationScope.nonCancellable(() =>
        finish(operation, plan, guarded, { outcome: 'kept', failure, notes: [keepReason] }),
      );
    return await CancellationScope.nonCancellable(() =>
      unwind(operation, saga, plan, guarded, failure, asked),
    );
  }
  return await CancellationScope.nonCancellable(() => finish(operation, plan, guarded));
};

/** What will be done, once its gate is passed. */
const agree = async (
  operation: Operation,
  gatekeeper: Gatekeeper,
  request: GuardRequest,
): Promise<GuardPlan | Report> => {
  try {
    return await operation.interruptible(async () => {
      const first = await operation.step('preflight', 'Preflight', () => prepare(operation, request));
      if ('outcome' in first) return first;
      return await gatekeeper.pass(first, () =>
        operation.step('settle', 'Settle the plan', () => prepare(operation, request)),
      );
    });
  } catch (error) {
    const notes = ['Nothing was changed.'];
    if (isCancellation(error)) return operation.close('cancelled', { notes });
    return operation.close('refused', { failure: failureOf(error, operation), notes });
  }
};

const prepare = async (operation: Operation, request: GuardRequest): Promise<PreparedGuard | Report> => {
  const summary = `${request.title}: what is at stake, and whether it can be protected`;
  const plan = await reading.prepareGuard.executeWithOptions({ summary }, [request]);
  operation.plan = plan;
  operation.hears = plan.hears ?? [];
  return plan.problems.some(isError) ? operation.close('refused', { problems: plan.problems }) : plan;
};

const runGuarded = async (
  operation: Operation,
  saga: Saga,
  request: GuardRequest,
  plan: GuardPlan,
  guarded: Guarded,
): Promise<void> => {
  const { command, edits, restore, restarts = [], data, checks } = plan;
  const owner = operation.owner;
  const undo = registerUndo(operation, saga, plan, guarded);
  if (plan.services) {
    undo.users();
    await restartEach(operation, plan.services);
    operation.passPointOfNoReturn();
    return;
  }
  if (plan.maintenance) {
    await maintain(operation, plan.maintenance);
    operation.passPointOfNoReturn();
    return;
  }
  undo.snapshots();
  if (restore) undo.users();
  await operation.step('snapshot', 'Snapshot data', async () => {
    const summary = `snapshot ${data.length} paths, and see that each exists`;
    guarded.snapshots = await lengthy.takeGuardSnapshots.executeWithOptions({ summary }, [
      owner,
      data,
      restore !== undefined,
      takesOnly(plan) ? 'taken' : 'before',
      restore?.flatMap(({ dump }) => dump ?? []),
    ]);
    operation.note('snapshot', guarded.snapshots.map(({ path, name }) => `${path} → ${name}`).join(', '));
  });

  if (takesOnly(plan)) return;
  if (!restore) undo.users();
  undo.data();
  guarded.began = true;
  await operation.step('run', runTitle(request), async () => {
    if (edits) {
      const summary = edits.map(({ file }) => file).join(', ');
      await changing.putEdits.executeWithOptions({ summary }, [edits]);
      guarded.put = true;
    }
    if (restore) {
      const summary = restore.map(({ snapshot }) => snapshot).join(', ');
      await lengthy.restoreGuarded.executeWithOptions({ summary }, [owner, restore]);
      await changing.startUsersAgain.executeWithOptions({ summary: 'as it ran before' }, [owner]);
    }
    if (command) await runCommand(owner, command, request, guarded);
  });
  if (restarts.length > 0) {
    const summary = restarts.map(({ name }) => name).join(', ');
    await operation.step('restart', restartTitle(restarts), () =>
      changing.restartUsers.executeWithOptions({ summary }, [owner, restarts, data.map(({ path }) => path)]),
    );
  }
  if (checks.length > 0)
    await operation.step('validate', 'Validate', () =>
      changing.runChecks.executeWithOptions({ summary: `${checks.length} checks` }, [
        checks,
        // What has just been started may take longer to answer.
        request.checkPatienceMs ?? (restarts.length > 0 || restore ? startPatienceMs : undefined),
      ]),
    );
  operation.passPointOfNoReturn();
};

/** What each was like is written down first; the next one waits until this one is healthy. */
const restartEach = async (operation: Operation, services: ServiceRestart[]): Promise<void> => {
  const { owner } = operation;
  await operation.step('note', 'Note how they are', () =>
    changing.noteServices.executeWithOptions({ summary: countText(services.length, 'container') }, [
      owner,
      services,
    ]),
  );
  for (const service of services) {
    const { name } = service;
    await operation.step(`restart-${name}`, `Restart ${name}`, async () => {
      const did = await changing.restartService.executeWithOptions({ summary: name }, [owner, service]);
      operation.note(`restart-${name}`, did === 'left' ? 'healthy by itself' : 'healthy');
    });
  }
};

/** Its rows are the same before, meanwhile and after: nothing has to be put back, whatever becomes of it. */
const maintain = async (operation: Operation, maintenance: Maintenance): Promise<void> => {
  const { name } = maintenance.container;
  await operation.step('maintain', maintenanceTitle(name, maintenance), () =>
    lengthy.maintainDatabase.executeWithOptions({ summary: name }, [operation.owner, maintenance]),
  );
};

const runCommand = async (
  owner: Owner,
  command: GuardedCommand,
  { onCrash }: GuardRequest,
  guarded: Guarded,
): Promise<void> => {
  const summary = commandText(command);
  const end = await running.runCommand.executeWithOptions({ summary }, [owner, command]);
  guarded.command = end;
  if (end.how === 'lost' && onCrash === 'validate') return;
  const failure = commandFailure(end, command);
  if (failure !== undefined)
    throw ApplicationFailure.create({
      message: failure,
      type: 'CommandFailed',
      nonRetryable: true,
      details: [{ logTail: end.tail }],
    });
};

/** One registration function per undo step, called just before the step in question. */
const registerUndo = (operation: Operation, saga: Saga, plan: GuardPlan, guarded: Guarded) => {
  const { owner } = operation;
  return {
    snapshots: () => {
      saga.register('snapshot', 'Delete unused snapshots', async () => {
        if (guarded.dataAtRisk) {
          const locations = guarded.snapshots.map(({ location }) => location);
          saga.left.push(`The snapshots of before are kept: ${locations.join(', ') || 'beside the data'}`);
          return;
        }
        const summary = 'snapshots that nothing needs';
        await undoing.dropSnapshots.executeWithOptions({ summary }, [owner, plan]);
      });
    },
    users: () => {
      saga.register('users', 'Start what uses the data', () =>
        undoing.startUsersAgain.executeWithOptions(
          { summary: 'as it ran before' },
          guarded.closed.length > 0 ? [owner, guarded.closed] : [owner],
        ),
      );
    },
    data: () => {
      saga.register('data', 'Put data back', async () => {
        if (!guarded.began) return;
        guarded.dataAtRisk = true;
        guarded.closed = dumpedData(plan.data).map(({ dump }) => dump);
        const summary = plan.data.map(({ path }) => path).join(', ');
        guarded.data = await undoing.putBackGuarded.executeWithOptions({ summary }, [
          owner,
          plan.data,
          owner.startedAt,
          plan.edits && { edits: plan.edits, restarts: plan.restarts ?? [], put: guarded.put },
        ]);
        await restoreDatabases(owner, plan, guarded);
        guarded.dataAtRisk = false;
      });
    },
  };
};

/** Each database gets its dump before anything starts that could find it empty. One that cannot be restored keeps no other. */
const restoreDatabases = async (owner: Owner, { data }: GuardPlan, guarded: Guarded): Promise<void> => {
  const emptied = dumpedData(data).filter(({ path }) =>
    guarded.data.some((outcome) => outcome.path === path && outcome.did === 'emptied'),
  );
  guarded.closed = emptied.map(({ dump }) => dump);
  let cause: Error | undefined;
  for (const { path, dump } of emptied) {
    const summary = `${path} through ${dumpTools[dump.kind].restore}`;
    try {
      await undoing.restoreDump.executeWithOptions({ summary }, [owner, path, dump]);
      guarded.data = guarded.data.map((one) => (one.path === path ? { ...one, did: 'restored' } : one));
      guarded.closed = guarded.closed.filter((one) => one !== dump);
    } catch (error) {
      cause ??= error as Error;
    }
  }
  if (cause !== undefined) throw cause;
};

/** `baton resume`: puts back what an earlier unwind could not. Every undo step does only what is missing. */
export const resumeGuard = async (
  operation: Operation,
  plan: GuardPlan,
  failure: Failure,
  dataUntouched: boolean,
): Promise<Report> => {
  const saga = new Saga(operation);
  const guarded: Guarded = {
    snapshots: [],
    began: !dataUntouched,
    put: true,
    data: [],
    closed: [],
    dataAtRisk: false,
  };
  const undo = registerUndo(operation, saga, plan, guarded);
  undo.snapshots();
  undo.users();
  undo.data();
  return await unwind(operation, saga, plan, guarded, failure, false);
};

/** What the command did stands. */
const finish = async (
  operation: Operation,
  plan: GuardPlan,
  guarded: Guarded,
  { outcome, ...ending }: { outcome: 'done' | 'kept'; failure?: Failure; notes?: string[] } = {
    outcome: 'done',
  },
): Promise<Report> => {
  const told = takesOnly(plan) || isWithoutData(plan) ? {} : await compare(operation, plan, 'live');
  const notes = [...(ending.notes ?? []), ...(told.notes ?? []), ...(await mark(operation, plan, outcome))];
  return operation.close(outcome, {
    ...ending,
    ...told,
    ...(notes.length > 0 ? { notes } : {}),
    ...(guarded.command ? { command: guarded.command } : {}),
    data: guarded.snapshots.map(({ path, name }) => ({
      path,
      did: 'protected',
      ...(plan.restore ? {} : { snapshot: name }),
    })),
    problems: plan.problems,
  });
};

/** Unwinds, then looks: "as it was" is said only of what was seen. */
const unwind = async (
  operation: Operation,
  saga: Saga,
  plan: GuardPlan,
  guarded: Guarded,
  failure: Failure,
  asked: boolean,
): Promise<Report> => {
  await saga.unwind();
  const left = [...saga.left, ...(await verifyPutBack(operation))];
  const told = guarded.data.some(({ failedState }) => failedState)
    ? await compare(operation, plan, 'failed')
    : {};
  const outcome = left.length > 0 ? 'needs-human' : asked ? 'cancelled' : 'rolled-back';
  const notes = [
    ...(told.notes ?? []),
    ...(guarded.data.length > 0 ? await mark(operation, plan, outcome) : []),
    ...(asked ? [operation.stopReason ?? 'The operation was cancelled.'] : []),
  ];
  return operation.close(outcome, {
    ...told,
    ...(guarded.command ? { command: guarded.command } : {}),
    data: guarded.data,
    problems: plan.problems,
    ...(asked ? {} : { failure }),
    ...(notes.length > 0 ? { notes } : {}),
    ...(left.length > 0 && !guarded.began ? { dataUntouched: true } : {}),
    left,
  });
};

/** On the snapshots, for whoever looks at them later. @returns a note where it cannot be. */
const mark = async (operation: Operation, plan: GuardPlan, outcome: Outcome): Promise<string[]> => {
  const { title, data, restore } = plan;
  try {
    // What a restore replaced is kept as `undone`; one copy of it is enough.
    if (restore && outcome === 'done')
      await changing.dropSnapshots.executeWithOptions({ summary: 'kept once already' }, [
        operation.owner,
        plan,
      ]);
    await changing.markSnapshots.executeWithOptions({ summary: outcome }, [
      operation.owner,
      data,
      { title, outcome },
    ]);
    return [];
  } catch (error) {
    return [`How it ended could not be noted on its snapshots: ${reasonOf(error)}`];
  }
};

/** What changed is told, not needed: where it cannot be found out, the operation has ended as it has. */
const compare = async (
  operation: Operation,
  { data }: GuardPlan,
  state: 'live' | 'failed',
): Promise<{ files?: Changes; notes?: string[] }> => {
  try {
    return {
      files: await operation.step('compare', 'Compare files', () =>
        changing.compareWithBefore.executeWithOptions({ summary: 'what the command changed' }, [
          operation.owner,
          data,
          state,
        ]),
      ),
    };
  } catch (error) {
    return { notes: [`Which files changed could not be found out: ${reasonOf(error)}`] };
  }
};

const restartTitle = (containers: readonly User[]): string =>
  `Restart ${containers.length === 1 ? (containers[0]?.name ?? '') : `${containers.length} containers`}`;

const runTitle = ({ command, edits = [], restore }: GuardRequest): string => {
  if (restore) return 'Put the snapshot back';
  if (!command) return edits.length === 1 ? `Write ${edits[0]?.file ?? ''}` : `Write ${edits.length} files`;
  const text = commandText(command);
  return `Run ${text.length > 60 ? `${text.slice(0, 59)}…` : text}`;
};

const stepsOf = (request: GuardRequest): { id: string; title: string }[] => [
  { id: 'preflight', title: 'Preflight' },
  ...(isWithoutData(request) ? [] : [{ id: 'snapshot', title: 'Snapshot data' }]),
  ...(takesOnly(request) || isWithoutData(request) ? [] : stepsAfterSnapshot(request)),
];

const stepsAfterSnapshot = (request: GuardRequest): { id: string; title: string }[] => [
  { id: 'run', title: runTitle(request) },
  ...(request.checks.length > 0 ? [{ id: 'validate', title: 'Validate' }] : []),
  { id: 'compare', title: 'Compare files' },
];
