/** Who a worker is: told apart from every other process of this machine, before and after a reboot. */
import { readFile } from 'node:fs/promises';
import { processStart } from './daemon.ts';

/** `baton/<host>/<boot>/<pid>/<start>`: the start in clock ticks since boot, field 22 of proc_pid_stat(5). */
export const workerIdentity = async (host: string): Promise<string> =>
  ['baton', host, await boot(), process.pid, await processStart(process.pid)].join('/');

/** True only of a worker of this host whose process is known to have ended. */
export const hasEnded = async (identity: string, host: string): Promise<boolean> => {
  const [program, of, when, pid, start] = identity.split('/');
  if (program !== 'baton' || of !== host || pid === undefined) return false;
  return when !== (await boot()) || (await processStart(Number(pid))) !== start;
};

const boot = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).slice(0, 8);
