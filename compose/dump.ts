/** `dump` in `x-baton.data`: of which database, must be known. */
import { dumpKinds, isDumpWish, kindOf } from '../domain/database.ts';
import { isSqliteWish } from '../domain/sqlite.ts';
import type { MountSpec, ServiceSpec, StackSpec } from '../domain/stack.ts';
import type { Reader } from './reader.ts';

/** A service that only mounts what another one's database writes needs no kind of its own. */
export const checkDumps = (reader: Reader, { services }: StackSpec): void => {
  const known = new Set(
    services.flatMap((service) =>
      dumpsOf(service).flatMap(({ places, kind }) => (kind === undefined ? [] : places)),
    ),
  );
  for (const service of services)
    for (const { path, places, kind } of dumpsOf(service))
      if (kind === undefined && !places.some((place) => known.has(place)))
        reader.error(
          service.at,
          'unknown-database',
          `Which database writes ${path} of "${service.name}" is not told by its image "${service.image}".`,
          `Say it: x-baton.data: { ${path}: { dump: ${dumpKinds.join(' | ')} } }, or use snapshot.`,
        );
};

type Dump = { path: string; places: string[]; kind: ReturnType<typeof kindOf> };

const dumpsOf = ({ data, mounts, image }: ServiceSpec): Dump[] =>
  Object.entries(data).flatMap(([path, wish]) =>
    isDumpWish(wish) && !isSqliteWish(wish)
      ? [
          {
            path,
            places: mounts.flatMap((mount) => placesOf(mount, path)),
            kind: kindOf(wish, image),
          },
        ]
      : [],
  );

/** What is mounted there: other services may mount it too, elsewhere. */
const placesOf = (mount: MountSpec, path: string): string[] => {
  if (mount.type === 'tmpfs') return [];
  const source = mount.type === 'bind' ? mount.source : mount.volume;
  return source !== undefined && (mount.target === path || source === path) ? [source] : [];
};
