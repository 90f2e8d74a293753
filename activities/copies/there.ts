/** Commands where btrfs copies lie: on this host, or on another one through ssh. */
import type { CopyTarget } from '../../domain/copy.ts';
import { passedOn } from '../../domain/commands.ts';
import { CopyError, type CopyErrorCode, type CopyJob } from '../ports/copies.ts';
import type { Host } from './driver.ts';
import { runMarked, type Ended, type Setting } from './process.ts';

export type Btrfs = CopyTarget & { by: 'btrfs' };

/**
 * Nobody is there to type a password, or to say yes to a key that is not known. A connection that is dead is given up after a
 * minute, one that cannot be made after 15 s.
 */
const sshOptions = ['BatchMode=yes', 'ConnectTimeout=15', 'ServerAliveInterval=15', 'ServerAliveCountMax=4'];

/** As a POSIX shell reads one word: ssh hands over one text, which a shell there takes apart. */
export const quoted = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`;

/** The command as it is run here. */
export const reach = ({ remote, sshConfig }: Btrfs, command: readonly string[]): string[] =>
  remote === undefined
    ? [...command]
    : [
        'ssh',
        ...(sshConfig === undefined ? [] : ['-F', sshConfig]),
        ...sshOptions.flatMap((option) => ['-o', option]),
        '--',
        remote,
        // btrfs is where a login of its own would look for it.
        `PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin LC_ALL=C exec ${command.map(quoted).join(' ')}`,
      ];

export const settingOf = ({ environment, stallMs }: Host, { operation, signal }: CopyJob): Setting => {
  // ssh asks its agent, where there is one.
  const own = passedOn(environment, ['SSH_AUTH_SOCK']);
  // The system's own commands come before those that a user has put in front of them.
  const path = `/usr/sbin:/usr/bin:/sbin:/bin:${own['PATH'] ?? ''}`;
  return { operation, environment: { ...own, PATH: path, LC_ALL: 'C' }, signal, stallMs };
};

/** @returns its standard output. @throws CopyError with what it said. */
export const runThere = async (
  host: Host,
  job: CopyJob,
  target: Btrfs,
  command: readonly string[],
): Promise<string> => {
  const ended = await runMarked(reach(target, command), settingOf(host, job));
  if (ended.exitCode === 0) return ended.stdout;
  throw failureOf(target, command[0] ?? '', ended);
};

/** @param program that is told of. */
export const failureOf = ({ remote }: Btrfs, program: string, { exitCode, stderr }: Ended): CopyError => {
  const said = stderr.trim().split('\n').slice(-2).join(' ');
  // ssh's own: ssh(1).
  if (remote !== undefined && exitCode === 255)
    return new CopyError('unreachable', `${remote} cannot be reached: ${said || 'ssh ended with 255'}`);
  return new CopyError(
    codeOf(said),
    `${program}${remote === undefined ? '' : ` on ${remote}`} ended with ${exitCode ?? 'a signal'}: ${said}`,
  );
};

const codeOf = (said: string): CopyErrorCode => {
  if (/no space left|quota exceeded/i.test(said)) return 'no-space';
  if (/not permitted|permission denied/i.test(said)) return 'permission';
  if (/command not found|: not found$/i.test(said)) return 'unsupported';
  return 'internal';
};
