/** Snapshots that no retention rule keeps: as `baton snapshots prune` removes them. */
import { dirname } from 'node:path';
import { parseSnapshotName, type SnapshotName } from '../../domain/snapshot.ts';
import { plannedRotation, removeUnlessHeld } from '../rotation.ts';
import type { Part } from './part.ts';

export const snapshotsPart: Part = {
  async plan(ports) {
    const { remove, paths, problems } = await plannedRotation(ports, undefined);
    return {
      remove: remove.map(({ path, name, driver }) => ({
        id: name,
        title: `${name} of ${path}`,
        // The data itself may be gone; its directory is where the snapshots lie.
        place: dirname(path),
        snapshot: { path, driver },
      })),
      kept: paths.flatMap(({ decisions }) =>
        decisions.flatMap(({ name, reasons }) => (reasons.length === 0 ? [] : [{ title: name, reasons }])),
      ),
      notes: paths.some(({ keep }) => keep) || paths.length === 0 ? [] : ['no rule in baton.yml (snapshots)'],
      problems,
    };
  },

  async remove(ports, { id, snapshot }) {
    const name: SnapshotName | undefined = parseSnapshotName(id)?.name;
    if (!name || !snapshot) return { did: 'gone' };
    const removal = await removeUnlessHeld(ports, { name, ...snapshot });
    if (removal.did === 'kept') return removal;
    return removal.did === 'gone' ? { did: 'gone' } : { did: 'removed', notes: [] };
  },
};
