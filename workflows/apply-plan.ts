/** The forward half of an operation: each undo is registered before the step that it takes back. A step with nothing to do is left out. */
import { CancellationScope } from '@temporalio/workflow';
import { countText } from '../domain/count-text.ts';
import type { DataOutcome, Report, SnapshotTaken } from '../domain/operation.ts';
import type { ServiceName } from '../domain/names.ts';
import { hasBefore, isChanging, makesResources, type Plan, type ServicePlan } from '../domain/plan.ts';
import { changing, lengthy } from './activities.ts';
import type { Operation } from './operation.ts';
import { reasonOf, type Saga } from './saga.ts';
import { afterNeeds, dependentsFirst } from './after-needs.ts';
import { registerUndo } from './unwind-plan.ts';
import type { Subject } from '../domain/subject.ts';

/** What has been done so far; the unwind and the report read it. */
export type Applied = {
  snapshots: SnapshotTaken[];
  /** Milliseconds from start to healthy, by service. */
  services: Partial<Record<ServiceName, number>>;
  /** ISO 8601; writes of the failed release lie after it. */
  startedAt: string;
  /** What the undo steps found out: which new services ran, and what became of the data. */
  unwound: {
    ran: ServiceName[];
    data: DataOutcome[];
    /** Nothing has begun yet that could change data. */
    untouched: boolean;
    /** Data is being put back, or could not be, or may have to be: the snapshots are all that there is of it. */
    dataAtRisk: boolean;
    /** Databases that are empty, or may be, and what reaches them: these do not start. */
    closed: ServiceName[];
  };
};

export const applyPlan = async (
  operation: Operation,
  saga: Saga,
  plan: Plan,
  applied: Applied,
  allReady: () => Promise<void>,
): Promise<void> => {
  const subject = operation.subject(plan);
  const undo = registerUndo(operation, saga, plan, applied);
  operation.announce(stepsOf(plan));

  if (hasBefore(plan)) {
    undo.snapshots();
    await operation.step('snapshot', 'Snapshot data', async () => {
      const summary = `snapshot ${plan.data.length} paths, and see that each exists`;
      applied.snapshots = await lengthy.takeSnapshots.executeWithOptions({ summary }, [subject, plan]);
      operation.note('snapshot', describeSnapshots(applied.snapshots));
    });
  }
  if (makesResources(plan)) {
    undo.resources();
    await operation.step('prepare', 'Prepare networks and volumes', () =>
      changing.prepareResources.executeWithOptions({ summary: 'create what is missing' }, [subject, plan]),
    );
  }
  undo.previous();
  undo.databases();
  if (plan.files.length > 0) {
    undo.files();
    await operation.step('files', 'Write files', () =>
      changing.writeFiles.executeWithOptions({ summary: countText(plan.files.length, 'file') }, [
        subject,
        plan.files,
      ]),
    );
  }
  undo.data();
  undo.containers();
  await retireRemoved(operation, plan, subject);
  if (plan.restore.length > 0) await restoreWanted(operation, plan, subject);
  await rollOut(operation, plan, subject, applied);
  await operation.step('validate', 'Validate and soak', () =>
    changing.validateRelease.executeWithOptions(
      { summary: `${plan.checks} checks, then healthy for ${plan.policy.minHealthyTimeMs / 1000} s` },
      [subject, plan.services],
    ),
  );
  await allReady();
  // A request to stop that came until now is obeyed; one that comes later is told that it is too late.
  operation.passPointOfNoReturn();
  undo.record();
  await operation.step('record', 'Record the release', () =>
    changing.recordRelease.executeWithOptions({ summary: plan.release }, [subject, plan, applied.snapshots]),
  );
};

/** After the release is recorded nothing can fail it: what cannot be tidied is told. */
export const commitPlan = async (operation: Operation, plan: Plan, applied: Applied): Promise<Report> => {
  const notes: string[] = [];
  try {
    await operation.step('commit', 'Drop what was replaced', () =>
      changing.dropReplaced.executeWithOptions({ summary: 'remove the containers set aside' }, [
        operation.subject(plan),
        plan,
      ]),
    );
  } catch (error) {
    notes.push(`The release stands, but not all could be tidied up: ${reasonOf(error)}`);
  }
  return operation.close('done', {
    release: plan.release,
    ...(plan.previousRelease === undefined ? {} : { previousRelease: plan.previousRelease }),
    changes: plan.services.map(({ service, action, reasons }) => {
      const tookMs = applied.services[service];
      return { service, action, reasons, ...(tookMs === undefined ? {} : { tookMs }) };
    }),
    data: plan.data.map(({ path }) => {
      const snapshot = applied.snapshots.find((taken) => taken.path === path)?.name;
      return snapshot === undefined ? { path, did: 'none' } : { path, did: 'protected', snapshot };
    }),
    problems: plan.problems,
    notes,
  });
};

