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

/** @see https://specifications.freedesktop.org/basedir-spec/latest/ for the variables and their defaults. */
export const hostConfig = (
  environment: Readonly<Record<string, string | undefined>>,
  defaults: { hostname: string; home: string },
): HostConfig => {
  const home = environment['HOME'] ?? defaults.home;
  const xdg = (variable: string, fallback: string): string =>
    `${environment[variable] ?? `${home}/${fallback}`}/baton`;
  return {
    host: (environment['BATON_HOST'] ?? defaults.hostname).toLowerCase(),
    stateDirectory: xdg('XDG_STATE_HOME', '.local/state'),
    cacheDirectory: xdg('XDG_CACHE_HOME', '.cache'),
    configDirectory: xdg('XDG_CONFIG_HOME', '.config'),
  };
};
