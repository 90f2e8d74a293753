/** Volumes that no container uses. Each is told of; none goes that nobody named, or that a stack which is not removed keeps data in. */

export type VolumeDecision = { name: string; bytes?: number; reasons: string[] };

/** A stack's volume, by the engine's name. */
export type VolumeOwner = { name: string; stack: string; removed: boolean };

/** @param dangling as the engine lists them. @param asked names that somebody typed. */
export const decideVolumes = (
  dangling: readonly { name: string; bytes?: number }[],
  owners: readonly VolumeOwner[],
  asked: readonly string[],
): VolumeDecision[] =>
  [...dangling]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((volume) => ({
      ...volume,
      reasons: [
        ...(asked.includes(volume.name) ? [] : ['it is data: removed only where it is named with --volumes']),
        ...owners.flatMap(({ name, stack, removed }) =>
          name === volume.name && !removed ? [`stack ${stack}, which was not removed, keeps data in it`] : [],
        ),
      ],
    }));
