/** What a restore test would bring up: of each set its newest snapshot, and the service that can read it. */
import type { PlacedSet } from '../domain/data-set.ts';
import { classText, isKept } from '../domain/data-set.ts';
import { kindOf, type DatabaseKind } from '../domain/database.ts';
import type { ServiceName } from '../domain/names.ts';
import type { Release } from '../domain/release.ts';
import {
  questionOf,
  type RestoreQuestion,
  type RestoreTestPlan,
  type SetTestPlan,
  type Untestable,
} from '../domain/restore-test.ts';
import { newestGood, type SnapshotInfo } from '../domain/snapshot.ts';
import type { ServiceSpec } from '../domain/stack.ts';
import { placedSets } from './data-set.ts';
import { runningRelease } from './release.ts';
import { keptTag } from './image.ts';
import type { ImageState } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { manifestOf } from './restore-dump.ts';
import { recordsOf, snapshotsOf } from './snapshot.ts';
import { isIn, sourceOf } from './throwaway.ts';

export const plannedTests = async (ports: Ports, names: readonly string[]): Promise<RestoreTestPlan> => {
  const read = await ports.settings();
  if (!read.ok) return { tests: [], untestable: [], problems: read.problems };
  const sets = await placedSets(ports);
  const missing = names.filter((name) => !sets.some((set) => set.name === name));
  if (missing.length > 0)
    return {
      tests: [],
      untestable: [],
      problems: missing.map((name) => ({
        severity: 'error',
        code: 'no-such-set',
        message: `There is no data set "${name}". Nothing was tried.`,
        next: 'baton data',
      })),
    };
  const wanted = sets.filter((set) => (names.length === 0 ? isKept(set) : names.includes(set.name)));
  const plans = await Promise.all(wanted.map(async (set) => await plannedTest(ports, set)));
  return {
    tests: plans.flatMap((plan) => ('why' in plan ? [] : [plan])),
    untestable: plans.flatMap((plan) => ('why' in plan ? [plan] : [])),
    problems: [],
  };
};

const plannedTest = async (ports: Ports, set: PlacedSet): Promise<SetTestPlan | Untestable> => {
  const cannot = (why: string): Untestable => ({ set: set.name, why });
  if (!isKept(set)) return cannot(`Its class is ${classText(set)}: nothing of it is kept.`);
  if (set.path === undefined) return cannot('Its volume is not there.');
  const newest = newestGood(await snapshotsOf(ports, set.path, await recordsOf(ports)));
  if (!newest) return cannot('There is no snapshot of it yet, whose operation has ended.');
  const kind = newest.driver === 'dump' ? await kindOfDump(newest) : undefined;
  if (kind === 'unreadable') return cannot(`The manifest of ${newest.name} cannot be read.`);
  const found = await serviceFor(ports, set, set.path, kind);
  if (!found) return cannot('No release that was deployed here has a service that mounts it.');
  const { release, service } = found;
  const image = await imageForTest(ports, release, service.name);
  if (image === undefined) return cannot(`The image of "${service.name}" is not here.`);
  const ask = questionOf(service.restoreTest, set.restoreTest);
  const question = await questionText(ports, ask, service, image, kind);
  if (question === undefined)
    return cannot(
      `Nobody said what to ask it, and "${service.name}" has no healthcheck. Say it: restore_test: { exec: … }.`,
    );
  return {
    set: set.name,
    path: set.path,
    snapshot: newest.name,
    driver: newest.driver,
    stack: release.spec.name,
    release: release.id,
    service: service.name,
    ask,
    question,
  };
};

const kindOfDump = async ({ location }: SnapshotInfo): Promise<DatabaseKind | 'unreadable'> => {
  try {
    return (await manifestOf(location)).kind;
  } catch (error) {
    if (error instanceof SyntaxError) return 'unreadable';
    throw error;
  }
};

type Found = { release: Release; service: ServiceSpec };

/** Of those that mount it: a database of that kind, then one that may write to it, then any. */
const serviceFor = async (
  ports: Ports,
  set: PlacedSet,
  path: string,
  kind: DatabaseKind | undefined,
): Promise<Found | undefined> => {
  const { stack: wantedStack, service: wantedService } = set.restoreTest ?? {};
  const candidates: (Found & { rank: number })[] = [];
  for (const stack of await ports.memory.stacks()) {
    if (wantedStack !== undefined && wantedStack !== stack) continue;
    const release = await runningRelease(ports, stack);
    for (const service of release?.spec.services ?? []) {
      if (!release || (wantedService !== undefined && wantedService !== service.name)) continue;
      const mount = await mountOfPath(ports, release, service, path);
      if (!mount) continue;
      const isDatabase = kind !== undefined && kindIn(service, set) === kind;
      candidates.push({ release, service, rank: isDatabase ? 0 : mount.readOnly ? 2 : 1 });
    }
  }
  return candidates.sort((a, b) => a.rank - b.rank)[0];
};

const mountOfPath = async (
  ports: Ports,
  release: Release,
  service: ServiceSpec,
  path: string,
): Promise<ServiceSpec['mounts'][number] | undefined> => {
  for (const mount of service.mounts) {
    const source = await sourceOf(ports, release, mount);
    if (source !== undefined && isIn(path, source)) return mount;
  }
  return undefined;
};

const kindIn = ({ data, image }: ServiceSpec, set: PlacedSet): DatabaseKind | undefined =>
  [...Object.values(data), set.class].map((wish) => kindOf(wish, image)).find((kind) => kind !== undefined);

/** By the release, as it runs: nothing is pulled. @returns its id. */
export const imageForTest = async (
  ports: Pick<Ports, 'engine'>,
  release: Release,
  service: ServiceName,
): Promise<string | undefined> => (await imageHere(ports, release, service))?.id;

const imageHere = async (
  { engine }: Pick<Ports, 'engine'>,
  { id: release, spec, images }: Release,
  service: ServiceName,
): Promise<ImageState | undefined> => {
  const id = images[service];
  return (
    (id === undefined ? undefined : await engine.inspectImage(id)) ??
    (await engine.inspectImage(keptTag(spec.name, service, release)))
  );
};

/** @returns nothing where there is nothing to ask. */
const questionText = async (
  { engine }: Ports,
  { command, contains }: RestoreQuestion,
  { probe, healthcheck }: ServiceSpec,
  image: string,
  kind: DatabaseKind | undefined,
): Promise<string | undefined> => {
  const counted = kind === undefined ? [] : ['whether it holds what was counted when it was dumped'];
  const asked = command
    ? [
        `${command.join(' ')}${contains === undefined ? '' : `, whose output holds ${JSON.stringify(contains)}`}`,
      ]
    : [];
  if (counted.length + asked.length > 0) return [...counted, ...asked].join('; then ');
  if (probe?.type === 'exec') return 'the probe of its service';
  const own = (await engine.inspectImage(image))?.healthcheck;
  const has = healthcheck === undefined ? own !== undefined && own[0] !== 'NONE' : healthcheck !== 'disabled';
  return has ? 'the healthcheck of its service' : undefined;
};
