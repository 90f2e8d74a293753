/** `npm run faults [-- OPTIONS]`: the test host, then the matrix of faults on it. */
import { onTestHost, runProgram } from './on-test-host.ts';

await onTestHost(async (environment) => await runProgram('test/faults/main.ts', environment));
