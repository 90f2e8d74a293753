/** Maintenance of databases, through their own tools, in their own containers. */
import { databaseOf } from '../domain/database.ts';
import type { Maintenance, MaintenanceWish } from '../domain/maintenance.ts';
import type { StackName } from '../domain/names.ts';
import type { Problem } from '../domain/problem.ts';
import type { Owner } from '../domain/subject.ts';
import type { Target } from '../domain/target.ts';
import { beating } from './activity.ts';
import { databaseTools } from './databases/index.ts';
import type { Inside } from './databases/inside.ts';
import type { DatabaseTool } from './databases/tool.ts';
import { insideOf, redactFor } from './dump.ts';
import type { Ports } from './ports/index.ts';
import { runningRelease } from './release.ts';
import { SnapshotError } from './ports/snapshots.ts';

/** A server that is busy answers within this; what it was doing for a worker that died has ended by then. */
const endWithinMs = 30_000;

export const maintenanceActivities = (ports: Ports) => ({
  /** Begun anew by a worker that comes after a crash: what the one before left running in the server is ended first. */
  async maintainDatabase(_owner: Owner, { indexes, ...database }: Maintenance): Promise<void> {
    await beating(async (signal) => {
      const { maintenance } = databaseTools[database.kind];
      if (!maintenance) return;
      const redact = await redactFor(ports, database);
      const inside = insideOf(ports, database, redact, signal);
      const end = async (): Promise<void> => {
        await maintenance.end({ ...inside, signal: AbortSignal.timeout(endWithinMs) });
      };
      await end();
      try {
        await maintenance.run(inside, indexes);
      } catch (error) {
        // Why it failed is the news; and a lock that a cancelled one would go on holding is nobody's wish.
        await end().catch(() => undefined);
        throw error;
      }
    });
  },
});

/** Looks only. */
export const planMaintenance = async (
  ports: Ports,
  stack: StackName,
  { service, indexes }: MaintenanceWish,
): Promise<{ maintenance?: Maintenance; problems: Problem[] }> => {
  const release = await runningRelease(ports, stack);
  const database = release && databaseOf(release.spec, service, await ports.engine.listContainers());
  if (!database)
    return refuse(
      'no-database',
      `No database that Baton knows runs as service "${service}" of "${stack}".`,
      `Say which it is, x-baton.data: { PATH: { dump: postgres } }, or start it.`,
    );
  return databaseTools[database.kind].maintenance
    ? { maintenance: { ...database, indexes }, problems: [] }
    : refuse('no-maintenance', `There is no maintenance of ${database.kind}.`, 'baton playbooks');
};

const refuse = (code: string, message: string, next: string): { problems: Problem[] } => ({
  problems: [{ severity: 'error', code, message: `${message} Nothing was changed.`, next }],
});

/** A server that does not answer within this is not to be waited for. */
const askWithinMs = 60_000;

/** A figure of the database that a service runs. @returns `undefined` where there is none, or where it cannot be had. */
export const ofDatabase = async (
  ports: Ports,
  target: Target,
  take: (asked: { tool: DatabaseTool; inside: Inside }) => Promise<number | undefined>,
): Promise<number | undefined> => {
  if (target.kind !== 'service') return undefined;
  const release = await runningRelease(ports, target.stack);
  const database = release && databaseOf(release.spec, target.service, await ports.engine.listContainers());
  if (!database) return undefined;
  const redact = await redactFor(ports, database);
  const inside = insideOf(ports, database, redact, AbortSignal.timeout(askWithinMs));
  try {
    const value = await take({ tool: databaseTools[database.kind], inside });
    return Number.isFinite(value) ? value : undefined;
  } catch (error) {
    // One that does not answer has no figures; what the engine itself cannot do is another matter.
    if (error instanceof SnapshotError || inside.signal?.aborted) return undefined;
    throw error;
  }
};
