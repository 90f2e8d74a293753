/** Finding and ending the processes of one operation, also those that a worker started that is dead by now. */
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { OperationId } from '../domain/names.ts';
import { errnoOf } from './errno.ts';

const variable = 'BATON_OPERATION';

/** The environment by which the processes of an operation are found again, whoever started them. */
export const markOf = (operation: OperationId): Record<string, string> => ({ [variable]: operation });

/** Docker's and Compose's default grace before a kill. */
export const graceMs = 10_000;
const lookEveryMs = 50;

/** The first process of a session, told from any later one of that number. */
export type Leader = { pid: number; boot: string; startedAt: string };

/** @returns undefined where it has ended already. */
export const leaderOf = async (pid: number): Promise<Leader | undefined> => {
  const process = await readProcess(String(pid), '');
  return process && { pid, boot: await bootId(), startedAt: process.startedAt };
};

/** Changes with each start of the machine; process numbers begin anew then: random(4). */
const bootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();

/**
 * SIGTERM to each, SIGKILL to those that are still there after the grace. Resolves when none is left.
 * @param leader finds also what has cleared its environment, which takes the mark away.
 */
export const endProcesses = async (operation: OperationId, leader?: Leader): Promise<void> => {
  const begun = performance.now();
  const asked = new Set<number>();
  for (;;) {
    const left = await processesOf(operation, leader);
    if (left.length === 0) return;
    const patient = performance.now() - begun < graceMs;
    for (const pid of left) {
      if (patient && asked.has(pid)) continue;
      asked.add(pid);
      signalIfThere(pid, patient ? 'SIGTERM' : 'SIGKILL');
    }
    await delay(lookEveryMs);
  }
};

/** @param pid negative: a whole process group. */
export const signalIfThere = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has ended meanwhile.
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
};

/** Hundredths of a second of CPU time that the processes of an operation have taken which are there now. */
export const busyTicksOf = async (operation: OperationId): Promise<number> =>
  (await allProcesses(`${variable}=${operation}`))
    .filter(({ marked, pid }) => marked && pid !== process.pid)
    .reduce((sum, { ticks }) => sum + ticks, 0);

type Process = {
  pid: number;
  parent: number;
  session: number;
  startedAt: string;
  /** Of CPU time. */
  ticks: number;
  marked: boolean;
};

/** Those that carry the mark, what they have started, and what is in a session with them: `sudo` clears the environment. */
const processesOf = async (operation: OperationId, leader: Leader | undefined): Promise<number[]> => {
  const all = await allProcesses(`${variable}=${operation}`);
  const own = new Set(all.filter(({ marked }) => marked).map(({ pid }) => pid));
  const sessions = new Set(all.filter(({ marked }) => marked).map(({ session }) => session));
  if (leader && (await isStillIts(leader, all))) sessions.add(leader.pid);
  for (let known = -1; known < own.size;) {
    known = own.size;
    for (const { pid, parent, session } of all) if (own.has(parent) || sessions.has(session)) own.add(pid);
  }
  own.delete(process.pid);
  return [...own];
};

/** The kernel gives a number to no other process while a session has it; so a leader of that number is this one, or has come later. */
const isStillIts = async ({ pid, boot, startedAt }: Leader, all: readonly Process[]): Promise<boolean> => {
  const now = all.find((process) => process.pid === pid);
  return boot === (await bootId()) && (now === undefined || now.startedAt === startedAt);
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
    return {
      pid: Number(pid),
      parent: Number(parent),
      session: Number(session),
      startedAt: fields[19] ?? '',
      ticks: Number(fields[11]) + Number(fields[12]),
      marked,
    };
  } catch {
    return undefined;
  }
};
