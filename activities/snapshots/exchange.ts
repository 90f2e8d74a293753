/**
 * Exchanging two paths in one step, so that no moment exists in which neither old nor new data is there:
 * `renameat2(2)` with RENAME_EXCHANGE. Node does not offer it; Python, which every distribution has, does.
 */
import { SnapshotError } from '../ports/snapshots.ts';
import type { Run } from './run.ts';

const python = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.renameat2(-100, os.fsencode(sys.argv[1]), -100, os.fsencode(sys.argv[2]), 2) != 0:
    error = ctypes.get_errno()
    sys.exit(f"{os.strerror(error)}: {sys.argv[1]} and {sys.argv[2]}")
`;

/** Both must exist, on one filesystem, and neither may be a mount point. */
export const exchange = async (run: Run, one: string, other: string): Promise<void> => {
  try {
    await run('python3', ['-c', python, one, other]);
  } catch (error) {
    throw new SnapshotError(
      error instanceof SnapshotError ? error.code : 'internal',
      `The data could not be exchanged: ${error instanceof Error ? error.message : String(error)}`,
      { cause: error },
    );
  }
};
