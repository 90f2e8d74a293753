/** A command on a host: what is asked for, how it ended, and how a person would type it. */
import { formatBytes } from './size.ts';

export type GuardedCommand = {
  /** The program and its arguments; one text for `/bin/sh -c` where `shell` is true. */
  args: string[];
  shell: boolean;
  /** Where it runs: an absolute path on the worker's host. */
  directory: string;
  /** Names of variables that it gets from the worker's environment, besides those of {@link passedOn}. */
  variables: string[];
  /** The user that it runs as; absent: the worker's own. */
  user?: string;
  /** It runs in a systemd scope of its own, with these properties (`MemoryMax=2G`); absent: in none. */
  scope?: string[];
  timeoutMs: number;
  outputLimitBytes: number;
};

/** Whether a property of a scope is written as systemd.resource-control(5) has it. What it means, systemd decides. */
export const isScopeProperty = (text: string): boolean => /^[A-Z][A-Za-z]*=\P{Cc}+$/u.test(text);

/** A command that nobody limits otherwise. */
export const defaultTimeoutMs = 24 * 3_600_000;
export const defaultOutputLimitBytes = 2 ** 26;

/** What every command on the host gets of the worker's environment. */
const plainVariables: readonly string[] = ['PATH', 'HOME', 'USER', 'LOGNAME', 'LANG', 'LC_ALL', 'TZ'];

/** @param more names of variables that are passed on too. */
export const passedOn = (
  environment: Readonly<Record<string, string | undefined>>,
  more: readonly string[] = [],
): Record<string, string> =>
  Object.fromEntries(
    [...plainVariables, ...more].flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );

/** How a command ended. `lost`: its worker died, so it was ended, and nobody knows how far it came. */
export type CommandEnd = {
  how: 'exited' | 'killed' | 'timed-out' | 'too-much-output' | 'lost' | 'not-started';
  /** Only where it exited. */
  exitCode?: number;
  /** The signal that killed it, or why it could not be started. */
  why?: string;
  /** Where its output is kept, on the worker's host. */
  log: string;
  /** The last lines of its output, values of variables taken out. */
  tail: string;
  tookMs: number;
};

/** How the command ended, where that is not as it should have. */
export const commandFailure = (
  { how, exitCode, why }: CommandEnd,
  { timeoutMs, outputLimitBytes }: GuardedCommand,
): string | undefined => {
  switch (how) {
    case 'exited':
      return exitCode === 0 ? undefined : `It ended with exit code ${exitCode ?? '?'}.`;
    case 'killed':
      return `It was killed by ${why ?? 'a signal'}.`;
    case 'timed-out':
      return `It was ended after ${timeoutMs / 1000} s, the most that it was given (--timeout).`;
    case 'too-much-output':
      return `It was ended because it printed more than ${formatBytes(outputLimitBytes)} (--output-limit).`;
    case 'lost':
      return 'The worker died while it ran, so it was ended; how far it came is not known.';
    case 'not-started':
      return `It could not be started: ${why ?? 'no reason was given'}.`;
  }
};

/** As a person would type it. */
export const commandText = ({ args, shell }: Pick<GuardedCommand, 'args' | 'shell'>): string =>
  shell
    ? (args[0] ?? '')
    : args
        .map((word, index) =>
          // A first word with a "=" in it would be read as an assignment.
          (index === 0 ? /^[\w@%+:,./-]+$/ : /^[\w@%+=:,./-]+$/).test(word)
            ? word
            : `'${word.replaceAll("'", String.raw`'\''`)}'`,
        )
        .join(' ');