/** Each service as soon as its own needs are met; the first failure cancels those still waiting. */
const rollOut = async (
  operation: Operation,
  plan: Plan,
  subject: Subject,
  applied: Applied,
): Promise<void> => {
  const services = withoutEarlyStarts(plan);
  const rollOutOne = async (service: ServicePlan): Promise<void> => {
    const summary = `${service.action} ${service.service}: ${service.reasons.join(', ')}`;
    const takesIn = plan.restore.filter(({ dump }) => dump?.service === service.service);
    const { healthyAfterMs } =
      takesIn.length === 0
        ? await changing.rollOutService.executeWithOptions({ summary }, [subject, service])
        : await lengthy.rollOutService.executeWithOptions({ summary }, [subject, service, takesIn]);
    applied.services[service.service] = healthyAfterMs;
  };
  await CancellationScope.cancellable(async () => {
    const scope = CancellationScope.current();
    let cause: unknown;
    try {
      await afterNeeds(services, isChanging, async (service) => {
        try {
          await operation.step(`service-${service.service}`, serviceTitle(service), () =>
            rollOutOne(service),
          );
        } catch (error) {
          // Nothing is gained by waiting for the health of the others.
          cause ??= error;
          scope.cancel();
          throw error;
        }
      });
    } catch {
      throw cause;
    }
  });
};

/** What needs a database only started waits until that has taken its dump in, all the same. */
const withoutEarlyStarts = ({ services, restore }: Plan): ServicePlan[] => {
  const filled = restore.flatMap(({ dump }) => dump?.service ?? []);
  return services
    .filter(({ action }) => action !== 'remove')
    .map((service) => ({
      ...service,
      needs: service.needs.map((need) =>
        filled.includes(need.service) ? { ...need, condition: 'service_healthy' } : need,
      ),
    }));
};

const retireRemoved = async (operation: Operation, plan: Plan, subject: Subject): Promise<void> => {
  const removed = plan.services.filter(({ action }) => action === 'remove');
  await afterNeeds(dependentsFirst(removed), isChanging, (service) =>
    operation.step(`service-${service.service}`, serviceTitle(service), () =>
      changing.retireService.executeWithOptions({ summary: `stop ${service.containerName}` }, [
        subject,
        service,
      ]),
    ),
  );
};

/** An undo or a removal with data: everything that uses the data stops, then the data of that time, or nothing, takes its place. */
const restoreWanted = async (operation: Operation, plan: Plan, subject: Subject): Promise<void> => {
  await operation.step('restore', restoreTitle(plan), async () => {
    await changing.stopForRestore.executeWithOptions({ summary: 'stop what uses the data' }, [subject, plan]);
    await lengthy.restoreWanted.executeWithOptions({ summary: `${plan.restore.length} paths` }, [
      subject,
      plan.restore,
    ]);
  });
};

const restoreTitle = ({ kind }: Plan): string =>
  kind === 'remove' ? 'Take the data away' : 'Put the data of that release back';

const serviceTitle = ({ action, service }: ServicePlan): string =>
  `${{ create: 'Start', replace: 'Replace', start: 'Start', keep: 'Keep', remove: 'Stop' }[action]} ${service}`;

const stepsOf = (plan: Plan): { id: string; title: string }[] => [
  ...(hasBefore(plan) ? [{ id: 'snapshot', title: 'Snapshot data' }] : []),
  ...(makesResources(plan) ? [{ id: 'prepare', title: 'Prepare networks and volumes' }] : []),
  ...(plan.files.length > 0 ? [{ id: 'files', title: 'Write files' }] : []),
  ...(plan.restore.length > 0 ? [{ id: 'restore', title: restoreTitle(plan) }] : []),
  ...plan.services
    .filter(isChanging)
    .map((service) => ({ id: `service-${service.service}`, title: serviceTitle(service) })),
  { id: 'validate', title: 'Validate and soak' },
  { id: 'record', title: 'Record the release' },
  { id: 'commit', title: 'Drop what was replaced' },
];

const describeSnapshots = (taken: SnapshotTaken[]): string =>
  taken.length === 0 ? 'no data to protect' : taken.map(({ path, name }) => `${path} → ${name}`).join(', ');
