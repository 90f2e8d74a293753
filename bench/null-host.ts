/** A host whose engine is in memory and takes no time: what is left is what Baton and Temporal cost. */
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import { NativeConnection, Worker } from '@temporalio/worker';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createActivities } from '../activities/index.ts';
import { newOperationId } from '../client/operation.ts';
import { searchAttributesOf } from '../client/search-attributes.ts';
import { thisHost } from '../client/this-host.ts';
import { hostTaskQueue, stackWorkflowId } from '../domain/ids.ts';
import type { StackName } from '../domain/names.ts';
import type { OperationRequest } from '../domain/operation.ts';
import { MemoryEngine } from '../test/simulation/engine.ts';
import { memoryPorts } from '../test/simulation/ports.ts';
import { workflowBundle } from '../worker/bundle.ts';
import { ensureSearchAttributes } from '../worker/search-attributes.ts';
import type { deployStack } from '../workflows/deploy-stack.ts';

const image = 'null:1';

export type NullHost = {
  /** Starts the first deploy of a stack of one service. @param readyMs until that is ready. */
  deploy: (name: string, readyMs: number) => Promise<WorkflowHandle<typeof deployStack>>;
  close: () => Promise<void>;
};

const stackFile = (name: string, readyMs: number): string => `name: ${name}
services:
  app: { image: "${image}", command: [serve, "1", "${readyMs}"], x-baton: { probe: { exec: [ready] } } }
x-baton: { min_healthy_time: 1ms }
`;

/** @param atOnce as many deploys may be under way. */
export const openNullHost = async (address: string, host: string, atOnce: number): Promise<NullHost> => {
  const directory = await mkdtemp(join(tmpdir(), 'baton-null-'));
  await mkdir(join(directory, 'stacks'));
  const connection = await NativeConnection.connect({ address });
  await ensureSearchAttributes(connection, 'default');
  const client = new Client({ connection: await Connection.connect({ address }) });
  const engine = new MemoryEngine(join(directory, 'volumes'), [image]);
  const worker = await Worker.create({
    connection,
    taskQueue: hostTaskQueue(host),
    workflowBundle: { codePath: await workflowBundle(thisHost().cacheDirectory) },
    maxConcurrentActivityTaskExecutions: atOnce + 10,
    activities: createActivities(memoryPorts(host, directory, engine)),
  });
  const running = worker.run();
  return {
    async deploy(name, readyMs) {
      const file = join(directory, 'stacks', `${name}.yml`);
      await writeFile(file, stackFile(name, readyMs));
      const request: OperationRequest = {
        operation: newOperationId(),
        kind: 'deploy',
        stack: name as StackName,
        host,
        source: { from: 'file', file, envFiles: [], variables: {}, profiles: [] },
        options: { copyLimitBytes: 2 ** 30, build: false, pull: false },
      };
      return await client.workflow.start<typeof deployStack>('deployStack', {
        workflowId: stackWorkflowId(host, request.stack),
        taskQueue: hostTaskQueue(host),
        args: [request],
        typedSearchAttributes: searchAttributesOf(request),
      });
    },
    async close() {
      worker.shutdown();
      await running;
      await client.connection.close();
      await connection.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
