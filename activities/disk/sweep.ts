/** What is old below a directory, found or removed by `sweep.py`: Node cannot go from a directory's descriptor to a name in it. */
import { join } from 'node:path';
import type { Sweep, Swept } from '../ports/disk.ts';
import type { Run } from '../snapshots/run.ts';

const program = join(import.meta.dirname, 'sweep.py');

/** @param remove false: only looks. Isolated (`-I -S`): nothing that a user has installed is read. */
export const sweep = async (
  run: Run,
  { root, olderThanMs, names, keep, keepWhy }: Sweep,
  remove: boolean,
  signal?: AbortSignal,
): Promise<Swept> => {
  const asked = { root, olderThanMs, names: names ?? null, keep, keepWhy, remove };
  return JSON.parse(await run('python3', ['-I', '-S', program, JSON.stringify(asked)], signal)) as Swept;
};
