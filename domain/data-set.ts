/**
 * Data sets: what the owner of a host calls his data. Each has a place, a class, and what is kept of it; how its restore is
 * tested is told in `domain/restore-test.ts`.
 */
import type { ProofHistory, RestoreState, RestoreWish } from './restore-test.ts';
import type { RetentionRule, Keep } from './retention.ts';
import type { SnapshotDriver, SnapshotName } from './snapshot.ts';
import type { DataWish, Location } from './stack.ts';

/** What is done with a set. What is not the host's own is no set of it. */
export type SetClass = Exclude<DataWish, 'external'>;

/** Where it lies: a path of the host, one that must be a btrfs subvolume, or a named volume of the engine. */
export type SetPlace =
  | { path: string }
  | { subvolume: string }
  | {
      /** As the engine calls it. */
      volume: string;
    };

/** A set as `baton.yml` lays it down. */
export type DataSet = {
  name: string;
  place: SetPlace;
  class: SetClass;
  /** Counts before the rules of `snapshots`. */
  keep?: Keep;
  /** What its restore is asked; absent: as the stack says, or what its kind knows by itself. */
  restoreTest?: RestoreWish;
  at: Location;
};

/** A set whose place was looked up. */
export type PlacedSet = DataSet & {
  /** On the host, with every link followed; absent where nothing is there. */
  path?: string;
};

/** A path as `baton.yml` writes it; `undefined` for a volume, whose place only the engine knows. */
export const writtenPath = ({ place }: DataSet): string | undefined =>
  'path' in place ? place.path : 'subvolume' in place ? place.subvolume : undefined;

/** `/srv/immich/library`, `subvolume /srv/immich`, `volume immich_library`. */
export const placeText = ({ place }: DataSet): string =>
  'path' in place
    ? place.path
    : 'subvolume' in place
      ? subvolumeText(place.subvolume)
      : volumeText(place.volume);

/** How `data` of a guard names a volume whose path is not known yet. */
export const volumeText = (volume: string): string => `volume ${volume}`;

/** What is written as data where it is a btrfs subvolume by its name in its filesystem. */
export const subvolumeText = (name: string): string => `subvolume ${name}`;

/** The reverse of {@link subvolumeText}. */
export const parseSubvolumeText = (text: string): string | undefined => /^subvolume (.+)$/.exec(text)?.[1];

/** The reverse of {@link volumeText}. */
export const parseVolumeText = (text: string): string | undefined => /^volume (.+)$/.exec(text)?.[1];

/** `snapshot`, `dump (postgres)`, `discard`. */
export const classText = ({ class: kind }: DataSet): string =>
  typeof kind === 'object' ? `dump (${kind.dump})` : kind;

/** Whether something is kept of it, that can be brought back. */
export const isKept = ({ class: kind }: DataSet): boolean => kind !== 'discard';

/** The class of each path that a set is of, by the path as written and as it really is. */
export const classesOf = (sets: readonly PlacedSet[]): Record<string, SetClass> =>
  Object.fromEntries(
    sets.flatMap((set) =>
      [writtenPath(set), set.path].flatMap((path) =>
        path === undefined ? [] : [[path, set.class] as const],
      ),
    ),
  );

/** Rules that count for the paths of sets; those of `snapshots` come after them. */
export const rulesOf = (sets: readonly PlacedSet[]): RetentionRule[] =>
  sets.flatMap(({ path, keep }) => (path === undefined || !keep ? [] : [{ path, keep }]));

/** A set as it is shown. */
export type SetStatus = {
  name: string;
  place: string;
  /** The real one, where something is there. */
  path?: string;
  class: string;
  /** How many snapshots there are, and the newest one. */
  count: number;
  newest?: { name: SnapshotName; takenAt: string; driver: SnapshotDriver };
  /** Absent where nothing of it is kept. */
  restore?: { state: RestoreState } & Partial<ProofHistory>;
  /** As `baton.yml` says. */
  keep?: Keep;
  /** In words; nothing where all is well. */
  wrong: string[];
};
