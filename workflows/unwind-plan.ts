/** The way back. Undo steps run in reverse of their registration: containers, data, files, previous containers, networks, snapshots. */
import { ApplicationFailure, patched } from '@temporalio/workflow';
import { countText } from '../domain/count-text.ts';
import type { Failure, Outcome, Report } from '../domain/operation.ts';
import { dumpedData, type DataPlan } from '../domain/data.ts';
import { dumpTools } from '../domain/database.ts';
import { reachableFrom } from '../domain/graph.ts';
import type { ServiceName } from '../domain/names.ts';
import type { Plan, ServicePlan } from '../domain/plan.ts';
import type { Subject } from '../domain/subject.ts';
import { changing, undoing } from './activities.ts';
import { afterNeeds, healthyFirst } from './after-needs.ts';
import type { Applied } from './apply-plan.ts';
import type { Operation } from './operation.ts';
import { reasonOf, type Saga } from './saga.ts';

/** One registration function per undo step, called by `applyPlan` just before the step in question. */
export const registerUndo = (operation: Operation, saga: Saga, plan: Plan, applied: Applied) => {
  const subject = operation.subject(plan);
  const { unwound } = applied;
  return {
    snapshots: () => {
      saga.register('snapshot', 'Delete unused snapshots', async () => {
        if (unwound.dataAtRisk) {
          const locations = applied.snapshots.map(({ location }) => location);
          saga.left.push(`The snapshots of before are kept: ${locations.join(', ') || 'beside the data'}`);
          return;
        }
        await undoing.dropSnapshots.executeWithOptions({ summary: 'snapshots that nothing needs' }, [
          subject,
          plan,
        ]);
      });
    },
    resources: () => {
      saga.register('prepare', 'Remove new networks and volumes', () =>
        undoing.removeResources.executeWithOptions({ summary: 'only what this operation made' }, [
          subject,
          plan,
        ]),
      );
    },
    previous: () => {
      saga.register('previous', 'Put the previous containers back', () =>
        putBack(subject, plan, ({ service }) => !unwound.closed.includes(service)),
      );
    },
    databases: () => {
      if (dumpedData(plan.data).length === 0) return;
      saga.register('databases', 'Restore databases', () => restoreDatabases(subject, plan, unwound));
    },
    files: () => {
      saga.register('files', 'Put files back', () =>
        undoing.putBackFiles.executeWithOptions({ summary: countText(plan.files.length, 'file') }, [
          subject,
          plan.files,
        ]),
      );
    },
    data: () => {
      unwound.untouched = false;
      saga.register('data', 'Put data back', async () => {
        if (unwound.dataAtRisk)
          throw ApplicationFailure.nonRetryable('It is not known which services of the failed release ran.');
        const summary = `where a container of the failed release ran: ${unwound.ran.join(', ') || 'none'}`;
        unwound.dataAtRisk = true;
        unwound.closed = closedBy(dumpedData(plan.data));
        unwound.data = await undoing.putBackData.executeWithOptions({ summary }, [
          subject,
          plan,
          unwound.ran,
          applied.startedAt,
        ]);
        const emptied = emptiedData(plan, unwound);
        unwound.closed = closedBy(emptied);
        unwound.dataAtRisk = emptied.length > 0;
      });
    },
    record: () => {
      saga.register('record', 'Forget the release', () =>
        undoing.forgetRelease.executeWithOptions({ summary: 'it was never the running one' }, [subject]),
      );
    },
    containers: () => {
      saga.register('containers', 'Remove the new containers', async () => {
        // Until it is known what ran, any data may have been written to.
        unwound.dataAtRisk = true;
        const ran = await undoing.servicesThatRan.executeWithOptions(
          { summary: 'which may have written to data' },
          [subject, plan],
        );
        unwound.ran = [...new Set([...unwound.ran, ...ran])];
        unwound.dataAtRisk = false;
        await undoing.stopNew.executeWithOptions({ summary: 'stop what this operation started' }, [
          subject,
          plan,
        ]);
        await undoing.removeNew.executeWithOptions({ summary: 'remove what this operation made' }, [subject]);
      });
    },
  };
};

type Dumped = ReturnType<typeof dumpedData<DataPlan>>;

