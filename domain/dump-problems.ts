/** What stands in the way of a dump: the same before a deploy and before a guarded command. */
import { dumpTools, dumpKinds, type DatabaseKind } from './database.ts';
import type { DataPlan, DumpPlan } from './data.ts';
import type { Problem } from './problem.ts';
import { formatBytes } from './size.ts';
import { minimumFreeBytes, type SnapshotName } from './snapshot.ts';
import type { ContainerFacts, DatabaseFacts, PathFacts } from './world.ts';

const error = (code: string, message: string, next?: string): Problem => ({
  severity: 'error',
  code,
  message: `${message} Nothing was changed.`,
  ...(next === undefined ? {} : { next }),
});

/** A dump is smaller than its database, as a rule: indexes are not in it, and PostgreSQL's is compressed. Not always. */
export const dumpProblems = (
  { path, dump, sizeBytes }: Pick<DataPlan, 'path' | 'dump' | 'sizeBytes'>,
  { freeBytes }: Pick<PathFacts, 'freeBytes'>,
  database: DatabaseFacts | undefined,
): Problem[] => {
  if (!dump || !database) return [];
  const { container, kind } = dump;
  if (!database.answers)
    return [
      error(
        'database-silent',
        `The database in container "${container.name}" cannot be dumped through ${dumpTools[kind].dump}: ${database.why}`,
        `Mend that, or stop "${container.name}": the files of a database at rest are snapshotted. x-baton.data: { ${path}: snapshot } does that while it runs, too.`,
      ),
    ];
  // The dump now, and the database made anew from it beside what the failed change left.
  if (sizeBytes * 2 + minimumFreeBytes <= freeBytes) return [];
  return [
    error(
      'no-space',
      `Dumping the database in container "${container.name}", and restoring it, may take ${formatBytes(sizeBytes * 2)}; the filesystem of ${path} has ${formatBytes(freeBytes)} left.`,
    ),
  ];
};

/** Its class is dump, something runs on it, and nobody knows which database that is. @param writers of them the running ones count. */
export const unknownDatabase = (path: string, writers: readonly ContainerFacts[]): Problem[] =>
  writers
    .filter(({ status }) => status === 'running')
    .slice(0, 1)
    .map(({ name }) =>
      error(
        'unknown-database',
        `${path} is declared as a dump. Container "${name}" writes to it, and is no database that Baton knows to run there.`,
        `Say which database it is, class: { dump: ${dumpKinds.join(' | ')} }, or stop it; or use snapshot.`,
      ),
    );

/** A dump goes back into a container that makes itself anew, so there must be one, and of its kind. */
export const noTaker = (
  { path, snapshot }: { path: string; snapshot: SnapshotName },
  dump: { kind: DatabaseKind; database?: DumpPlan } | undefined,
): Problem[] => {
  if (!dump || dump.database?.kind === dump.kind) return [];
  const found = dump.database
    ? `Container "${dump.database.container.name}" there is a ${dump.database.kind}.`
    : 'No container there is known as its database.';
  return [
    error(
      'no-database',
      `${snapshot} of ${path} is a dump of a ${dump.kind} database, which a container of that kind has to take in. ${found}`,
      `Bring one up whose x-baton.data has { ${path}: { dump: ${dump.kind} } }, or restore the dump by hand: docs/dumps.md says how.`,
    ),
  ];
};

export const writesTo =
  (path: string) =>
  ({ mounts }: ContainerFacts): boolean =>
    mounts.some(({ source, readOnly, type }) => type !== 'tmpfs' && !readOnly && source === path);
