/** `npm run coverage`: the test host, then which branches the tests take on it. */
import { onTestHost, runProgram } from './on-test-host.ts';

// V8 counts less exactly in functions that come out of a cache.
const exact = { NODE_DISABLE_COMPILE_CACHE: '1' };

await onTestHost(
  async (environment) => await runProgram('test/coverage/main.ts', { ...environment, ...exact }),
);
