/** Workflows on a real server with the real activities, which a test can make fail, or interrupt, at any of them. */
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { createActivities, type Activities } from '../../activities/index.ts';
import { searchAttributesOf } from '../../client/search-attributes.ts';
import { thisHost } from '../../client/this-host.ts';
import { hostTaskQueue, stackWorkflowId } from '../../domain/ids.ts';
import { parseOperationId, type StackName } from '../../domain/names.ts';
import type { GuardRequest } from '../../domain/guard.ts';
import type { OperationRequest, Progress, Report } from '../../domain/operation.ts';
import { randomBytes } from 'node:crypto';
import { workflowBundle } from '../../worker/bundle.ts';
import { openPorts } from '../../worker/ports.ts';
import type { deployStack } from '../../workflows/deploy-stack.ts';
import { needed } from '../host/environment.ts';
import { Site } from '../e2e/site.ts';

// Failures are what these tests make; a warning for each would bury a real one.
Runtime.install({ logger: new DefaultLogger('ERROR') });

export type Moment = 'before' | 'after';
/** `rollOutService db`: an activity, and the service where it has one. */
export type Meddle = (activity: string, moment: Moment) => Promise<void> | void;

export class Laboratory {
  readonly site: Site;
  readonly client: Client;
  meddle: Meddle = () => undefined;
  readonly #end: () => Promise<void>;

  private constructor(site: Site, client: Client, end: () => Promise<void>) {
    this.site = site;
    this.client = client;
    this.#end = end;
  }

  static async open(): Promise<Laboratory> {
    const site = await Site.found('podman', needed('BATON_TEST_BTRFS'));
    const ports = await openPorts({ ...process.env, ...site.environment });
    const address = needed('BATON_TEST_TEMPORAL');
    const connection = await NativeConnection.connect({ address });
    const laboratory: { current?: Laboratory } = {};
    const worker = await Worker.create({
      connection,
      identity: 'worker',
      taskQueue: hostTaskQueue(site.host),
      workflowBundle: { codePath: await workflowBundle(thisHost().cacheDirectory) },
      activities: meddled(createActivities(ports), async (activity, moment) => {
        await laboratory.current?.meddle(activity, moment);
      }),
      maxHeartbeatThrottleInterval: '1 s',
    });
    const running = worker.run();
    const clientConnection = await Connection.connect({ address });
    const client = new Client({ connection: clientConnection, identity: 'client' });
    laboratory.current = new Laboratory(site, client, async () => {
      worker.shutdown();
      await running;
      await clientConnection.close();
      await connection.close();
      await ports.engine.close();
    });
    return laboratory.current;
  }

  async close(): Promise<void> {
    await this.#end();
    await this.site.close();
  }

  request(stack: string, file: string, variables: Record<string, string> = {}): OperationRequest {
    const operation = parseOperationId(randomBytes(4).toString('hex'));
    if (!operation) throw new Error('no id');
    return {
      operation,
      kind: 'deploy',
      stack: stack as StackName,
      host: this.site.host,
      source: { from: 'file', file, envFiles: [], variables, profiles: [] },
      options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
    };
  }

  /** @param data absolute paths. */
  guardRequest(
    stack: string,
    data: string[],
    command: string,
    more: Partial<GuardRequest> = {},
  ): GuardRequest {
    const { operation, host } = this.request(stack, '');
    return {
      operation,
      kind: 'guard',
      stack: stack as StackName,
      host,
      title: 'a change',
      data,
      command: {
        args: [command],
        shell: true,
        directory: this.site.data,
        variables: [],
        timeoutMs: 60_000,
        outputLimitBytes: 2 ** 20,
      },
      checks: [],
      onFailure: 'roll-back',
      onCrash: 'fail',
      copyLimitBytes: 2 ** 30,
      ...more,
    };
  }

  async start(request: OperationRequest | GuardRequest): Promise<WorkflowHandle<typeof deployStack>> {
    const workflow = request.kind === 'guard' ? 'guardOperation' : 'deployStack';
    return await this.client.workflow.start(workflow, {
      workflowId: stackWorkflowId(request.host, request.stack),
      taskQueue: hostTaskQueue(request.host),
      args: [request],
      typedSearchAttributes: searchAttributesOf(request),
    });
  }

  /** Runs an operation to its end. @returns its report, and its steps as `id: state`. */
  async run(request: OperationRequest | GuardRequest): Promise<{ report: Report; steps: string[] }> {
    const handle = await this.start(request);
    const report = await handle.result();
    const { steps } = await handle.query<Progress>('progress');
    return { report, steps: steps.map(({ id, state }) => `${id}: ${state}`) };
  }
}

export const injected = (): ApplicationFailure =>
  ApplicationFailure.create({ message: 'injected', type: 'Injected', nonRetryable: true });

type Activity = (...args: unknown[]) => Promise<unknown>;

const meddled = (
  activities: Activities,
  meddle: (activity: string, moment: Moment) => Promise<void>,
): Activities =>
  Object.fromEntries(
    Object.entries(activities).map(([name, work]) => [
      name,
      async (...args: unknown[]) => {
        const [, second] = args;
        const service =
          typeof second === 'object' && second !== null && 'service' in second
            ? ` ${String(second.service)}`
            : '';
        await meddle(`${name}${service}`, 'before');
        const result = await (work as Activity)(...args);
        await meddle(`${name}${service}`, 'after');
        return result;
      },
    ]),
  ) as unknown as Activities;

/** The activity under way goes on until it hears that it is cancelled. */
export const heardOfIt = async (): Promise<void> => {
  const context = Context.current();
  const beat = setInterval(() => {
    context.heartbeat();
  }, 200);
  try {
    await context.cancelled;
  } finally {
    clearInterval(beat);
  }
};
