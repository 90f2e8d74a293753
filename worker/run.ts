/** The worker of one host: its ports, its activities, the workflows by path. */
import { Client } from '@temporalio/client';
import { toClientOptions } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { hostname, homedir } from 'node:os';
import { createActivities, type Activities } from '../activities/index.ts';
import type { Ports } from '../activities/ports/index.ts';
import { hostConfig } from '../domain/host.ts';
import { hostTaskQueue } from '../domain/ids.ts';
import { temporalProfile } from '../setup/temporal-profile.ts';
import { workerIdentity } from '../setup/worker-identity.ts';
import { workflowBundle } from './bundle.ts';
import { openPorts } from './ports.ts';
import { ensureSearchAttributes } from './search-attributes.ts';
import { takeOver } from './take-over.ts';
import { demandTools } from './tools.ts';

/** Between the worker and the world: where tests stop the one to see what becomes of the other. */
export type Between = { ports: (ports: Ports) => Ports; activities: (activities: Activities) => Activities };

/** Runs until SIGINT or SIGTERM. Work under way is taken up by the next worker. */
export const runWorker = async (environment: NodeJS.ProcessEnv, between?: Between): Promise<void> => {
  const config = hostConfig(environment, { hostname: hostname(), home: homedir() });
  const { connectionOptions, namespace = 'default' } = toClientOptions(temporalProfile(environment));
  await demandTools();
  const [ports, codePath] = await Promise.all([
    openPorts(environment),
    workflowBundle(config.cacheDirectory),
  ]);
  const connection = await NativeConnection.connect(connectionOptions);
  await ensureSearchAttributes(connection, namespace);
  const activities = createActivities(between?.ports(ports) ?? ports);
  const worker = await Worker.create({
    connection,
    identity: await workerIdentity(config.host),
    namespace,
    taskQueue: hostTaskQueue(config.host),
    workflowBundle: { codePath },
    activities: between?.activities(activities) ?? activities,
    // The default sends a beat only every 16 s, and that long a cancel would go unheard.
    maxHeartbeatThrottleInterval: '1 s',
    // Workflow tasks that were meant for a worker that died come back after this time; the default is 10 s.
    stickyQueueScheduleToStartTimeout: '2 s',
    // Work that was cut off is taken up by the next worker; nothing waits for a slow end here.
    shutdownGraceTime: '5 s',
    shutdownForceTime: '10 s',
  });
  console.log(
    `Worker of ${config.host}: ${ports.engineInfo.kind} ${ports.engineInfo.version}, queue ${hostTaskQueue(config.host)}.`,
  );
  const ending = new AbortController();
  const taking = takeOver(new Client({ connection, namespace }), config.host, ending.signal).catch(
    (error: unknown) => {
      if (!ending.signal.aborted)
        console.warn(
          `What an earlier worker left is taken up when its heartbeat times out: ${String(error)}`,
        );
    },
  );
  await worker.run();
  ending.abort();
  await taking;
  await connection.close();
  await ports.engine.close();
};
