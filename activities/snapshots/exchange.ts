/**
 * Exchanging two paths in one step, so that no moment exists in which neither old nor new data is there:
 * `renameat2(2)` with RENAME_EXCHANGE. Node does not offer it; Python, which every distribution has, does.
 */
import { runPython, type Run } from './run.ts';

const python = `
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
if libc.renameat2(-100, os.fsencode(sys.argv[1]), -100, os.fsencode(sys.argv[2]), 2) != 0:
    error = ctypes.get_errno()
    sys.exit(f"The data could not be exchanged: {os.strerror(error)}: {sys.argv[1]} and {sys.argv[2]}")
`;

/** Both must exist, on one filesystem, and neither may be a mount point. */
export const exchange = async (run: Run, one: string, other: string): Promise<void> => {
  await runPython(run, python, one, other);
};
