/** What is known of the paths of a guarded command before it: their classes, and the databases that run on them. */
import { classesOf } from '../domain/data-set.ts';
import { clientsOf, type DumpPlan } from '../domain/data.ts';
import { runningDatabases, standingDatabases } from '../domain/database.ts';
import type { KnownData, Restore } from '../domain/guard.ts';
import { serviceOf, stackOf } from '../domain/labels.ts';
import { parseStackName } from '../domain/names.ts';
import { isSqliteWish } from '../domain/sqlite.ts';
import type { Release } from '../domain/release.ts';
import type { ContainerFacts } from '../domain/world.ts';
import { askDatabase } from './dump.ts';
import { placedSets } from './data-set.ts';
import type { Ports } from './ports/index.ts';
import { runningRelease, secretsOf } from './release.ts';
import { dumpedKind } from './restore-dump.ts';
import { sqliteFacts } from './world.ts';

/**
 * @param containers their mounts with every link followed. @param paths whose databases are asked.
 * @param restore what is to be brought back.
 */
export const knownData = async (
  ports: Ports,
  containers: readonly ContainerFacts[],
  paths: (classes: KnownData['classes']) => readonly string[],
  restore: readonly Restore[] = [],
): Promise<KnownData> => {
  const ofSets = classesOf(await placedSets(ports));
  const releases = await runningReleases(ports, containers);
  const ofStacks = releases.map((release) => classesIn(release, containers));
  const classes = { ...ofSets, ...Object.assign({}, ...ofStacks) } as KnownData['classes'];
  const wanted = new Set(paths(classes));
  const databases: KnownData['databases'] = {};
  for (const release of releases) {
    const found = runningDatabases(release.spec, containers, ofSets).filter(({ path }) => wanted.has(path));
    if (found.length === 0) continue;
    const { redact } = await secretsOf(ports, release);
    for (const database of found)
      databases[database.path] = {
        ...database,
        ...(await askDatabase(ports, database, redact)),
        clients: clientsOf(database.service, [release.spec]),
      };
  }
  const takers = releases.flatMap(({ spec }) =>
    standingDatabases(spec, containers, ofSets).map((database) => ({
      ...database,
      clients: clientsOf(database.service, [spec]),
    })),
  );
  return {
    classes,
    databases,
    sqlite: await sqliteFacts(
      ports,
      [...wanted].filter((path) => isSqliteWish(classes[path])),
    ),
    dumps: await dumpsAmong(ports, restore, takers),
  };
};

/** @param takers databases that run, or could. */
const dumpsAmong = async (
  ports: Ports,
  restore: readonly Restore[],
  takers: readonly (DumpPlan & { path: string })[],
): Promise<NonNullable<KnownData['dumps']>> => {
  const dumps: NonNullable<KnownData['dumps']> = {};
  for (const { path, snapshot: name } of restore) {
    const kind = await dumpedKind(ports, path, name);
    if (!kind) continue;
    const taker = takers.find((one) => one.path === path);
    dumps[path] = { kind, ...(taker ? { database: dumpPlanOf(taker) } : {}) };
  }
  return dumps;
};

const dumpPlanOf = ({ kind, service, container, clients }: DumpPlan): DumpPlan => ({
  kind,
  service,
  container,
  clients,
});

const runningReleases = async (
  { memory }: Ports,
  containers: readonly ContainerFacts[],
): Promise<Release[]> => {
  const stacks = new Set(containers.flatMap(({ labels }) => parseStackName(stackOf(labels) ?? '') ?? []));
  const releases = await Promise.all(
    [...stacks].map(async (stack) => await runningRelease({ memory }, stack)),
  );
  return releases.flatMap((release) => release ?? []);
};

/** What the containers of a release mount, by what its services say of it. */
const classesIn = ({ spec }: Release, containers: readonly ContainerFacts[]): KnownData['classes'] =>
  Object.fromEntries(
    containers
      .filter(({ labels }) => stackOf(labels) === spec.name)
      .flatMap(({ labels, mounts }) => {
        const data = spec.services.find(({ name }) => name === serviceOf(labels))?.data ?? {};
        return mounts.flatMap(({ source, target, type }) => {
          const wish = type === 'tmpfs' ? undefined : (data[target] ?? data[source]);
          return wish === undefined ? [] : [[source, wish] as const];
        });
      }),
  );
