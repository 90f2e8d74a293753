/** Dumps back into databases that have made themselves anew, empty. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { DumpPlan } from '../domain/data.ts';
import type { DatabaseKind, RunningDatabase } from '../domain/database.ts';
import { manifestName, type DumpManifest, type DumpPart } from '../domain/dump.ts';
import type { DataExchange } from '../domain/plan.ts';
import type { SnapshotName } from '../domain/snapshot.ts';
import type { Owner } from '../domain/subject.ts';
import { beating, permanent } from './activity.ts';
import { isRestored, nameOf, stopGraceMs } from './data.ts';
import { databaseTools } from './databases/index.ts';
import { untilReady } from './databases/inside.ts';
import { insideOf, redactFor } from './dump.ts';
import { EngineError } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import { SnapshotError, type Snapshot } from './ports/snapshots.ts';

/** A server makes itself within seconds; a large one on a slow disk that reads all that it was given takes minutes. */
const readyWithinMs = 10 * 60_000;
/** What a tool refuses twice from the emptying on, it refuses for ever. */
const restoreTries = 2;

export const restoreDumpActivities = (ports: Ports) => ({
  /**
   * Into a database that was emptied its dump: the container of before starts on the emptied files, makes itself anew, takes
   * the dump in, and is compared with it. Called again, it begins with the emptying, until that is noted as restored.
   */
  async restoreDump(owner: Owner, path: string, dump: DumpPlan): Promise<void> {
    await beating(async (signal) => {
      const kept = await demand(ports, path, nameOf(owner, 'failed'), 'What the failed change left');
      // Writes since then are no failed change's: it is not emptied again.
      if (await isRestored(ports, kept)) return;
      const taken = await demand(ports, path, nameOf(owner, 'before'), 'The dump');
      await restoreNoted(ports, { path, ...dump }, taken, kept, signal);
    });
  },
});

/**
 * As a person asked for it: what the database holds now is set aside as it is, and it takes the dump in. Called again, it begins
 * with the emptying, until that is noted as restored.
 */
export const takeInDump = async (
  ports: Ports,
  database: RunningDatabase,
  dump: Snapshot,
  keptAs: SnapshotName,
  signal: AbortSignal,
): Promise<void> => {
  const { snapshots } = ports;
  const kept =
    (await snapshots.find(database.path, keptAs)) ?? (await snapshots.clear(database.path, keptAs));
  if (!(await isRestored(ports, kept))) await restoreNoted(ports, database, dump, kept, signal);
};

/** The same for an undo with data, into the container that is rolled out; what the database held was set aside as `undone`. */
export const takeInExchanged = async (
  ports: Ports,
  owner: Owner,
  { path, snapshot, dump }: DataExchange,
  container: RunningDatabase['container'],
  signal: AbortSignal,
): Promise<void> => {
  if (!dump || snapshot === undefined) return;
  const taken = await demand(ports, path, snapshot, 'The dump');
  await takeInDump(ports, { path, ...dump, container }, taken, nameOf(owner, 'undone'), signal);
};

/** @param kept what the database held before; that the dump is restored is noted with it, last. */
const restoreNoted = async (
  ports: Ports,
  database: RunningDatabase,
  dump: Snapshot,
  kept: Snapshot,
  signal: AbortSignal,
): Promise<void> => {
  await restoreInto(ports, { database, redact: await redactFor(ports, database) }, dump, signal);
  await ports.snapshots.mark(kept, { restoredAt: new Date().toISOString() });
};

const demand = async (
  { snapshots }: Ports,
  path: string,
  name: SnapshotName,
  what: string,
): Promise<Snapshot> => {
  const found = await snapshots.find(path, name);
  if (found) return found;
  throw permanent('SnapshotMissing', `${what} (${name} of ${path}) is gone. The database is not restored.`);
};

/** @property empty what makes the files of the database empty; absent: the data itself is emptied. */
type Restoring = {
  database: RunningDatabase;
  redact: (text: string) => string;
  empty?: () => Promise<void>;
};

