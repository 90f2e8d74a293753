/** Finding and ending the processes of one operation, also those that a worker started that is dead by now. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { OperationId } from '../domain/names.ts';
import { errnoOf } from './errno.ts';

const variable = 'BATON_OPERATION';

/** The environment by which the processes of an operation are found again, whoever started them. */
export const markOf = (operation: OperationId): Record<string, string> => ({ [variable]: operation });

/** Docker's and Compose's default grace before a kill. */
const graceMs = 10_000;
const lookEveryMs = 50;

/** SIGTERM to each, SIGKILL to those that are still there after the grace. Resolves when none is left. */
export const endProcesses = async (operation: OperationId): Promise<void> => {
  const begun = performance.now();
  const asked = new Set<number>();
  for (;;) {
    const left = await processesOf(operation);
    if (left.length === 0) return;
    const patient = performance.now() - begun < graceMs;
    for (const pid of left) {
      if (patient && asked.has(pid)) continue;
      asked.add(pid);
      send(pid, patient ? 'SIGTERM' : 'SIGKILL');
    }
    await delay(lookEveryMs);
  }
};

const send = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended meanwhile.
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
};

type Process = { pid: number; parent: number; session: number; marked: boolean };

/** Those that carry the mark, what they have started, and what is in a session with them: `sudo` clears the environment. */
const processesOf = async (operation: OperationId): Promise<number[]> => {
  const all = await allProcesses(`${variable}=${operation}`);
  const own = new Set(all.filter(({ marked }) => marked).map(({ pid }) => pid));
  const sessions = new Set(all.filter(({ marked }) => marked).map(({ session }) => session));
  for (let known = -1; known < own.size;) {
    known = own.size;
    for (const { pid, parent, session } of all) if (own.has(parent) || sessions.has(session)) own.add(pid);
  }
  own.delete(process.pid);
  return [...own];
};

const allProcesses = async (mark: string): Promise<Process[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(async (pid) => await readProcess(pid, mark)));
  return found.flatMap((process) => process ?? []);
};

/** @returns undefined where it has ended, or is nothing but its exit code any more. */
const readProcess = async (pid: string, mark: string): Promise<Process | undefined> => {
  try {
    // The name in parentheses may hold anything: proc_pid_stat(5).
    const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /s, '').split(' ');
    const [state, parent, , session] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    const marked = environment.split('\0').includes(mark);
    return { pid: Number(pid), parent: Number(parent), session: Number(session), marked };
  } catch {
    return undefined;
  }
};