const emptiedData = ({ data }: Plan, { data: outcomes }: Applied['unwound']): Dumped =>
  dumpedData(data).filter(({ path }) =>
    outcomes.some((outcome) => outcome.path === path && outcome.did === 'emptied'),
  );

const closedBy = (databases: Dumped): ServiceName[] =>
  databases.flatMap(({ dump }) => [dump.service, ...dump.clients]);

/** Each database gets its dump before anything starts that could find it empty. What it needs itself comes first. */
const restoreDatabases = async (subject: Subject, plan: Plan, unwound: Applied['unwound']): Promise<void> => {
  const emptied = emptiedData(plan, unwound);
  if (emptied.length === 0) return;
  const databases = emptied.map(({ dump }) => dump.service);
  const needed = reachableFrom(
    new Map(plan.services.map(({ service, needs }) => [service, needs.map((need) => need.service)])),
    databases,
  );
  await putBack(subject, plan, ({ service }) => needed.has(service) && !databases.includes(service));
  let cause: Error | undefined;
  for (const { path, dump } of emptied) {
    const summary = `${path} through ${dumpTools[dump.kind].restore}`;
    try {
      await undoing.restoreDump.executeWithOptions({ summary }, [subject, path, dump]);
      unwound.data = unwound.data.map((one) => (one.path === path ? { ...one, did: 'restored' } : one));
    } catch (error) {
      // One that cannot be restored keeps no other.
      cause ??= error as Error;
    }
  }
  unwound.closed = closedBy(emptiedData(plan, unwound));
  if (cause !== undefined) throw cause;
  unwound.dataAtRisk = false;
};

const putBack = async (
  subject: Subject,
  plan: Plan,
  takesPart: (service: ServicePlan) => boolean,
): Promise<void> => {
  await afterNeeds(
    healthyFirst(plan.services),
    (service) => service.previous !== undefined && takesPart(service),
    async (service) => {
      const summary = `the same container of ${service.service}, as it was`;
      await undoing.putBackService.executeWithOptions({ summary }, [subject, service]);
    },
  );
};

/** Unwinds, then looks: "as it was" is said only of what was seen. */
export const unwindPlan = async (
  operation: Operation,
  saga: Saga,
  plan: Plan,
  applied: Applied,
  failure: Failure,
  asked: boolean,
): Promise<Report> => {
  await saga.unwind();
  const left = [...saga.left, ...(await verifyPutBack(operation))];
  const outcome = left.length > 0 ? 'needs-human' : asked ? 'cancelled' : 'rolled-back';
  const notes = [
    // Histories of before have no such step.
    ...(plan.data.length > 0 && patched('mark-unwound') ? await mark(operation, plan, outcome) : []),
    ...(asked ? [operation.stopReason ?? 'The operation was cancelled.'] : []),
  ];
  return operation.close(outcome, {
    ...(plan.previousRelease === undefined ? {} : { release: plan.previousRelease }),
    changes: plan.services.map(({ service, action, reasons }) => ({ service, action, reasons })),
    data: applied.unwound.data,
    problems: plan.problems,
    ...(asked ? {} : { failure }),
    ...(notes.length > 0 ? { notes } : {}),
    left,
    ...(left.length > 0 ? { ran: applied.unwound.ran } : {}),
    ...(left.length > 0 && applied.unwound.untouched ? { dataUntouched: true } : {}),
  });
};

/** On the snapshots that it left: without that, nobody knows that they may go. @returns a note where it cannot be. */
const mark = async (operation: Operation, { data }: Plan, outcome: Outcome): Promise<string[]> => {
  try {
    await changing.markSnapshots.executeWithOptions({ summary: outcome }, [
      operation.owner,
      data,
      { outcome },
    ]);
    return [];
  } catch (error) {
    return [`How it ended could not be noted on its snapshots: ${reasonOf(error)}`];
  }
};

/** @returns what is not as it was before, in words. */
export const verifyPutBack = async (operation: Operation): Promise<string[]> => {
  try {
    return await operation.step('verify', 'Verify that everything is as before', () =>
      undoing.verifyPutBack.executeWithOptions({ summary: 'compare with what was written down before' }, [
        operation.owner,
      ]),
    );
  } catch (error) {
    return [`Whether everything is as before could not be verified: ${reasonOf(error)}`];
  }
};
