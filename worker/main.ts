/** The worker of one host: `node worker/main.ts`. Ends cleanly on SIGINT and SIGTERM; work under way is resumed by the next one. */
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection, Worker } from '@temporalio/worker';
import { createActivities } from '../activities/index.ts';
import { hostConfig } from '../domain/host.ts';
import { hostTaskQueue } from '../domain/ids.ts';
import { hostname, homedir } from 'node:os';
import { workflowBundle } from './bundle.ts';
import { openPorts } from './ports.ts';
import { ensureSearchAttributes } from './search-attributes.ts';

const config = hostConfig(process.env, { hostname: hostname(), home: homedir() });
const { connectionOptions, namespace } = loadClientConnectConfig({});
const [ports, codePath] = await Promise.all([openPorts(process.env), workflowBundle(config.cacheDirectory)]);
const connection = await NativeConnection.connect(connectionOptions);
await ensureSearchAttributes(connection, namespace ?? 'default');
const worker = await Worker.create({
  connection,
  ...(namespace === undefined ? {} : { namespace }),
  taskQueue: hostTaskQueue(config.host),
  workflowBundle: { codePath },
  activities: createActivities(ports),
  // The default sends a beat only every 16 s, and that long a cancel would go unheard.
  maxHeartbeatThrottleInterval: '1 s',
  // Work that was cut off is begun again by the next worker after the heartbeat timeout; nothing waits for a slow end here.
  shutdownGraceTime: '5 s',
  shutdownForceTime: '10 s',
});
console.log(
  `Worker of ${config.host}: ${ports.engineInfo.kind} ${ports.engineInfo.version}, queue ${hostTaskQueue(config.host)}.`,
);
await worker.run();
await connection.close();
await ports.engine.close();
