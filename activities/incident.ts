/** Incidents as they are on record, and the dependencies that tell causes from effects. */
import { dependencyMap, graphOf, type DependencyMap } from '../domain/dependency-map.ts';
import { causesAmong, isOpen, type Cause, type Incident } from '../domain/incident.ts';
import type { Release } from '../domain/release.ts';
import { beating } from './activity.ts';
import type { Ports } from './ports/index.ts';
import { runningRelease } from './release.ts';

/** `at`: when they were read, ms since the epoch. */
export type IncidentsKept = { at: number; causes: Cause[]; closed: Incident[] };

export const incidentActivities = (ports: Ports) => ({
  /** Causes first, the worst of them first; and those that are over, the newest first. */
  async readIncidents(): Promise<IncidentsKept> {
    return await beating(async () => {
      const entries = await (await ports.records()).newestOfEach('incident');
      const incidents = entries.map(({ body }) => body as Incident);
      const closed = incidents.filter((one) => !isOpen(one));
      return {
        at: Date.now(),
        causes: causesAmong(incidents, graphOf(dependencyMap(await lastReleases(ports)))),
        closed: closed.sort((a, b) => (b.closedAt ?? 0) - (a.closedAt ?? 0)),
      };
    });
  },

  /** Each time that there was one of this identity, oldest first; what came back within a day is the same time. */
  async readIncident(id: string): Promise<Incident[]> {
    return await beating(async () => {
      const entries = await (await ports.records()).entries({ kind: 'incident', about: id });
      return entries.map(({ body }) => body as Incident);
    });
  },

  async readDependencies(): Promise<DependencyMap> {
    return await beating(async () => dependencyMap(await lastReleases(ports)));
  },
});

export const lastReleases = async ({ memory }: Ports): Promise<Release[]> => {
  const found = await Promise.all(
    (await memory.stacks()).map(async (stack) => await runningRelease({ memory }, stack)),
  );
  return found.flatMap((release) => release ?? []);
};
