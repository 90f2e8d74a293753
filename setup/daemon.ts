/** Background processes: started, found again, and ended by pid and start time, so that a pid given to another is never hit. */
import { spawn } from 'node:child_process';
import { mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { signalIfThere } from '../activities/processes.ts';

export type Daemon = {
  command: string;
  args: string[];
  environment?: Record<string, string | undefined>;
  /** Standard output and error go there. */
  log: string;
  /** Where pid and start time are written. */
  pidFile: string;
};

type Mark = { pid: number; started: string };

/** Starts a process that outlives this one. @returns its pid. */
export const startDaemon = async ({
  command,
  args,
  environment = {},
  log,
  pidFile,
}: Daemon): Promise<number> => {
  await mkdir(dirname(log), { recursive: true });
  await mkdir(dirname(pidFile), { recursive: true });
  const output = await open(log, 'a');
  const child = spawn(command, args, {
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    env: { ...process.env, ...environment },
  });
  const spawned = new Promise<void>((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  await spawned;
  child.unref();
  await output.close();
  const pid = child.pid ?? 0;
  await writeFile(pidFile, JSON.stringify({ pid, started: (await processStart(pid)) ?? '' } satisfies Mark));
  return pid;
};

/** @returns the pid where the process still runs. */
export const daemonPid = async (pidFile: string): Promise<number | undefined> => {
  const mark = await readMark(pidFile);
  return mark && (await processStart(mark.pid)) === mark.started ? mark.pid : undefined;
};

/** Asks the process to end, and after `graceMs` ends it. @returns false where it did not run. */
export const endDaemon = async (pidFile: string, graceMs = 20_000): Promise<boolean> => {
  const pid = await daemonPid(pidFile);
  if (pid !== undefined) {
    signalIfThere(pid, 'SIGTERM');
    const began = performance.now();
    while ((await daemonPid(pidFile)) !== undefined && performance.now() - began < graceMs) await delay(50);
    if ((await daemonPid(pidFile)) !== undefined) signalIfThere(pid, 'SIGKILL');
  }
  await rm(pidFile, { force: true });
  return pid !== undefined;
};

const readMark = async (pidFile: string): Promise<Mark | undefined> => {
  const text = await readFile(pidFile, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Mark);
};

/** When a process started: field 22 of proc_pid_stat(5); undefined where it has ended, also where it only waits to be collected. */
export const processStart = async (pid: number): Promise<string | undefined> => {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields?.[0] === 'Z' ? undefined : fields?.[19];
};
