/** How full the filesystems are that hold data, images, and Baton's own state. */
import { usedPercent, type DiskUsage } from '../../domain/cleanup-target.ts';
import { isHostPath } from '../../domain/data.ts';
import type { Finding } from '../../domain/incident.ts';
import type { Seen } from '../../domain/look.ts';
import { formatBytes } from '../../domain/size.ts';
import type { RecordedStack, Source } from './source.ts';

/** From here on a filesystem that is written to may be full before anybody looks; btrfs needs more room than others to free any. */
const fullPercent = 95;
const fillingPercent = 85;

/** What stacks mount, read-only or not: who fills it need not be one of them. */
const mountedBy = ({ release }: RecordedStack): string[] =>
  release.spec.services.flatMap(({ mounts }) =>
    mounts.flatMap((mount) => (mount.type === 'bind' && !isHostPath(mount.source) ? [mount.source] : [])),
  );

const see: Source['see'] = async ({ ports, recorded }): Promise<Seen> => {
  const paths = [
    '/',
    ports.engineInfo.rootDirectory,
    ...ports.disk.places.own,
    ...(await ports.memory.notedPaths()),
    ...(await recorded()).flatMap(mountedBy),
  ];
  const usages = await Promise.all(
    [...new Set(paths)].map(async (path) => await ports.disk.usage(path, false)),
  );
  const disks = [...new Map(usages.flatMap((one) => (one ? [[one.filesystem, one]] : []))).values()];
  return {
    samples: disks.flatMap((disk) => [
      { measure: 'disk.used', place: disk.filesystem, value: disk.usedBytes },
      { measure: 'disk.free', place: disk.filesystem, value: disk.freeBytes },
    ]),
    findings: disks.map(findingOf),
    needs: {},
    whole: ['disk-full'],
  };
};

/** A disk that spins up takes seconds; what is written in a quarter of an hour fills none that was not full. */
export const disks: Source = { see, withinMs: 20_000, freshForMs: 15 * 60_000 };

const findingOf = (disk: DiskUsage): Finding => {
  const percent = usedPercent(disk);
  return {
    what: 'disk-full',
    where: disk.filesystem,
    state: percent >= fullPercent ? 'critical' : percent >= fillingPercent ? 'warning' : 'fine',
    evidence: `${Math.round(percent)} % in use, ${formatBytes(disk.freeBytes)} left`,
  };
};
