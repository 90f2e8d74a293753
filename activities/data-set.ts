/** Data sets of this host, with the places that they lie at now. */
import { writtenPath, rulesOf, type DataSet, type PlacedSet } from '../domain/data-set.ts';
import type { RetentionRule } from '../domain/retention.ts';
import type { Settings } from '../domain/settings.ts';
import { realOr } from './data.ts';
import type { Ports } from './ports/index.ts';
import { demandSettings } from './settings.ts';

/** Looks each up: a volume at the engine, a link on the disk. */
const placed = async ({ engine }: Pick<Ports, 'engine'>, sets: readonly DataSet[]): Promise<PlacedSet[]> =>
  await Promise.all(
    sets.map(async (set) => {
      const written =
        'volume' in set.place ? (await engine.inspectVolume(set.place.volume))?.mountpoint : writtenPath(set);
      return written === undefined ? set : { ...set, path: await realOr(written) };
    }),
  );

/** Those of `baton.yml` as it stands. @throws a permanent failure where it cannot be read. */
export const placedSets = async (ports: Ports): Promise<PlacedSet[]> =>
  await placed(ports, (await demandSettings(ports)).sets);

/** Those of data sets count first: they are about one path each. */
export const retentionRules = async (
  ports: Pick<Ports, 'engine'>,
  { sets, snapshots }: Settings,
): Promise<RetentionRule[]> => [...rulesOf(await placed(ports, sets)), ...snapshots];
