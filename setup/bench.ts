/** `npm run bench [-- OPTIONS]`: the test host, then the measurements on it. */
import { onTestHost, runProgram } from './on-test-host.ts';

await onTestHost(async (environment) => await runProgram('bench/main.ts', environment));
