/** What of a btrfs filesystem is wrong: rot, a scrub that is due, metadata that has no room left. */
import { oldScrubMs, type Allocation, type FilesystemHealth } from './filesystem-health.ts';
import type { Finding } from './incident.ts';
import { formatBytes } from './size.ts';

/** A chunk for metadata is a gibibyte at most: with less than that left, and the ones there are full, writing ends in an error. */
const leastUnallocatedBytes = 2 ** 30;
const fullMetadataRatio = 0.9;

/** Nothing of one that could not be asked. @param now ms since the epoch. */
export const filesystemFindings = (health: FilesystemHealth, now: number): Finding[] =>
  health.unknown === undefined
    ? [
        errorsFinding(health),
        scrubFinding(health, now),
        ...(health.allocation ? [metadataFinding(health.filesystem, health.allocation)] : []),
      ]
    : [];

const errorsFinding = ({ filesystem: where, devices, scrub }: FilesystemHealth): Finding => {
  const found = [
    ...devices,
    ...(scrub.state !== 'never' && scrub.errors !== undefined ? [`its scrub found ${scrub.errors}`] : []),
  ];
  return {
    what: 'filesystem-errors',
    where,
    state: found.length > 0 ? 'critical' : 'fine',
    evidence: found.join(', ') || 'no errors of its devices',
  };
};

const scrubFinding = ({ filesystem: where, scrub }: FilesystemHealth, now: number): Finding => {
  const about = { what: 'scrub-old', where };
  if (scrub.state === 'never')
    return { ...about, state: 'info', evidence: 'never scrubbed: what has rotted is not known' };
  const isDue =
    scrub.state !== 'running' && (scrub.state !== 'finished' || now - Date.parse(scrub.at) > oldScrubMs);
  return {
    ...about,
    state: isDue ? 'warning' : 'fine',
    evidence: `scrub ${scrub.state} on ${scrub.at.slice(0, 'YYYY-MM-DD'.length)}`,
  };
};

const metadataFinding = (
  where: string,
  { unallocatedBytes, metadataBytes, metadataUsedBytes }: Allocation,
): Finding => {
  const ratio = metadataBytes > 0 ? metadataUsedBytes / metadataBytes : 0;
  const isFull = unallocatedBytes < leastUnallocatedBytes && ratio >= fullMetadataRatio;
  return {
    what: 'filesystem-metadata-full',
    where,
    state: isFull ? 'critical' : 'fine',
    evidence: `${Math.round(100 * ratio)} % of its metadata in use, ${formatBytes(unallocatedBytes)} not allocated`,
  };
};
