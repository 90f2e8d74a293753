/** Who takes a dump in that an undo brings back. */
import { clientsOf, specsOf, type DumpPlan } from './data.ts';
import { kindOf, recognise, type DatabaseKind } from './database.ts';
import { carriedVolumes, wishOf, writableMounts, type Handover } from './mounted-data.ts';
import type { Wanted } from './plan.ts';
import type { World } from './world.ts';

/** The service whose container takes a dump in: which container that will be, is not known yet. */
export type DumpTaker = Omit<DumpPlan, 'container'>;

/**
 * Who takes in a dump of a path: a service of the wanted release that has the path mounted, and is a database of that kind.
 * @param services with the containers whose anonymous volumes they take over.
 */
export const takerOf = (
  wanted: Wanted,
  services: readonly Handover[],
  world: World,
  { path, kind }: { path: string; kind: DatabaseKind },
): DumpTaker | undefined => {
  const { spec } = wanted;
  const there = [...writableMounts(spec, world), ...carriedVolumes(spec, services, world)].filter(
    (mounted) => mounted.path === path,
  );
  const known = there.filter(({ service }) => recognise(service.image) === kind);
  const declared = there.filter(
    (mounted) => kindOf(wishOf(mounted, world.classes), mounted.service.image) === kind,
  );
  const service = [...known, ...declared][0]?.service.name;
  return service && { kind, service, clients: clientsOf(service, specsOf(wanted)) };
};
