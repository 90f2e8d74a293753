/**
 * A server whose time can be skipped, and a worker whose activities do nothing: they answer what a test says. For what takes
 * hours: patience, expiry, windows.
 */
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { createActivities } from '../../activities/index.ts';
import { thisHost } from '../../client/this-host.ts';
import type { OperationRequest } from '../../domain/operation.ts';
import type { Plan } from '../../domain/plan.ts';
import { searchAttributeNames } from '../../domain/search-attributes.ts';
import { workflowBundle } from '../../worker/bundle.ts';
import { needed } from '../host/environment.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });

/** Of a stack without services. */
export const plan: Plan = {
  format: 1,
  kind: 'deploy',
  stack: 'web' as Plan['stack'],
  file: '/srv/stacks/web.yml',
  host: 'host',
  engine: 'podman',
  release: '0123456789ab' as Plan['release'],
  previousRelease: 'ba9876543210' as Plan['release'],
  services: [],
  networks: [{ key: 'default', name: 'web_default', action: 'create' }],
  volumes: [],
  files: [{ path: '/srv/routes/web.yml', action: 'write' }],
  data: [],
  restore: [],
  policy: { minHealthyTimeMs: 0, healthyDeadlineMs: 0, progressDeadlineMs: 0, rollback: 'auto' },
  checks: 0,
  problems: [],
};
/** What {@link plan} was made from. */
export const request = {
  operation: '0a1b2c3d',
  kind: 'deploy',
  stack: 'web',
  host: 'host',
  source: { from: 'file', file: plan.file, envFiles: [], variables: {}, profiles: [] },
  options: { copyLimitBytes: 0, build: false, pull: false },
} as unknown as OperationRequest;

export const taskQueue = 'baton.host';

/** Temporal's `IndexedValueType`. */
const keyword = 2;

export const openTimeSkipping = async (): Promise<TestWorkflowEnvironment> => {
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: needed('BATON_TEST_TIME_SKIPPING_BIN') } },
  });
  await addSearchAttributes(environment);
  return environment;
};

/** A real server of its own: on the one whose time can be skipped, a workflow hangs whose activity ends well after a cancel. */
export const openLocal = async (): Promise<TestWorkflowEnvironment> => {
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: needed('BATON_TEST_TEMPORAL_BIN') } },
  });
  await addSearchAttributes(environment);
  return environment;
};

/** The test server can add them, but not list them. */
const addSearchAttributes = async ({ connection }: TestWorkflowEnvironment): Promise<void> => {
  await connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: Object.fromEntries(searchAttributeNames.map((name) => [name, keyword])),
  });
};

/** @param answer what an activity of that name answers, or throws. */
export const workerThatAnswers = async (
  { nativeConnection }: TestWorkflowEnvironment,
  answer: (activity: string, args: unknown[]) => unknown,
): Promise<Worker> =>
  await Worker.create({
    connection: nativeConnection,
    taskQueue,
    workflowBundle: { codePath: await workflowBundle(thisHost().cacheDirectory) },
    activities: Object.fromEntries(
      // Only their names are used.
      Object.keys(createActivities({ engineInfo: { kind: 'podman', cpus: 1 } } as never)).map((name) => [
        name,
        async (...args: unknown[]) => await Promise.resolve(answer(name, args)),
      ]),
    ),
  });
