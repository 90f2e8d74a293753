/** Which paths may be declared as temporary: everything old below them goes, so what is not meant for that is refused. */
import { overlaps } from './paths.ts';

/** What lies where on the host, at the moment. Absolute, with links followed. */
export type PathsInUse = {
  homes: readonly string[];
  /** State, cache and configuration of Baton, and the storage of the engine. */
  own: readonly string[];
  /** Data of stacks, and mounts of containers; `who` for people. */
  data: readonly { path: string; who: string; readOnly: boolean }[];
};

/** Directories of the system as a whole. What is below `/tmp`, `/var/tmp`, `/srv` … may be declared. */
const system =
  /^\/(?:(?:bin|boot|dev|etc|lib|lib32|lib64|libx32|lost\+found|proc|sbin|sys|usr)(?:\/.*)?|home|media|mnt|opt|root|run|srv|var|run\/user|run\/systemd(?:\/.*)?|var\/(?:cache|lib|log|mail|spool|backups|local|run|lock|opt)|var\/lib\/(?:docker|containers|containerd)(?:\/.*)?)$/;

/** From the text alone. @returns what is wrong, as the end of a sentence that begins with the path. */
export const wrongTempPath = (path: string): string | undefined => {
  if (!path.startsWith('/')) return 'must be absolute';
  if (
    path === '/' ||
    path
      .split('/')
      .slice(1)
      .some((part) => ['', '.', '..'].includes(part))
  )
    return 'must be a path below / without "." or "..", and without a slash at its end';
  return system.test(path) ? 'belongs to the system; declare a directory of its own below it' : undefined;
};

/** From what stands on the host. @param real the path with every link followed. @returns why nothing is removed there. */
export const whyNotTemp = (path: string, real: string, inUse: PathsInUse): string[] => [
  ...(real === path ? [] : [`it leads through a symbolic link to ${real}; declare that path`]),
  ...(wrongTempPath(real) === undefined ? [] : [`${real} ${wrongTempPath(real) ?? ''}`]),
  ...inUse.homes.flatMap((home) => (isIn(real, home) ? [`it is, or holds, the home ${home}`] : [])),
  ...inUse.own.flatMap((own) => (overlaps(own, real) ? [`Baton or the engine keeps its own in ${own}`] : [])),
  ...inUse.data.flatMap(({ path: data, who, readOnly }) =>
    // Monitoring mounts the whole host to read it.
    (readOnly ? isIn(real, data) : data === '/' || overlaps(data, real)) ? [`${who} has ${data}`] : [],
  ),
];

/** True where `inner` is `outer`, or lies below it. */
const isIn = (outer: string, inner: string): boolean => inner === outer || inner.startsWith(`${outer}/`);
