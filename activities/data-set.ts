/** Data sets of this host, with the places that they lie at now, and how they are. */
import {
  classText,
  isKept,
  placeText,
  rulesOf,
  writtenPath,
  type DataSet,
  type PlacedSet,
  type SetStatus,
} from '../domain/data-set.ts';
import type { ProvenSet } from '../domain/data-proof.ts';
import type { Problem } from '../domain/problem.ts';
import {
  restoreState,
  restoreStateText,
  type ProofHistory,
  type RestoreState,
} from '../domain/restore-test.ts';
import type { RetentionRule } from '../domain/retention.ts';
import type { Settings } from '../domain/settings.ts';
import { isBackup } from '../domain/snapshot.ts';
import { beating } from './activity.ts';
import { realOr } from './data.ts';
import type { Ports } from './ports/index.ts';
import { recordsOf, snapshotsOf, type Records } from './snapshot.ts';

/** Looks each up: a volume at the engine, a link on the disk. */
const placed = async ({ engine }: Pick<Ports, 'engine'>, sets: readonly DataSet[]): Promise<PlacedSet[]> =>
  await Promise.all(
    sets.map(async (set) => {
      const written =
        'volume' in set.place ? (await engine.inspectVolume(set.place.volume))?.mountpoint : writtenPath(set);
      return written === undefined ? set : { ...set, path: await realOr(written) };
    }),
  );

/** Those of `baton.yml` as it stands; none where it cannot be read, which refuses operations by itself: see `gate.ts`. */
export const placedSets = async (ports: Ports): Promise<PlacedSet[]> => {
  const read = await ports.settings();
  return read.ok ? await placed(ports, read.settings.sets) : [];
};

/** Those of data sets count first: they are about one path each. */
export const retentionRules = async (
  ports: Pick<Ports, 'engine'>,
  { sets, snapshots }: Settings,
): Promise<RetentionRule[]> => [...rulesOf(await placed(ports, sets)), ...snapshots];

export const dataSetActivities = (ports: Ports) => ({
  /** Each set with what is kept of it, and what is wrong. */
  async readDataSets(): Promise<{ sets: SetStatus[]; problems: Problem[] }> {
    return await beating(async () => await setStatuses(ports));
  },
});

export const setStatuses = async (ports: Ports): Promise<{ sets: SetStatus[]; problems: Problem[] }> => {
  const read = await ports.settings();
  if (!read.ok) return { sets: [], problems: read.problems };
  const [proofs, records] = [await ports.memory.proofs(), await recordsOf(ports)];
  const sets = await placed(ports, read.settings.sets);
  return {
    sets: await Promise.all(sets.map(async (set) => await statusOf(ports, set, proofs, records))),
    problems: [],
  };
};

const statusOf = async (
  ports: Ports,
  set: PlacedSet,
  proofs: Record<string, ProofHistory>,
  records: Records,
): Promise<SetStatus> => {
  const { name, path } = set;
  const kept = path === undefined ? [] : await snapshotsOf(ports, path, records);
  const newest = kept.findLast(isBackup);
  const restore = isKept(set) ? restoreOf(set, proofs) : undefined;
  const told = restore && restoreStateText(name, restore.state, restore);
  return {
    name,
    place: placeText(set),
    ...(path === undefined ? {} : { path }),
    class: classText(set),
    count: kept.length,
    ...(newest ? { newest: { name: newest.name, takenAt: newest.takenAt, driver: newest.driver } } : {}),
    ...(restore ? { restore } : {}),
    ...(set.keep ? { keep: set.keep } : {}),
    wrong: [
      ...(await wrongWith(ports, set)),
      ...(isKept(set) && !newest ? ['there is no snapshot of it'] : []),
      ...(told === undefined ? [] : [told]),
    ],
  };
};

const restoreOf = (
  { path = '', restoreTest }: PlacedSet,
  proofs: Record<string, ProofHistory>,
): NonNullable<SetStatus['restore']> => ({
  state: restoreState(proofs[path], Date.now(), restoreTest?.everyMs),
  ...proofs[path],
});

const wrongWith = async ({ snapshots }: Ports, set: PlacedSet): Promise<string[]> => {
  if (set.path === undefined) return ['there is no such volume'];
  const facts = await snapshots.inspect(set.path, { sizeLimitBytes: 0 });
  if (facts.type === 'missing') return ['nothing is there'];
  if ('subvolume' in set.place && !facts.isSubvolume) return ['it is no btrfs subvolume'];
  return isKept(set) && facts.driver === undefined ? [`no snapshot of it can be taken: ${facts.reason}`] : [];
};

/** By name, of the sets that some of these paths are of. */
export const restoreStates = async (
  ports: Ports,
  paths: readonly string[],
): Promise<Record<string, RestoreState>> => {
  const real = new Set(await Promise.all(paths.map(realOr)));
  return Object.fromEntries(
    (await provenSets(ports)).flatMap(({ name, path, state }) =>
      state !== 'not kept' && real.has(path) ? [[name, state]] : [],
    ),
  );
};

/** What is known of a restore of each path that a set is of. */
export const provenSets = async (ports: Ports): Promise<(ProvenSet & { name: string })[]> => {
  const sets = await placedSets(ports);
  const proofs = sets.length > 0 ? await ports.memory.proofs() : {};
  return sets.flatMap((set) =>
    set.path === undefined
      ? []
      : [{ name: set.name, path: set.path, state: isKept(set) ? restoreOf(set, proofs).state : 'not kept' }],
  );
};
