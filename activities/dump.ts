/** Dumps: through a database's own tool, while it runs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunningDatabase } from '../domain/database.ts';
import { manifestName, type DumpManifest } from '../domain/dump.ts';
import { label, stackOf } from '../domain/labels.ts';
import { parseStackName, type ReleaseId } from '../domain/names.ts';
import type { SnapshotName } from '../domain/snapshot.ts';
import { databaseTools } from './databases/index.ts';
import { endLeftovers, type Inside } from './databases/inside.ts';
import { EngineError } from './ports/engine.ts';
import type { Ports } from './ports/index.ts';
import type { Snapshot } from './ports/snapshots.ts';
import { secretsOf } from './release.ts';

/** A question before the plan: a server that is busy answers within this; one that is not there never does. */
const askWithinMs = 30_000;

/** Looks only. @param redact takes secrets out of what tools say */
export const askDatabase = async (
  ports: Ports,
  database: Pick<RunningDatabase, 'container' | 'kind'>,
  redact: (text: string) => string,
): Promise<AskedDatabase> => {
  const signal = AbortSignal.timeout(askWithinMs);
  const tool = databaseTools[database.kind];
  try {
    const sizeBytes = await tool.size(insideOf(ports, database, redact, signal));
    if (!Number.isFinite(sizeBytes)) return { answers: false, why: 'Its size could not be found out.' };
    return { answers: true, sizeBytes };
  } catch (error) {
    if (signal.aborted) return { answers: false, why: `It did not answer within ${askWithinMs / 1000} s.` };
    // The engine's own failures are not the database's.
    if (error instanceof EngineError && ['unreachable', 'timeout'].includes(error.code)) throw error;
    return { answers: false, why: (error as Error).message };
  }
};

export type AskedDatabase = { answers: true; sizeBytes: number } | { answers: false; why: string };

/** A dump beside the data, checked before it has its name. */
export const takeDump = async (
  ports: Ports,
  database: RunningDatabase,
  name: SnapshotName,
  signal: AbortSignal,
): Promise<Snapshot> => {
  const inside = insideOf(ports, database, await redactFor(ports, database), signal);
  const tool = databaseTools[database.kind];
  return await ports.snapshots.write(database.path, name, async (directory) => {
    await endLeftovers(inside);
    try {
      const dumped = await tool.dump(inside, directory);
      const manifest: DumpManifest = { format: 1, kind: database.kind, ...dumped };
      await writeFile(join(directory, manifestName), JSON.stringify(manifest, undefined, 2), { mode: 0o600 });
    } catch (error) {
      // A tool whose output nobody takes any more would wait for ever. Why it failed is the news.
      await endLeftovers(inside).catch(() => undefined);
      throw error;
    }
  });
};

export const insideOf = (
  { engine }: Ports,
  { container, kind }: Pick<RunningDatabase, 'container' | 'kind'>,
  redact: (text: string) => string,
  signal: AbortSignal,
): Inside => ({ engine, container, prelude: databaseTools[kind].prelude, redact, signal });

/** By the secrets of the release that the container belongs to; one that is none of Baton's has none that Baton knows. */
export const redactFor = async (
  ports: Ports,
  { container }: Pick<RunningDatabase, 'container'>,
): Promise<(text: string) => string> => {
  const labels = (await ports.engine.inspectContainer(container.id))?.labels ?? {};
  const stack = parseStackName(stackOf(labels) ?? '');
  const id = labels[label.release] as ReleaseId | undefined;
  const release = stack && id && (await ports.memory.getRelease(stack, id));
  return release ? (await secretsOf(ports, release)).redact : (text) => text;
};
