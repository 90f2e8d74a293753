/** `node worker/main.ts`: the worker of this host. */
import { ConfigFailure } from '../domain/host.ts';
import { runWorker } from './run.ts';

/** sysexits(3): EX_USAGE, as the command line has it. */
const usage = 64;

try {
  await runWorker(process.env);
} catch (error) {
  if (!(error instanceof ConfigFailure)) throw error;
  console.error(error.message);
  process.exit(usage);
}
