/** Where a stack's data is: what its services mount, and what is said of it. */
import { isSqliteWish } from './sqlite.ts';
import type { ServiceName } from './names.ts';
import type { DataWish, MountSpec, ServiceSpec, StackSpec } from './stack.ts';
import type { World } from './world.ts';

/** @property path on the host. */
export type Mounted = { path: string; volume?: string; service: ServiceSpec; mount: MountSpec };

export const writableMounts = (spec: StackSpec, world: Pick<World, 'volumes'>): Mounted[] =>
  spec.services.flatMap((service) =>
    service.mounts.flatMap((mount): Mounted[] => {
      if (mount.type === 'tmpfs' || mount.readOnly) return [];
      if (mount.type === 'bind') return [{ path: mount.source, service, mount }];
      const named = mount.volume === undefined ? undefined : spec.volumes[mount.volume];
      const present = named && world.volumes[named.name];
      return present ? [{ path: present.mountpoint, volume: named.name, service, mount }] : [];
    }),
  );

/** @property previous the container whose anonymous volumes it takes over. */
export type Handover = { service: ServiceName; previous?: { id: string } };

/** Anonymous volumes of a container that is replaced: they are handed on to the new one, as Compose does. */
export const carriedVolumes = (spec: StackSpec, services: readonly Handover[], world: World): Mounted[] =>
  services.flatMap((plan) => {
    const service = spec.services.find(({ name }) => name === plan.service);
    const container = world.containers.find(({ id }) => id === plan.previous?.id);
    if (!service || !container) return [];
    const targets = new Set(
      service.mounts.filter((m) => m.type !== 'volume' || m.volume !== undefined).map(({ target }) => target),
    );
    return container.mounts.flatMap((mount): Mounted[] => {
      if (
        mount.type !== 'volume' ||
        mount.readOnly ||
        targets.has(mount.target) ||
        mount.volume === undefined
      )
        return [];
      const carried: MountSpec = {
        type: 'volume',
        target: mount.target,
        readOnly: false,
        noCopy: false,
        at: service.at,
      };
      return [{ path: mount.source, volume: mount.volume, service, mount: carried }];
    });
  });

export const wishOf = ({ path, service, mount }: Mounted, classes: World['classes']): DataWish | undefined =>
  ownWish(service, mount.target, path) ?? classes?.[path];

export const ownWish = ({ data }: ServiceSpec, target: string, path: string): DataWish | undefined =>
  data[target] ?? data[path];

/** What of a stack's data is declared to be dumped as SQLite. */
export const sqlitePaths = (
  spec: StackSpec,
  { volumes, classes }: Pick<World, 'volumes' | 'classes'>,
): string[] => [
  ...new Set(
    writableMounts(spec, { volumes }).flatMap((mounted) =>
      isSqliteWish(wishOf(mounted, classes)) ? [mounted.path] : [],
    ),
  ),
];
