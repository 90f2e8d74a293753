/** `node worker/main.ts`: the worker of this host. */
import { runWorker } from './run.ts';

await runWorker(process.env);