export const restoreInto = async (
  ports: Ports,
  restoring: Restoring,
  { location }: Pick<Snapshot, 'location'>,
  signal: AbortSignal,
): Promise<void> => {
  const { database } = restoring;
  const manifest = await manifestOf(location);
  await demandWhole(location, manifest.parts);
  for (let attempt = 1; ; attempt += 1)
    try {
      await restoreOnce(ports, restoring, location, manifest, signal);
      return;
    } catch (error) {
      if (!(error instanceof SnapshotError) || error.code !== 'database') throw error;
      if (attempt < restoreTries) continue;
      // Half of a database, and nobody may write to it.
      await ports.engine.stopContainer(database.container.id, stopGraceMs);
      throw permanent(
        'RestoreFailed',
        `${error.message} The dump is kept (${location}); container "${database.container.name}" is stopped, its database not restored.`,
      );
    }
};

export const manifestOf = async (location: string): Promise<DumpManifest> =>
  JSON.parse(await readFile(join(location, manifestName), 'utf8')) as DumpManifest;

/** @returns of which kind of database a snapshot is a dump; `undefined` where it is none, or is not there. */
export const dumpedKind = async (
  { snapshots }: Pick<Ports, 'snapshots'>,
  path: string,
  name: SnapshotName,
): Promise<DatabaseKind | undefined> => {
  const snapshot = await snapshots.find(path, name);
  return snapshot?.driver === 'dump' ? (await manifestOf(snapshot.location)).kind : undefined;
};

const restoreOnce = async (
  ports: Ports,
  { database, redact, empty }: Restoring,
  location: string,
  manifest: DumpManifest,
  signal: AbortSignal,
): Promise<void> => {
  const { path, container, kind } = database;
  const tool = databaseTools[kind];
  const inside = insideOf(ports, database, redact, signal);
  const isReady = async (): Promise<boolean | string> =>
    (await endOf(ports, container)) ??
    (await whileItRuns(ports, container, () => tool.isReady(inside, manifest.server)));
  const start = async (): Promise<void> => {
    await ports.engine.startContainer(container.id);
    await untilReady(inside, isReady, readyWithinMs);
  };
  const stop = async (): Promise<void> => {
    await ports.engine.stopContainer(container.id, stopGraceMs);
  };
  await stop();
  await (empty ? empty() : ports.snapshots.empty(path));
  await start();
  const pathOf = ({ file }: DumpPart): string => join(location, file);
  await tool.restore(inside, { manifest, pathOf }, async () => {
    await stop();
    await start();
  });
  const differences = await tool.differences(inside, manifest);
  if (differences.length > 0)
    throw new SnapshotError(
      'database',
      `What was restored into container "${container.name}" is not what was dumped: ${differences.join('; ')}.`,
    );
};

/** As many restarts tell that it does not come up: see `activities/health.ts`. */
const crashLoop = 3;

/** @returns why it never will be ready, in words. An engine that restarts a container shows it as exited for a moment. */
const endOf = async (
  { engine }: Ports,
  { id, name }: RunningDatabase['container'],
): Promise<string | undefined> => {
  const state = await engine.inspectContainer(id);
  if (!state) return `Container "${name}" is gone: something outside removed it.`;
  const stays = ['no', ''].includes(state.restartPolicy) && ['exited', 'dead'].includes(state.status);
  return stays || state.restartCount >= crashLoop
    ? `Container "${name}" does not come up on empty files: it ended with exit code ${state.exitCode ?? '?'}.`
    : undefined;
};

/** Nothing can be asked in a container that has just ended; where it runs, it is the engine that fails. */
const whileItRuns = async (
  { engine }: Ports,
  { id }: RunningDatabase['container'],
  ask: () => Promise<boolean>,
): Promise<boolean> => {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof EngineError) || (await engine.inspectContainer(id))?.status === 'running')
      throw error;
    return false;
  }
};

/** What has changed on the disk since it was written is no dump any more. */
const demandWhole = async (location: string, parts: readonly DumpPart[]): Promise<void> => {
  for (const { file, sha256 } of parts) {
    const hash = createHash('sha256');
    await pipeline(createReadStream(join(location, file)), hash);
    if (hash.digest('hex') !== sha256)
      throw permanent(
        'DumpDamaged',
        `${join(location, file)} is not what was written: nothing is restored from it.`,
      );
  }
};
