/**
 * Loaded into each test file by `npm test`: one that has told all its results, and still does not end, is ended, and what kept it
 * is told. `node --test --test-force-exit` would end it too, but at once: results that were not yet read by then are lost.
 */
import { after } from 'node:test';
import { relative } from 'node:path';

/** Long enough for what a test had begun to end, and for its results to be read. */
const patienceMs = 10_000;

// The runner loads this as well, but has no tests of its own.
if (process.env.NODE_TEST_CONTEXT !== undefined)
  after(() => {
    setTimeout(() => {
      const file = relative(process.cwd(), process.argv[1] ?? '');
      process.stderr.write(
        `${file} does not end: ${process.getActiveResourcesInfo().join(', ')} are left open.\n`,
      );
      process.exit();
    }, patienceMs).unref();
  });
