/**
 * `node setup/supervise.ts COMMAND ARGS…`: keeps one process running. It is started again when it ends, after 1 s, then 2,
 * 4 … up to 30; a process that ran for a minute starts afresh. SIGTERM ends both.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

const [command = '', ...args] = process.argv.slice(2);
const shortestMs = 1_000;
const longestMs = 30_000;
const settledMs = 60_000;

const stop = new AbortController();
let child: ChildProcess | undefined;
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.on(signal, () => {
    stop.abort();
    child?.kill('SIGTERM');
  });

const runOnce = async (): Promise<string> =>
  await new Promise((resolve) => {
    child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', (error) => {
      resolve(error.message);
    });
    child.once('exit', (code, signal) => {
      resolve(signal ?? `code ${code ?? 0}`);
    });
  });

const stopping = (): boolean => stop.signal.aborted;
for (let pauseMs = shortestMs; !stopping();) {
  const began = performance.now();
  const how = await runOnce();
  if (stopping()) break;
  pauseMs = performance.now() - began > settledMs ? shortestMs : Math.min(longestMs, pauseMs * 2);
  console.error(`${new Date().toISOString()} ended (${how}); starting again in ${pauseMs / 1000} s.`);
  await delay(pauseMs, undefined, { signal: stop.signal }).catch(() => undefined);
}
