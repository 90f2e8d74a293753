import { execa } from 'execa';
import { SnapshotError, type SnapshotErrorCode } from '../ports/snapshots.ts';

/** Runs one command to its end. @returns its standard output. @throws SnapshotError with what it said. */
export type Run = (command: string, args: readonly string[], signal?: AbortSignal) => Promise<string>;

/** The system's own commands come before those that a user has put in front of them. */
export const systemPath = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', process.env['PATH']].join(':');

export const run: Run = async (command, args, signal) => {
  const result = await execa(command, [...args], {
    reject: false,
    stdin: 'ignore',
    env: { LC_ALL: 'C', PATH: systemPath },
    ...(signal ? { cancelSignal: signal } : {}),
  });
  if (result.exitCode === 0) return result.stdout;
  const complaints = result.stderr.trim().split('\n');
  throw new SnapshotError(
    codeOf(complaints),
    `${command} ended with ${result.exitCode ?? result.signal ?? 'an error'}: ${complaints.at(-1) || String(result.shortMessage)}`,
  );
};

const codeOf = (complaints: readonly string[]): SnapshotErrorCode => {
  const some = (words: RegExp): boolean => complaints.some((line) => words.test(line));
  if (some(/no space left|quota exceeded/i)) return 'no-space';
  if (some(/not permitted|permission denied/i)) return 'permission';
  return complaints.every((line) => /no such file or directory/i.test(line)) ? 'vanished' : 'internal';
};

/** For system calls that Node does not offer. Isolated (`-I -S`): nothing that a user has installed is read, and it starts in 20 ms. */
export const runPython = async (run: Run, script: string, ...args: string[]): Promise<string> =>
  await run('python3', ['-I', '-S', '-c', script, ...args]);
