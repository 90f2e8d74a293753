/**
 * Podman's name server (aardvark-dns), by which containers find one another: one for all networks, begun with the first container
 * on one and gone with the last. netavark finds it by a file with its pid, and up to 1.4 at least takes whoever has that pid for it: where
 * it was killed, and its pid is another's by now, it is never begun again.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export type NameServer = {
  pidFile: string;
  /** As recorded; `''` where nothing is. */
  pid: string;
  /** What runs under that pid; `''` where nothing does. */
  command: string;
  /** Networks with containers that are to be found by name. */
  networks: string[];
};

const name = 'aardvark-dns';
const file = 'aardvark.pid';

/** @param runtime of whoever runs containers: `/run`, or a user's `XDG_RUNTIME_DIR`. */
export const nameServerIn = async (runtime: string): Promise<NameServer> => {
  const directory = join(runtime, 'containers', 'networks', name);
  const pidFile = join(directory, file);
  const pid = (await readFile(pidFile, 'utf8').catch(() => '')).trim();
  const command = (await readFile(`/proc/${pid || 'none'}/comm`, 'utf8').catch(() => '')).trim();
  const networks = (await readdir(directory).catch(() => [])).filter((one) => one !== file);
  return { pidFile, pid, command, networks };
};

export const answersNames = ({ command }: NameServer): boolean => command === name;
