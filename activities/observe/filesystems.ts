/** What btrfs says of the filesystems that hold data, snapshots or copies. */
import { filesystemFindings } from '../../domain/filesystem-findings.ts';
import type { NotHere, Seen } from '../../domain/look.ts';
import { filesystemsOf } from '../copy-standing.ts';
import type { Source } from './source.ts';

const see: Source['see'] = async ({ ports, at }): Promise<Seen | NotHere> => {
  const all = await filesystemsOf(ports);
  if (all.length === 0) return { notHere: 'no data with snapshots or copies is on btrfs' };
  const unknown = all.flatMap((one) =>
    one.unknown === undefined ? [] : [`${one.filesystem}: ${one.unknown}`],
  );
  return {
    samples: all.flatMap(({ filesystem, allocation }) =>
      allocation
        ? [{ measure: 'disk.unallocated', place: filesystem, value: allocation.unallocatedBytes }]
        : [],
    ),
    findings: all.flatMap((one) => filesystemFindings(one, at)),
    needs: {},
    whole: ['filesystem-errors', 'scrub-old', 'filesystem-metadata-full'],
    ...(unknown.length > 0 ? { unknown } : {}),
  };
};

/** Three commands a filesystem; errors are counted for ever, and scrubs are a matter of weeks. */
export const filesystems: Source = { see, withinMs: 20_000, freshForMs: 3_600_000 };
