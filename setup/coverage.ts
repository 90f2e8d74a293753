/** `npm run coverage`: the test host, then which branches the tests take on it. */
import { onTestHost, runProgram } from './on-test-host.ts';

await onTestHost(async (environment) => await runProgram('test/coverage/main.ts', environment));
