/** Where things are on this host: its name and the XDG directories. Pure; the caller reads the environment. */

export type HostConfig = {
  /** Part of workflow ids and the task queue. `BATON_HOST`, or the host's own name, lower case. */
  host: string;
  /** Releases, operations, private files, the SQLite file of the dev server. */
  stateDirectory: string;
  /** What can be fetched or built again. */
  cacheDirectory: string;
  configDirectory: string;
};

/** What the owner lays down for every operation on the host; it need not be there. */
export const batonFileOf = ({ configDirectory }: HostConfig): string => `${configDirectory}/baton.yml`;

/** The owner's playbooks; it need not be there. */
export const playbooksOf = ({ configDirectory }: HostConfig): string => `${configDirectory}/playbooks`;

/** How far Baton may go by itself; it need not be there. */
export const preferencesFileOf = ({ configDirectory }: HostConfig): string =>
  `${configDirectory}/preferences.yml`;

/** What is set for Baton on this host cannot be used. The message says what is set where, and that nothing was changed. */
export class ConfigFailure extends Error {
  override readonly name = 'ConfigFailure';
  constructor(message: string, options?: ErrorOptions) {
    super(`${message} Nothing was changed.`, options);
  }
}

/** It is part of workflow ids, task queues and file names. Host names themselves have no underscores, but machines do. */
const hostName = /^[a-z0-9_](?:[a-z0-9_.-]{0,61}[a-z0-9_])?$/;

/**
 * @see https://specifications.freedesktop.org/basedir-spec/latest/ for the variables and their defaults; relative paths are to
 * be ignored.
 * @throws ConfigFailure where the host's name cannot be one.
 */
export const hostConfig = (
  environment: Readonly<Record<string, string | undefined>>,
  defaults: { hostname: string; home: string },
): HostConfig => {
  const home = environment['HOME'] ?? defaults.home;
  const xdg = (variable: string, fallback: string): string => {
    const directory = environment[variable];
    return `${directory?.startsWith('/') ? directory : `${home}/${fallback}`}/baton`;
  };
  const named = environment['BATON_HOST'];
  const host = (named ?? defaults.hostname).toLowerCase();
  if (!hostName.test(host))
    throw new ConfigFailure(
      `${named === undefined ? 'The name of this machine' : 'BATON_HOST'} is ${JSON.stringify(host)}; a host is named with letters, digits, dots and dashes, 63 at most.`,
    );
  return {
    host,
    stateDirectory: xdg('XDG_STATE_HOME', '.local/state'),
    cacheDirectory: xdg('XDG_CACHE_HOME', '.cache'),
    configDirectory: xdg('XDG_CONFIG_HOME', '.config'),
  };
};
